package codec

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

const allocOps = 10_000

// requireNoAllocs runs op 10,000 times and wants no allocation at all. testing.AllocsPerRun rounds down; this doesn't. What
// the runtime allocates beside us may count once or twice: a real one shows 10,000 times.
func requireNoAllocs(t *testing.T, name string, op func()) {
	t.Helper()
	op()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range allocOps {
		op()
	}
	runtime.ReadMemStats(&after)
	perOp := float64(after.Mallocs-before.Mallocs) / allocOps
	require.Less(t, perOp, 0.001, name)
}

func TestHotPathTakesNoMemory(t *testing.T) {
	var p Prepared
	full := &Publish{QoS: AtLeastOnce, Topic: "a/b/c", Payload: make([]byte, 1000), Properties: &PublishProperties{
		PayloadFormatIndicator: 1, ContentType: "t", ResponseTopic: "r", CorrelationData: []byte{1}, UserProperties: kv}}
	plain := &Publish{Topic: "a/b/c", Payload: make([]byte, 64)}
	s := &Sending{Version: V5, PacketID: 1, Expires: true, Expiry: 5, TopicAlias: 3, OmitTopic: true}
	dst := make([]byte, 0, 2048)
	requireNoAllocs(t, "Prepared.Set, properties", func() { _ = p.Set(full) })
	requireNoAllocs(t, "Prepared.Append, properties", func() { dst = p.Append(dst[:0], s) })
	requireNoAllocs(t, "Prepared.Size", func() { _ = p.Size(s) })
	requireNoAllocs(t, "Prepared.Set, plain, after Reset", func() { p.Reset(); _ = p.Set(plain) })
	requireNoAllocs(t, "Prepared.Append, plain", func() { dst = p.Append(dst[:0], s) })
	requireNoAllocs(t, "AppendAck", func() { dst = AppendAck(dst[:0], V5, TypePubAck, 1, NotAuthorized) })
	requireNoAllocs(t, "Match", func() { _ = Match("$share/g/a/+/#", "a/b/c") })
	requireNoAllocs(t, "CheckTopicName", func() { _ = CheckTopicName("a/b/é") })
}

func TestDecodingTakesNoMemory(t *testing.T) {
	for _, name := range []string{
		"311-PUBLISH-q0", "311-PUBLISH-q1", "311-PUBLISH-q2", "5-PUBLISH-q0", "5-PUBLISH-q1", "5-PUBLISH-q2-dup",
	} {
		v := vectorNamed(name)
		b := unhex(v.bytes)
		p := Publish{Topic: "a/b"}
		requireNoAllocs(t, name, func() {
			f, _, _ := Next(b, v.d, 1000)
			if p.Decode(f, v.d) != nil {
				t.FailNow()
			}
		})
	}
	for _, name := range []string{
		"311-PUBACK", "311-PUBREC", "311-PUBREL", "311-PUBCOMP", "5-PUBACK-short", "5-PUBACK-reason", "5-PUBREC-refused",
		"5-PUBREL-unknown", "5-PUBCOMP-unknown", "5-PINGRESP", "5-DISCONNECT-will", "311-CONNACK-resumed",
	} {
		v := vectorNamed(name)
		b := unhex(v.bytes)
		p := packetOf(v.want.Type())
		requireNoAllocs(t, name, func() {
			f, _, _ := Next(b, v.d, 1000)
			if p.Decode(f, v.d) != nil {
				t.FailNow()
			}
		})
	}
}

// Append takes nothing but room in dst, whatever the packet.
func TestAppendTakesNoMemory(t *testing.T) {
	dst := make([]byte, 0, 4096)
	for _, v := range goodVectors() {
		requireNoAllocs(t, v.name, func() { dst, _ = v.want.Append(dst[:0], v.d.Version) })
	}
	p := &Publish{Topic: "a", Payload: make([]byte, 200), Properties: &PublishProperties{CorrelationData: make([]byte, 200)}}
	requireNoAllocs(t, "long lengths", func() { dst, _ = p.Append(dst[:0], V5) })
}

func vectorNamed(name string) vector {
	for _, v := range goodVectors() {
		if v.name == name {
			return v
		}
	}
	panic("there is no vector " + name)
}

// Decoding hostile lists takes a small multiple of their size (the rule of every list: count first, then take).
func TestListsTakeBoundedMemory(t *testing.T) {
	const n = 1 << 20
	repeat := func(before, unit string) []byte {
		b := unhex(before)
		for u := unhex(unit); len(b) < n; {
			b = append(b, u...)
		}
		return b
	}
	block := func(unit string) []byte { // a PUBLISH's body whose properties are units
		b := repeat("", unit)
		return append(appendVBI(unhex("00 01 61"), uint32(len(b))), b...)
	}
	for _, c := range []struct {
		name string
		f    Frame
		d    Dialect
	}{
		{"user properties", Frame{TypePublish, 0, block("26 00 00 00 00")}, server5},
		{"user properties with text", Frame{TypePublish, 0, block("26 00 01 61 00 01 62")}, server5},
		{"user properties, the last one bad", Frame{TypePublish, 0, append(block("26 00 00 00 00")[:n], 0x7F)}, server5},
		{"subscription identifiers", Frame{TypePublish, 0, block("0B 01")}, server5},
		{"subscriptions", Frame{TypeSubscribe, 2, repeat("00 01", "00 01 61 00")}, client311},
		{"subscriptions of two bytes", Frame{TypeSubscribe, 2, repeat("00 01", "00 02 61 61 00")}, client311},
		{"empty subscriptions", Frame{TypeSubscribe, 2, repeat("00 01", "00 00 00")}, client311},
		{"filters", Frame{TypeUnsubscribe, 2, repeat("00 01", "00 02 61 61")}, client311},
		{"empty filters", Frame{TypeUnsubscribe, 2, repeat("00 01", "00 00")}, client311},
		{"codes", Frame{TypeSubAck, 0, repeat("00 01", "00")}, server311},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = Decode(c.f, c.d)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(memoryBound(len(c.f.Body))), c.name)
	}
}

// memoryBound is what decoding n bytes may take: 16 times as much, and something for the packet itself.
func memoryBound(n int) int { return 16*n + 4096 }
