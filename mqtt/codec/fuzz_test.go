package codec

import (
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzzPacket feeds bodies to the decoder of one type: no panic, no memory beyond a multiple of the input, errors that say
// what to tell the peer, and what was read is written so that it reads the same. how chooses version, sender and flags.
func fuzzPacket(f *testing.F, ty Type) {
	for _, v := range goodVectors() {
		if v.want.Type() == ty {
			frame, _, _ := Next(unhex(v.bytes), v.d, 0)
			f.Add(howOf(v.d, frame.Flags), frame.Body)
		}
	}
	for home, h := range homes {
		if h.t == ty {
			f.Add(howOf(client5, 0), withProperties(home, "26 00 01 6B 00 01 76").Body)
			f.Add(howOf(server5, 0), withProperties(home, "1F 00 01 61 7F").Body)
		}
	}
	f.Add(howOf(server5, 2), []byte{})
	f.Fuzz(func(t *testing.T, how byte, body []byte) {
		d := Dialect{V31 + Version(how&3)%3, Side(how >> 2 & 1)}
		checkNext(t, body, d)
		flags := fixedFlags(ty)
		if ty == TypePublish {
			flags = how >> 4
		}
		frame := Frame{ty, flags, body}
		if !lawful(byte(ty)<<4|flags, d) {
			_, _ = Decode(frame, d)
			return
		}
		checkDecode(t, frame, d)
	})
}

func howOf(d Dialect, flags byte) byte { return byte(d.Version-V31) | byte(d.From)<<2 | flags<<4 }

// checkNext holds what Next promises of any bytes.
func checkNext(t *testing.T, b []byte, d Dialect) {
	const limit = 100
	f, size, err := Next(b, d, limit)
	if err != nil {
		requireSensible(t, err)
		require.Zero(t, size)
		return
	}
	require.LessOrEqual(t, size, limit)
	if size == 0 || size > len(b) {
		require.Nil(t, f.Body)
		return
	}
	require.GreaterOrEqual(t, size, 2+len(f.Body))
	_, _ = Decode(f, d)
}

func checkDecode(t *testing.T, f Frame, d Dialect) {
	p, err := decodeMeasured(t, f, d)
	if err != nil {
		requireSensible(t, err)
		return
	}
	requireRoundTrip(t, p, d)
}

// decodeMeasured decodes within memoryBound. Others may allocate at the same time, so only what happens thrice counts.
func decodeMeasured(t *testing.T, f Frame, d Dialect) (p Packet, err error) {
	var took uint64
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, err = Decode(f, d)
		runtime.ReadMemStats(&after)
		if took = after.TotalAlloc - before.TotalAlloc; took <= uint64(memoryBound(len(f.Body))) {
			return p, err
		}
	}
	t.Fatalf("decoding %d bytes took %d", len(f.Body), took)
	return nil, nil
}

func requireSensible(t *testing.T, err error) {
	bad, ok := errors.AsType[*MalformedError](err)
	require.True(t, ok)
	require.True(t, bad.Code.Failed())
	require.NotEmpty(t, bad.Reason)
	require.NotEmpty(t, bad.Section)
}

func FuzzConnect(f *testing.F)     { fuzzPacket(f, TypeConnect) }
func FuzzConnAck(f *testing.F)     { fuzzPacket(f, TypeConnAck) }
func FuzzPublish(f *testing.F)     { fuzzPacket(f, TypePublish) }
func FuzzPubAck(f *testing.F)      { fuzzPacket(f, TypePubAck) }
func FuzzPubRec(f *testing.F)      { fuzzPacket(f, TypePubRec) }
func FuzzPubRel(f *testing.F)      { fuzzPacket(f, TypePubRel) }
func FuzzPubComp(f *testing.F)     { fuzzPacket(f, TypePubComp) }
func FuzzSubscribe(f *testing.F)   { fuzzPacket(f, TypeSubscribe) }
func FuzzSubAck(f *testing.F)      { fuzzPacket(f, TypeSubAck) }
func FuzzUnsubscribe(f *testing.F) { fuzzPacket(f, TypeUnsubscribe) }
func FuzzUnsubAck(f *testing.F)    { fuzzPacket(f, TypeUnsubAck) }
func FuzzPingReq(f *testing.F)     { fuzzPacket(f, TypePingReq) }
func FuzzPingResp(f *testing.F)    { fuzzPacket(f, TypePingResp) }
func FuzzDisconnect(f *testing.F)  { fuzzPacket(f, TypeDisconnect) }
func FuzzAuth(f *testing.F)        { fuzzPacket(f, TypeAuth) }
