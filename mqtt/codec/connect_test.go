package codec

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConnectRefused(t *testing.T) {
	for _, c := range []struct {
		name, body string
		code       ReasonCode
	}{
		{"another protocol name (§3.1.2.1)", "00 04 4D 51 54 58 05 02 00 00 00 00 00", UnsupportedProtocolVersion},
		{"no protocol name", "00 00", MalformedPacket},
		{"the name of 3.1 with the level of 5.0", "00 06 4D 51 49 73 64 70 05 02 00 00 00 00 00", UnsupportedProtocolVersion},
		{"the name of 5.0 with the level of 3.1", "00 04 4D 51 54 54 03 02 00 00 00 01 63", UnsupportedProtocolVersion},
		{"level 6 (§3.1.2.2)", "00 04 4D 51 54 54 06", UnsupportedProtocolVersion},
		{"a bridge's level", "00 04 4D 51 54 54 84 02 00 00 00 01 63", UnsupportedProtocolVersion},
		{"the reserved flag (§3.1.2.3)", "00 04 4D 51 54 54 05 03 00 00 00 00 00", MalformedPacket},
		{"will QoS without a will (§3.1.2.6)", "00 04 4D 51 54 54 05 0A 00 00 00 00 00", MalformedPacket},
		{"will retain without a will (§3.1.2.7)", "00 04 4D 51 54 54 05 22 00 00 00 00 00", MalformedPacket},
		{"will QoS 3 (§3.1.2.6)", "00 04 4D 51 54 54 05 1E 00 00 00 00 00 00 00 01 77 00 00", MalformedPacket},
		{"password without a user name on 3.1.1", "00 04 4D 51 54 54 04 42 00 00 00 01 63 00 01 70", ProtocolError},
		{"password without a user name on 3.1", "00 06 4D 51 49 73 64 70 03 42 00 00 00 01 63 00 01 70", ProtocolError},
		{"empty client id on 3.1", "00 06 4D 51 49 73 64 70 03 02 00 00 00 00", ClientIdentifierNotValid},
		{"empty client id on 3.1.1 without clean session", "00 04 4D 51 54 54 04 00 00 00 00 00", ClientIdentifierNotValid},
		{"client id isn't UTF-8 (§1.5.4)", "00 04 4D 51 54 54 05 02 00 00 00 00 01 FF", MalformedPacket},
		{"empty will topic (§4.7)", "00 04 4D 51 54 54 05 06 00 00 00 00 00 00 00 00 00 00", ProtocolError},
		{"wildcard in the will topic (§4.7)", "00 04 4D 51 54 54 05 06 00 00 00 00 00 00 00 01 23 00 00", ProtocolError},
		{"will payload isn't the UTF-8 it claims to be (§3.1.3.2.3)", "00 04 4D 51 54 54 05 06 00 00 00 00 00 02 01 01 00 01 77 00 01 FF", PayloadFormatInvalid},
		{"user name isn't UTF-8 (§3.1.3.5)", "00 04 4D 51 54 54 05 82 00 00 00 00 00 00 01 FF", MalformedPacket},
		{"user name announced and missing (§3.1.2.8)", "00 04 4D 51 54 54 05 82 00 00 00 00 00", MalformedPacket},
		{"a byte too many (§3.1.3)", "00 04 4D 51 54 54 05 02 00 00 00 00 00 00", MalformedPacket},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode(Frame{TypeConnect, 0, unhex(c.body)}, client5)
			require.ErrorIs(t, err, c.code)
		})
	}
}

// 3.1 asks of servers that a user name or password may be announced and missing.
func TestConnectOf31WithoutAnnouncedUserName(t *testing.T) {
	for body, want := range map[string]*Connect{
		"00 06 4D 51 49 73 64 70 03 C2 00 00 00 01 63":          {Version: V31, CleanStart: true, ClientID: "c"},
		"00 06 4D 51 49 73 64 70 03 C2 00 00 00 01 63 00 01 75": {Version: V31, CleanStart: true, ClientID: "c", HasUsername: true, Username: "u"},
	} {
		p, err := Decode(Frame{TypeConnect, 0, unhex(body)}, client31)
		require.NoError(t, err)
		require.Equal(t, want, p)
	}
}

// A server reads CONNECT before it knows the version.
func TestConnectSaysItsVersion(t *testing.T) {
	for _, v := range goodVectors() {
		if want, ok := v.want.(*Connect); ok {
			got, err := decodeBytes(unhex(v.bytes), Dialect{0, FromClient})
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

func TestConnectWritesEveryFlag(t *testing.T) { // §3.1.2.3
	for flags := range 64 {
		p := &Connect{CleanStart: flags&1 != 0, HasUsername: flags&2 != 0, HasPassword: flags&4 != 0, ClientID: "c", Password: []byte{}}
		if flags&8 != 0 {
			p.Will = &Will{Topic: "w", QoS: QoS(flags >> 4 % 3), Retain: flags&32 != 0, Payload: []byte{}}
		}
		if !p.HasPassword {
			p.Password = nil
		}
		for v := V31; v <= V5; v++ {
			p.Version = v
			b, err := p.Append(nil, v)
			if v != V5 && p.HasPassword && !p.HasUsername {
				require.ErrorIs(t, err, ProtocolError)
				continue
			}
			require.NoError(t, err)
			got, err := decodeBytes(b, Dialect{v, FromClient})
			require.NoError(t, err)
			require.Equal(t, p, got)
		}
	}
}

func TestConnectWontWrite(t *testing.T) {
	long := strings.Repeat("x", 65536)
	for _, c := range []struct {
		name string
		v    Version
		p    *Connect
		code ReasonCode
	}{
		{"version 6", 6, &Connect{ClientID: "c"}, UnsupportedProtocolVersion},
		{"empty client id on 3.1", V31, &Connect{CleanStart: true}, ClientIdentifierNotValid},
		{"empty client id on 3.1.1 without clean session", V311, &Connect{}, ClientIdentifierNotValid},
		{"client id too long", V5, &Connect{ClientID: long}, MalformedPacket},
		{"client id with NUL (§1.5.4)", V5, &Connect{ClientID: "\x00"}, MalformedPacket},
		{"user name isn't UTF-8", V5, &Connect{HasUsername: true, Username: "\xFF"}, MalformedPacket},
		{"password too long", V5, &Connect{HasPassword: true, Password: []byte(long)}, MalformedPacket},
		{"will QoS 3", V5, &Connect{Will: &Will{Topic: "w", QoS: 3}}, MalformedPacket},
		{"will without topic", V5, &Connect{Will: &Will{}}, ProtocolError},
		{"will topic with wildcard", V311, &Connect{CleanStart: true, Will: &Will{Topic: "+"}}, ProtocolError},
		{"will payload too long", V5, &Connect{Will: &Will{Topic: "w", Payload: []byte(long)}}, MalformedPacket},
		{"will payload isn't the UTF-8 it claims to be", V5, &Connect{Will: &Will{Topic: "w", Payload: []byte{255}, Properties: &WillProperties{PayloadFormatIndicator: 1}}}, PayloadFormatInvalid},
		{"payload format indicator 2", V5, &Connect{Will: &Will{Topic: "w", Properties: &WillProperties{PayloadFormatIndicator: 2}}}, ProtocolError},
		{"response topic with wildcard", V5, &Connect{Will: &Will{Topic: "w", Properties: &WillProperties{ResponseTopic: "#"}}}, ProtocolError},
		{"correlation data too long", V5, &Connect{Will: &Will{Topic: "w", Properties: &WillProperties{CorrelationData: []byte(long)}}}, MalformedPacket},
		{"content type isn't UTF-8", V5, &Connect{Will: &Will{Topic: "w", Properties: &WillProperties{ContentType: "\xFF"}}}, MalformedPacket},
		{"user property isn't UTF-8", V5, &Connect{Properties: &ConnectProperties{UserProperties: []UserProperty{{"k", "\xFF"}}}}, MalformedPacket},
		{"data without a method", V5, &Connect{Properties: &ConnectProperties{AuthenticationData: []byte{}}}, ProtocolError},
	} {
		t.Run(c.name, func(t *testing.T) { requireWontWrite(t, c.p, c.v, c.code) })
	}
}

// requireWontWrite wants Append to refuse p, and to leave dst as it was.
func requireWontWrite(t *testing.T, p Packet, v Version, code ReasonCode) {
	t.Helper()
	dst := []byte("before")
	got, err := p.Append(dst, v)
	require.ErrorIs(t, err, code)
	bad, ok := errors.AsType[*MalformedError](err)
	require.True(t, ok)
	require.Equal(t, p.Type(), bad.Packet)
	require.NotEmpty(t, bad.Section, fmt.Sprint(err))
	require.Equal(t, dst, got)
	require.Same(t, &dst[0], &got[0])
}
