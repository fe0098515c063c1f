package codec

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRemainingLengthBoundaries(t *testing.T) { // §1.5.5, §2.1.4
	for _, c := range []struct {
		bytes string
		n     int
	}{
		{"00", 0}, {"7F", 127}, {"80 01", 128}, {"FF 7F", 16383}, {"80 80 01", 16384}, {"FF FF 7F", 2097151},
		{"80 80 80 01", 2097152}, {"FF FF FF 7F", 268435455},
	} {
		b := unhex(c.bytes)
		require.Equal(t, b, appendVBI(nil, uint32(c.n)))
		require.Equal(t, len(b), vbiSize(uint32(c.n)))
		f, size, err := Next(append([]byte{0x30}, b...), server5, 0)
		require.NoError(t, err)
		require.Equal(t, 1+len(b)+c.n, size)
		require.Equal(t, TypePublish, f.Type)
		for n := range b {
			_, size, err = Next(append([]byte{0x30}, b[:n]...), server5, 0)
			require.NoError(t, err)
			require.Zero(t, size)
		}
	}
}

func TestRemainingLengthWronglyEncoded(t *testing.T) { // §1.5.5
	for _, c := range []struct {
		name, bytes string
		v5, v3      bool // refused
	}{
		{"a fifth byte is announced, and never waited for", "30 80 80 80 80", true, true},
		{"a fifth byte is there", "30 FF FF FF FF 01", true, true},
		{"zero in two bytes", "D0 80 00", true, false},
		{"one in four bytes", "30 81 80 80 00 00", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for d, refused := range map[Dialect]bool{server5: c.v5, server311: c.v3, server31: c.v3} {
				_, size, err := Next(unhex(c.bytes), d, 0)
				if !refused {
					require.NoError(t, err)
					require.NotZero(t, size)
					continue
				}
				require.ErrorIs(t, err, MalformedPacket)
				require.Zero(t, size)
			}
		})
	}
}

// The limit counts the whole packet, and is held against the header alone (§3.1.2.11.4).
func TestLimit(t *testing.T) {
	for _, c := range []struct {
		bytes   string
		limit   uint32
		refused bool
		section string
		from    Side
	}{
		{"30 3E", 64, false, "", FromServer},
		{"30 3F", 64, true, "3.1.2.11.4", FromServer},
		{"30 3F", 64, true, "3.2.2.3.6", FromClient},
		{"30 FF FF FF 7F", 0, false, "", FromServer},
		{"30 FF FF FF 7F", 268435460, false, "", FromServer},
		{"30 FF FF FF 7F", 268435459, true, "3.1.2.11.4", FromServer},
		{"D0 00", 1, true, "3.1.2.11.4", FromServer},
		{"D0 00", 2, false, "", FromServer},
	} {
		_, _, err := Next(unhex(c.bytes), Dialect{V5, c.from}, c.limit)
		if !c.refused {
			require.NoError(t, err, c.bytes)
			continue
		}
		require.ErrorIs(t, err, PacketTooLarge)
		bad, _ := errors.AsType[*MalformedError](err)
		require.Equal(t, c.section, bad.Section)
	}
}

// lawfulFirstBytes is the table of §2.1.2 and §2.1.3: who may begin a packet with what, by version.
var lawfulFirstBytes = map[Dialect][]byte{
	client5:           {0x10, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3A, 0x3B, 0x3C, 0x3D, 0x40, 0x50, 0x62, 0x70, 0x82, 0xA2, 0xC0, 0xE0, 0xF0},
	server5:           {0x20, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3A, 0x3B, 0x3C, 0x3D, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xD0, 0xE0, 0xF0},
	client311:         {0x10, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3A, 0x3B, 0x3C, 0x3D, 0x40, 0x50, 0x62, 0x70, 0x82, 0xA2, 0xC0, 0xE0},
	server311:         {0x20, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3A, 0x3B, 0x3C, 0x3D, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xD0},
	client31:          {0x10, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3A, 0x3B, 0x3C, 0x3D, 0x40, 0x50, 0x62, 0x6A, 0x70, 0x82, 0x8A, 0xA2, 0xAA, 0xC0, 0xE0},
	server31:          {0x20, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3A, 0x3B, 0x3C, 0x3D, 0x40, 0x50, 0x62, 0x6A, 0x70, 0x90, 0xB0, 0xD0},
	{0, FromClient}:   {0x10},
	{0, FromServer}:   {},
	{6, FromClient}:   {},
	{2, FromServer}:   {},
	{255, FromClient}: {},
}

// The first byte alone is enough to refuse a packet.
func TestFirstByte(t *testing.T) {
	for d, lawful := range lawfulFirstBytes {
		allowed := make(map[byte]bool)
		for _, b := range lawful {
			allowed[b] = true
		}
		for b := range 256 {
			f, size, err := Next([]byte{byte(b)}, d, 0)
			where := fmt.Sprintf("%02X in %v", b, d)
			require.Zero(t, size, where)
			if allowed[byte(b)] {
				require.NoError(t, err, where)
				require.Equal(t, Frame{Type: Type(b >> 4), Flags: byte(b & 15)}, f, where)
				continue
			}
			require.Error(t, err, where)
			require.Equal(t, Frame{}, f, where)
		}
	}
}

func TestFirstByteCodes(t *testing.T) { // §4.13
	for _, c := range []struct {
		name  string
		d     Dialect
		first byte
		code  ReasonCode
	}{
		{"type 0 (§2.1.2)", server5, 0x00, MalformedPacket},
		{"AUTH on 3.1.1", server311, 0xF0, MalformedPacket},
		{"CONNECT to a client (§2.1.2)", server5, 0x10, ProtocolError},
		{"SUBSCRIBE to a client (§2.1.2)", server5, 0x82, ProtocolError},
		{"UNSUBSCRIBE to a client (§2.1.2)", server5, 0xA2, ProtocolError},
		{"PINGREQ to a client (§2.1.2)", server5, 0xC0, ProtocolError},
		{"CONNACK to a server (§2.1.2)", client5, 0x20, ProtocolError},
		{"DISCONNECT to a client of 3.1", server31, 0xE0, ProtocolError},
		{"QoS 3 (§3.3.1.2)", server5, 0x36, MalformedPacket},
		{"DUP at QoS 0 (§3.3.1.1)", server5, 0x38, MalformedPacket},
		{"flags of CONNACK (§2.1.3)", server5, 0x21, MalformedPacket},
		{"flags of PINGRESP (§2.1.3)", server5, 0xD1, MalformedPacket},
		{"DUP in PUBREL, lawful on 3.1 alone (§2.1.3)", server311, 0x6A, MalformedPacket},
		{"no CONNECT first (§3.1.0-1)", Dialect{0, FromClient}, 0xC0, ProtocolError},
		{"no such version (§3.1.2.2)", Dialect{6, FromClient}, 0x10, UnsupportedProtocolVersion},
	} {
		_, _, err := Next([]byte{c.first, 0}, c.d, 0)
		require.ErrorIs(t, err, c.code, c.name)
	}
}

func TestNextOfNothing(t *testing.T) {
	f, size, err := Next(nil, server5, 0)
	require.NoError(t, err)
	require.Zero(t, size)
	require.Equal(t, Frame{}, f)
}

// The body can't be grown into what stands behind it.
func TestBodyIsCut(t *testing.T) {
	f, _, err := Next(unhex("30 04 00 01 61 00 D0 00"), server5, 0)
	require.NoError(t, err)
	require.Equal(t, len(f.Body), cap(f.Body))
}

func TestDecodeChecksTheType(t *testing.T) {
	for _, v := range goodVectors() {
		f, _, err := Next(unhex(v.bytes), v.d, 0)
		require.NoError(t, err)
		for ty := TypeConnect; ty <= TypeAuth; ty++ {
			if ty != f.Type {
				require.Error(t, packetOf(ty).Decode(f, v.d), "%s as %v", v.name, ty)
			}
		}
	}
	for _, ty := range []Type{0, 16, 255} {
		_, err := Decode(Frame{Type: ty}, server5)
		require.ErrorIs(t, err, MalformedPacket)
	}
}
