package codec

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// refusal is a packet that breaks a rule, named for it.
type refusal struct {
	name  string
	d     Dialect
	bytes string
	code  ReasonCode // 0 where the table asks for the end of the connection only
}

// requireRefused wants the packet refused with the code, by a *MalformedError that names a section and says why.
func requireRefused(t *testing.T, r refusal) {
	t.Helper()
	f, size, err := Next(unhex(r.bytes), r.d, 0)
	if err == nil {
		require.NotZero(t, size)
		require.LessOrEqual(t, size, len(unhex(r.bytes)))
		_, err = Decode(f, r.d)
	}
	require.Error(t, err)
	bad, ok := errors.AsType[*MalformedError](err)
	require.True(t, ok)
	require.NotEmpty(t, bad.Section)
	require.NotEmpty(t, bad.Reason)
	require.False(t, strings.HasPrefix(bad.Reason, " "), bad.Reason)
	require.True(t, bad.Code.Failed())
	require.ErrorIs(t, err, bad.Code)
	if r.code != 0 {
		require.Equal(t, r.code, bad.Code, err.Error())
	}
}

// refused3 is what a client of 3.1.1 must not accept.
var refused3 = []refusal{
	{"CONNACK flag bits not 0", server311, "21 02 00 00", 0},
	{"CONNACK length 3", server311, "20 03 00 00 00", 0},
	{"CONNACK reserved bit", server311, "20 02 02 00", 0},
	{"five-byte Remaining Length", server311, "30 80 80 80 80 01", 0},
	{"PUBLISH QoS 3", server311, "36 05 00 01 61 00 01", 0},
	{"PUBLISH id 0", server311, "32 05 00 01 61 00 00", 0},
	{"NUL in topic", server311, "30 05 00 03 61 00 62", 0},
	{"surrogate in topic", server311, "30 05 00 03 ED A0 80", 0},
	{"topic runs past the end", server311, "30 02 00 05", 0},
	{"empty topic", server311, "30 02 00 00", 0},
	{"wildcard in topic", server311, "30 04 00 02 61 23", 0},
	{"PUBREL flags 0", server311, "60 02 00 01", 0},
	{"PUBACK length 3", server311, "40 03 00 01 00", 0},
	{"SUBACK code 3", server311, "90 03 00 01 03", 0},
	{"PINGREQ to a client", server311, "C0 00", 0},
	{"DISCONNECT to a 3.1.1 client", server311, "E0 00", ProtocolError},
	{"type 15", server311, "F0 00", 0},
	{"type 0", server311, "00 00", 0},
}

// refused5 is what a client of 5.0 must not accept, with the reason to send. One row of that table isn't here: an unknown
// alias is a matter of the connection (TestUnknownAliasIsTheCallers).
var refused5 = []refusal{
	{"CONNACK reserved bit", server5, "20 03 02 00 00", MalformedPacket},
	{"Receive Maximum 0", server5, "20 06 00 00 03 21 00 00", ProtocolError},
	{"Receive Maximum twice", server5, "20 09 00 00 06 21 00 0A 21 00 0A", ProtocolError},
	{"Maximum QoS 2", server5, "20 05 00 00 02 24 02", ProtocolError},
	{"Maximum Packet Size 0", server5, "20 08 00 00 05 27 00 00 00 00", ProtocolError},
	{"Retain Available 2", server5, "20 05 00 00 02 25 02", ProtocolError},
	{"unknown property", server5, "20 05 00 00 02 7F 00", MalformedPacket},
	{"property block longer than packet", server5, "20 04 00 00 02 25", MalformedPacket},
	{"property block ends inside a property", server5, "20 05 00 00 01 25 01", MalformedPacket},
	{"empty topic, no alias", server5, "30 03 00 00 00", ProtocolError},
	{"alias 0", server5, "30 06 00 00 03 23 00 00", TopicAliasInvalid},
	{"Subscription Identifier 0", server5, "30 06 00 01 61 02 0B 00", ProtocolError},
	{"Session Expiry in PUBLISH", server5, "30 09 00 01 61 05 11 00 00 00 01", MalformedPacket},
	{"wildcard in topic", server5, "30 05 00 02 61 23 00", ProtocolError},
	{"overlong property length", server5, "30 05 00 01 61 80 00", MalformedPacket},
	{"QoS 3", server5, "36 06 00 01 61 00 01 00", MalformedPacket},
	{"PUBACK reason not in table", server5, "40 03 00 01 01", ProtocolError},
	{"PUBREL flags 0", server5, "60 02 00 01", MalformedPacket},
	{"SUBACK reason 3", server5, "90 04 00 01 00 03", ProtocolError},
	{"Session Expiry from the server", server5, "E0 07 00 05 11 00 00 00 0A", ProtocolError},
	{"DISCONNECT flags", server5, "E1 00", MalformedPacket},
	{"AUTH without method", server5, "F0 00", ProtocolError},
	{"AUTH flags", server5, "F1 06 18 04 15 00 01 58", MalformedPacket},
	{"type 0", server5, "00 00", MalformedPacket},
}

func TestBadVectors(t *testing.T) {
	require.Len(t, refused3, 18)
	require.Len(t, refused5, 24)
	for _, r := range refused3 {
		t.Run("3.1.1 "+r.name, func(t *testing.T) { requireRefused(t, r) })
	}
	for _, r := range refused5 {
		t.Run("5.0 "+r.name, func(t *testing.T) { requireRefused(t, r) })
	}
}

// The codec has no alias table, so a client's must refuse this (§3.3.2.3.4).
func TestUnknownAliasIsTheCallers(t *testing.T) {
	p, err := decodeBytes(unhex("30 06 00 00 03 23 00 01"), server5)
	require.NoError(t, err)
	require.Equal(t, &Publish{Payload: []byte{}, Properties: &PublishProperties{TopicAlias: 1}}, p)
}

// A second CONNACK is refused by whoever knows of the first: one by one they are good (§3.2.0-2).
func TestSecondConnAckIsTheCallers(t *testing.T) {
	for range 2 {
		_, err := decodeBytes(unhex("20 03 00 00 00"), server5)
		require.NoError(t, err)
	}
}

// A good packet whose body is cut short while its Remaining Length agrees is malformed, but where a shorter form exists.
func TestShortBodiesAreRefused(t *testing.T) {
	for _, v := range goodVectors() {
		b := unhex(v.bytes)
		f, _, err := Next(b, v.d, 0)
		require.NoError(t, err)
		for n := range f.Body {
			p, err := Decode(Frame{f.Type, f.Flags, f.Body[:n:n]}, v.d)
			if err != nil {
				_, ok := errors.AsType[*MalformedError](err)
				require.True(t, ok)
				continue
			}
			require.True(t, mayBeShort(v, n, len(f.Body)), "%s cut at %d of %d reads as %+v", v.name, n, len(f.Body), p)
		}
	}
}

func mayBeShort(v vector, n, full int) bool {
	switch p := v.want.(type) {
	case *Publish:
		return n >= full-len(p.Payload)
	case *PubAck, *PubRec, *PubRel, *PubComp:
		return v.d.Version == V5 && (n == 2 || n == 3)
	case *Disconnect:
		return n < 2
	case *ConnAck: // a refusal in the words of 3.x
		return v.d.Version == V5 && n == 2 && p.Code.Failed()
	case *SubAck:
		return n >= full-len(p.Codes)+1
	case *UnsubAck:
		return n >= full-len(p.Codes)+1
	case *Subscribe: // between two subscriptions
		return n == full-1-2-len(p.Subscriptions[1].Filter)
	case *Unsubscribe:
		return n == full-2-len(p.Filters[1])
	}
	return false
}

// Bytes behind a packet's last field are a fault in every packet whose last field has a length.
func TestTrailingBytesAreRefused(t *testing.T) {
	for _, v := range goodVectors() {
		f, _, err := Next(unhex(v.bytes), v.d, 0)
		require.NoError(t, err)
		for extra := 1; extra < 4; extra++ {
			body := append(append([]byte{}, f.Body...), make([]byte, extra)...)
			_, err = Decode(Frame{f.Type, f.Flags, body}, v.d)
			switch p := v.want.(type) {
			case *Publish:
				require.NoError(t, err, v.name)
			case *SubAck:
				require.NoError(t, err, v.name) // a code more
			case *UnsubAck, *PubAck, *PubRec, *PubRel, *PubComp, *Disconnect:
				if v.d.Version != V5 {
					require.Error(t, err, v.name)
				}
			default:
				require.Error(t, err, "%s %+v", v.name, p)
			}
		}
	}
}
