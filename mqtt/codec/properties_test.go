package codec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// propertyRows is the table of §2.2.2.2: a lawful property, its name, where it may stand (/s from a server alone, /c from a
// client alone, * more than once), and values that break its rule with the code for them.
const propertyRows = `
01 01|payload format indicator|PUBLISH WILL|01 02=82
02 00 00 00 01|message expiry interval|PUBLISH WILL|
03 00 01 61|content type|PUBLISH WILL|03 00 01 FF=81 03 00 01 00=81
08 00 01 61|response topic|PUBLISH WILL|08 00 01 23=82 08 00 03 61 2F 2B=82 08 00 00=82 08 00 01 FF=81 08 00 01 00=81
09 00 01 FF|correlation data|PUBLISH WILL|
0B 01|subscription identifier|SUBSCRIBE PUBLISH/s*|0B 00=82 0B 81 00=81 0B 80 80 80 80=81
11 00 00 00 01|session expiry interval|CONNECT CONNACK DISCONNECT/c|
12 00 01 61|assigned client identifier|CONNACK|12 00 01 00=81
13 00 00|server keep alive|CONNACK|
15 00 01 61|authentication method|CONNECT CONNACK AUTH|15 00 01 FF=81
16 00 01 FF|authentication data|CONNECT CONNACK AUTH|
17 01|request problem information|CONNECT|17 02=82
18 00 00 00 01|will delay interval|WILL|
19 01|request response information|CONNECT|19 02=82
1A 00 01 61|response information|CONNACK|1A 00 01 FF=81
1C 00 01 61|server reference|CONNACK DISCONNECT/s|1C 00 01 FF=81
1F 00 01 61|reason string|CONNACK PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK DISCONNECT AUTH|1F 00 01 FF=81 1F 00 01 00=81
21 00 01|receive maximum|CONNECT CONNACK|21 00 00=82
22 00 00|topic alias maximum|CONNECT CONNACK|
23 00 01|topic alias|PUBLISH|23 00 00=94
24 01|maximum QoS|CONNACK|24 02=82
25 01|retain available|CONNACK|25 02=82
26 00 01 6B 00 01 76|user property|CONNECT* WILL* CONNACK* PUBLISH* PUBACK* PUBREC* PUBREL* PUBCOMP* SUBSCRIBE* SUBACK* UNSUBSCRIBE* UNSUBACK* DISCONNECT* AUTH*|26 00 01 FF 00 01 76=81 26 00 01 6B 00 01 FF=81 26 00 01 00 00 00=81 26 00 00 00 01 00=81
27 00 00 00 01|maximum packet size|CONNECT CONNACK|27 00 00 00 00=82
28 01|wildcard subscription available|CONNACK|28 02=82
29 01|subscription identifiers available|CONNACK|29 02=82
2A 01|shared subscription available|CONNACK|2A 02=82
`

// homes are the packets that have properties: what stands before and behind their block.
var homes = map[string]struct {
	t             Type
	before, after string
}{
	"CONNECT":     {TypeConnect, "00 04 4D 51 54 54 05 02 00 3C", "00 01 63"},
	"WILL":        {TypeConnect, "00 04 4D 51 54 54 05 06 00 3C 00 00 01 63", "00 01 77 00 01 6D"},
	"CONNACK":     {TypeConnAck, "00 00", ""},
	"PUBLISH":     {TypePublish, "00 01 61", "68 69"},
	"PUBACK":      {TypePubAck, "00 01 00", ""},
	"PUBREC":      {TypePubRec, "00 01 00", ""},
	"PUBREL":      {TypePubRel, "00 01 00", ""},
	"PUBCOMP":     {TypePubComp, "00 01 00", ""},
	"SUBSCRIBE":   {TypeSubscribe, "00 01", "00 01 61 00"},
	"SUBACK":      {TypeSubAck, "00 01", "00"},
	"UNSUBSCRIBE": {TypeUnsubscribe, "00 01", "00 01 61"},
	"UNSUBACK":    {TypeUnsubAck, "00 01", "00"},
	"DISCONNECT":  {TypeDisconnect, "00", ""},
	"AUTH":        {TypeAuth, "18", ""},
}

type propertyRow struct {
	value, name string
	homes       map[string]string // the letters behind the packet's name
	bad         map[string]ReasonCode
}

func propertyTable(t *testing.T) (rows []propertyRow) {
	for line := range strings.Lines(strings.TrimSpace(propertyRows)) {
		columns := strings.Split(strings.TrimRight(line, "\n"), "|")
		row := propertyRow{columns[0], columns[1], map[string]string{}, map[string]ReasonCode{}}
		for home := range strings.FieldsSeq(columns[2]) {
			name := strings.TrimRight(home, "/cs*")
			require.Contains(t, homes, name)
			row.homes[name] = strings.TrimPrefix(home, name)
		}
		value := ""
		for part := range strings.FieldsSeq(columns[3]) {
			digits, code, last := strings.Cut(part, "=")
			value += digits
			if last {
				var c ReasonCode
				_, err := fmt.Sscanf(code, "%x", &c)
				require.NoError(t, err)
				row.bad[value], value = c, ""
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// withProperties is a body of that packet with those properties. AUTH, and what has data, gets the method that it needs.
func withProperties(home, properties string) Frame {
	h := homes[home]
	id := unhex(properties)[0]
	if home == "AUTH" && id != 0x15 || id == 0x16 {
		properties = "15 00 01 58" + properties
	}
	block := unhex(properties)
	body := append(unhex(h.before), byte(len(block)))
	body = append(append(body, block...), unhex(h.after)...)
	return Frame{h.t, fixedFlags(h.t), body}
}

// Each property in each packet from each side: once, twice, cut short, and with every bad value.
func TestPropertyTable(t *testing.T) { // §2.2.2.2
	rows := propertyTable(t)
	require.Len(t, rows, 27)
	for _, row := range rows {
		for home := range homes {
			for _, from := range []Side{FromClient, FromServer} {
				d := Dialect{V5, from}
				if sends(homes[home].t, d) {
					t.Run(fmt.Sprintf("%s in %s from the %v", row.name, home, from), func(t *testing.T) {
						checkProperty(t, row, home, d)
					})
				}
			}
		}
	}
}

func checkProperty(t *testing.T, row propertyRow, home string, d Dialect) {
	letters, allowed := row.homes[home]
	p, err := Decode(withProperties(home, row.value), d)
	switch {
	case !allowed:
		require.ErrorIs(t, err, MalformedPacket)
		return
	case strings.Contains(letters, "/") && !strings.Contains(letters, "/"+d.From.String()[:1]):
		require.ErrorIs(t, err, ProtocolError)
		return
	}
	require.NoError(t, err)
	requireRoundTrip(t, p, d)
	p, err = Decode(withProperties(home, row.value+row.value), d)
	if strings.Contains(letters, "*") {
		require.NoError(t, err)
		requireRoundTrip(t, p, d)
	} else {
		require.ErrorIs(t, err, ProtocolError)
		require.ErrorContains(t, err, row.name)
	}
	whole := unhex(row.value)
	for n := 1; n < len(whole); n++ {
		_, err = Decode(withProperties(home, fmt.Sprintf("%X", whole[:n])), d)
		require.ErrorIs(t, err, MalformedPacket, "cut at %d", n)
	}
	for value, code := range row.bad {
		_, err = Decode(withProperties(home, value), d)
		require.ErrorIs(t, err, code, value)
	}
}

// A property that has no identifier in the table is refused everywhere.
func TestUnknownProperties(t *testing.T) { // §2.2.2.2
	known := make(map[byte]bool)
	for _, row := range propertyTable(t) {
		known[unhex(row.value)[0]] = true
	}
	for id := range 256 {
		if known[byte(id)] {
			continue
		}
		for home := range homes {
			f := withProperties(home, fmt.Sprintf("%02X 00 00 00 00", id))
			d := server5
			if !sends(f.Type, d) {
				d = client5
			}
			_, err := Decode(f, d)
			require.ErrorIs(t, err, MalformedPacket, "%02X in %s", id, home)
		}
	}
}

// The sections in errors are those of the specification.
func TestPropertySections(t *testing.T) {
	for _, c := range []struct{ home, value, section string }{
		{"CONNECT", "21 00 00", "3.1.2.11.3"}, {"CONNECT", "27 00 00 00 00", "3.1.2.11.4"}, {"CONNECT", "17 02", "3.1.2.11.7"},
		{"WILL", "01 02", "3.1.3.2.3"}, {"WILL", "08 00 01 23", "3.1.3.2.6"}, {"CONNACK", "24 02", "3.2.2.3.4"},
		{"CONNACK", "2A 02", "3.2.2.3.13"}, {"PUBLISH", "23 00 00", "3.3.2.3.4"}, {"PUBLISH", "0B 00", "3.3.2.3.8"},
		{"PUBACK", "1F 00 01 00", "3.4.2.2.2"}, {"PUBCOMP", "1F 00 01 00", "3.7.2.2.2"}, {"SUBSCRIBE", "0B 00", "3.8.2.1.2"},
		{"SUBACK", "1F 00 01 00", "3.9.2.1.2"}, {"UNSUBACK", "1F 00 01 00", "3.11.2.1.2"},
		{"DISCONNECT", "1C 00 01 00", "3.14.2.2.5"}, {"AUTH", "1F 00 01 00", "3.15.2.2.4"}, {"CONNECT", "7F", "2.2.2.2"},
	} {
		_, err := Decode(withProperties(c.home, c.value), server5)
		require.ErrorContains(t, err, "(§"+c.section+")", "%s %s", c.home, c.value)
	}
}

func TestPropertyLength(t *testing.T) { // §2.2.2.1
	for _, c := range []struct{ name, body string }{
		{"it is missing", "00 01 61"},
		{"it is cut short", "00 01 61 80"},
		{"it is longer than the packet", "00 01 61 03 01 01"},
		{"it has a fifth byte", "00 01 61 80 80 80 80 00"},
		{"it is overlong", "00 01 61 82 00 01 01"},
		{"it announces 268,435,455 bytes", "00 01 61 FF FF FF 7F"},
	} {
		_, err := Decode(Frame{TypePublish, 0, unhex(c.body)}, server5)
		require.ErrorIs(t, err, MalformedPacket, c.name)
	}
}

// Data without a method is refused, and an empty method counts as none (§3.1.2.11.10, §3.2.2.3.18, §3.15.2.2.2).
func TestAuthenticationDataNeedsAMethod(t *testing.T) {
	for _, c := range []struct {
		t    Type
		body string
	}{
		{TypeConnect, "00 04 4D 51 54 54 05 02 00 3C 03 16 00 00 00 01 63"},
		{TypeConnect, "00 04 4D 51 54 54 05 02 00 3C 06 15 00 00 16 00 00 00 01 63"},
		{TypeConnAck, "00 00 03 16 00 00"},
		{TypeAuth, "18 03 16 00 00"},
		{TypeAuth, "18 06 15 00 00 16 00 00"},
		{TypeAuth, "18 00"},
		{TypeAuth, "18"},
	} {
		_, err := Decode(Frame{c.t, 0, unhex(c.body)}, server5)
		require.ErrorIs(t, err, ProtocolError, c.body)
	}
}
