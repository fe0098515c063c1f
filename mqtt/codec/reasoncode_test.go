package codec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reasonRows is the table of §2.4 with the tables of the packets: a code, its name, and the packets in which it may be sent.
// The sender is who sends such a packet, but for what ends in /c (the client alone) or /s (the server alone).
const reasonRows = `
00|success|CA PA PR PL PC UA AU/s D SA
01|granted QoS 1|SA
02|granted QoS 2|SA
04|disconnect with will message|D/c
10|no matching subscribers|PA/s PR/s
11|no subscription existed|UA
18|continue authentication|AU
19|re-authenticate|AU/c
80|unspecified error|CA PA PR SA UA D
81|malformed packet|CA D
82|protocol error|CA D
83|implementation specific error|CA PA PR SA UA D
84|unsupported protocol version|CA
85|client identifier not valid|CA
86|bad user name or password|CA
87|not authorized|CA PA PR SA UA D/s
88|server unavailable|CA
89|server busy|CA D/s
8A|banned|CA
8B|server shutting down|D/s
8C|bad authentication method|CA
8D|keep alive timeout|D/s
8E|session taken over|D/s
8F|topic filter invalid|SA UA D/s
90|topic name invalid|CA PA PR D
91|packet identifier in use|PA PR SA UA
92|packet identifier not found|PL PC
93|receive maximum exceeded|D
94|topic alias invalid|D
95|packet too large|CA D
96|message rate too high|D
97|quota exceeded|CA PA PR SA D
98|administrative action|D
99|payload format invalid|CA PA PR D
9A|retain not supported|CA D/s
9B|QoS not supported|CA D/s
9C|use another server|CA D/s
9D|server moved|CA D/s
9E|shared subscriptions not supported|SA D/s
9F|connection rate exceeded|CA D/s
A0|maximum connect time|D/s
A1|subscription identifiers not supported|SA D/s
A2|wildcard subscriptions not supported|SA D/s
`

var reasonPackets = map[string]Type{
	"CA": TypeConnAck, "PA": TypePubAck, "PR": TypePubRec, "PL": TypePubRel, "PC": TypePubComp, "SA": TypeSubAck,
	"UA": TypeUnsubAck, "AU": TypeAuth, "D": TypeDisconnect,
}

type placing struct {
	code ReasonCode
	t    Type
	from Side
}

func reasonPlacings(t *testing.T) (allowed map[placing]bool, names map[ReasonCode]string) {
	allowed, names = make(map[placing]bool), make(map[ReasonCode]string)
	for row := range strings.Lines(strings.TrimSpace(reasonRows)) {
		columns := strings.Split(strings.TrimSpace(row), "|")
		var code ReasonCode
		_, err := fmt.Sscanf(columns[0], "%x", &code)
		require.NoError(t, err)
		names[code] = columns[1]
		for cell := range strings.FieldsSeq(columns[2]) {
			packet, sender, one := strings.Cut(cell, "/")
			p := reasonPackets[packet]
			for _, from := range []Side{FromClient, FromServer} {
				sent := sends(p, Dialect{V5, from})
				if one {
					sent = sender == from.String()[:1]
				}
				allowed[placing{code, p, from}] = sent
			}
		}
	}
	return allowed, names
}

func TestReasonCodeTable(t *testing.T) { // §2.4
	allowed, names := reasonPlacings(t)
	require.Len(t, names, 43)
	for code := range 256 {
		c := ReasonCode(code)
		require.Equal(t, code >= 0x80, c.Failed())
		require.Equal(t, c.Error(), c.String())
		if name, ok := names[c]; ok {
			require.Equal(t, name, c.String())
		} else {
			require.Equal(t, fmt.Sprintf("reason code 0x%02X", code), c.String())
		}
		for ty := range 256 {
			for _, from := range []Side{FromClient, FromServer} {
				p := placing{c, Type(ty), from}
				require.Equal(t, allowed[p], c.AllowedIn(p.t, from), "%+v", p)
			}
		}
	}
}

// Each packet with each code from each side is read when the table has it, and refused with 0x82 else. 0x8C and 0x9B in
// DISCONNECT are let through, since the specification contradicts itself there (§3.14.2.1).
func TestReasonCodesOnTheWire(t *testing.T) {
	allowed, _ := reasonPlacings(t)
	bodies := map[Type]string{
		TypeConnAck: "00 %02X 00", TypePubAck: "00 01 %02X", TypePubRec: "00 01 %02X 00", TypePubRel: "00 01 %02X",
		TypePubComp: "00 01 %02X 00", TypeSubAck: "00 01 00 %02X", TypeUnsubAck: "00 01 00 %02X", TypeDisconnect: "%02X",
		TypeAuth: "%02X 04 15 00 01 58",
	}
	for ty, body := range bodies {
		for code := range 256 {
			for _, from := range []Side{FromClient, FromServer} {
				p := placing{ReasonCode(code), ty, from}
				if !sends(ty, Dialect{V5, from}) {
					continue
				}
				got, err := Decode(Frame{ty, fixedFlags(ty), unhex(fmt.Sprintf(body, code))}, Dialect{V5, from})
				lenient := ty == TypeDisconnect && (code == 0x8C || code == 0x9B)
				if !allowed[p] && !lenient {
					require.ErrorIs(t, err, ProtocolError, "%+v", p)
					continue
				}
				require.NoError(t, err, "%+v", p)
				b, err := got.Append(nil, V5)
				require.NoError(t, err, "%+v", p)
				require.Contains(t, append(b, 0), byte(code), "%+v", p)
			}
		}
	}
}

func TestReasonCodeMatches(t *testing.T) {
	err := error(malformed(TypePublish, TopicAliasInvalid, "3.3.2.3.4", "topic alias is 0"))
	require.EqualError(t, err, "PUBLISH: topic alias is 0 (§3.3.2.3.4)")
	require.ErrorIs(t, err, TopicAliasInvalid)
	require.NotErrorIs(t, err, ProtocolError)
	require.EqualError(t, malformed(0, TopicNameInvalid, "4.7", "topic name is empty"), "topic name is empty (§4.7)")
}

func TestNames(t *testing.T) {
	require.Equal(t, "CONNECT", TypeConnect.String())
	require.Equal(t, "AUTH", TypeAuth.String())
	require.Equal(t, "packet type 0", Type(0).String())
	require.Equal(t, "packet type 16", Type(16).String())
	require.Equal(t, "3.1", V31.String())
	require.Equal(t, "3.1.1", V311.String())
	require.Equal(t, "5.0", V5.String())
	require.Equal(t, "protocol level 6", Version(6).String())
	require.Equal(t, "QoS 1", AtLeastOnce.String())
	require.Equal(t, "server", FromServer.String())
}
