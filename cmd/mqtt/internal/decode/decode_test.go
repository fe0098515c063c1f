package decode

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// show runs the command's reader on bytes.
func show(t testing.TB, o options, b []byte) (out, complaints string, err error) {
	t.Helper()
	d, err := o.dialect()
	require.NoError(t, err)
	var shown, said bytes.Buffer
	r := reader{dialect: d, out: bufio.NewWriter(&shown), show: o.table,
		complain: func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) }}
	if o.json {
		r.show = o.line
	}
	err = r.run(bytes.NewReader(b))
	return shown.String(), said.String(), err
}

// fill sets each field of a struct to something that isn't its zero value and may be sent.
func fill(v reflect.Value) {
	for _, f := range v.Fields() {
		switch f.Interface().(type) {
		case string:
			f.SetString("text")
		case []byte:
			f.SetBytes([]byte("data"))
		case []codec.UserProperty:
			f.Set(reflect.ValueOf([]codec.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "w"}}))
		case []uint32:
			f.Set(reflect.ValueOf([]uint32{1, 268_435_455}))
		case bool:
			f.SetBool(true)
		case *bool:
			f.Set(reflect.ValueOf(new(true)))
		case *codec.QoS:
			f.Set(reflect.ValueOf(new(codec.AtLeastOnce)))
		case *uint32:
			f.Set(reflect.ValueOf(new(uint32(60))))
		case *uint16:
			f.Set(reflect.ValueOf(new(uint16(60))))
		default:
			f.SetUint(1)
		}
	}
}

func filled[T any]() *T {
	p := new(T)
	fill(reflect.ValueOf(p).Elem())
	return p
}

// packets are one of each type with all that it can hold.
func packets() map[codec.Side][]codec.Packet {
	publish := filled[codec.PublishProperties]()
	publish.SubscriptionIdentifiers = nil
	fromServer := filled[codec.PublishProperties]()
	away, moved := filled[codec.DisconnectProperties](), filled[codec.DisconnectProperties]()
	away.ServerReference, moved.SessionExpiryInterval = "", nil
	reasons := filled[codec.ReasonProperties]
	return map[codec.Side][]codec.Packet{
		codec.FromClient: {
			&codec.Connect{CleanStart: true, KeepAlive: 60, ClientID: "c1", HasUsername: true, Username: "alice", HasPassword: true,
				Password: []byte("secret"), Properties: filled[codec.ConnectProperties](),
				Will: &codec.Will{Topic: "w", Payload: []byte("bye"), QoS: 1, Retain: true, Properties: filled[codec.WillProperties]()}},
			&codec.Publish{Topic: "a/b", QoS: 1, PacketID: 7, Payload: []byte("hello"), Properties: publish},
			&codec.PubRel{PacketID: 8, Code: codec.PacketIdentifierNotFound, Properties: reasons()},
			&codec.Subscribe{PacketID: 9, Properties: filled[codec.SubscribeProperties](), Subscriptions: []codec.Subscription{
				{Filter: "a/#", QoS: 2, NoLocal: true, RetainHandling: 1}, {Filter: "b", RetainAsPublished: true}}},
			&codec.Unsubscribe{PacketID: 10, UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}}, Filters: []string{"a/#", "b"}},
			&codec.PingReq{},
			&codec.Auth{Code: codec.ReAuthenticate, AuthenticationMethod: "X", AuthenticationData: []byte("token"), ReasonString: "why"},
			&codec.Disconnect{Code: codec.DisconnectWithWill, Properties: away},
		},
		codec.FromServer: {
			&codec.ConnAck{SessionPresent: true, Properties: filled[codec.ConnAckProperties]()},
			&codec.Publish{Topic: "a/b", QoS: 2, PacketID: 7, Dup: true, Retain: true, Payload: []byte{0xFF}, Properties: fromServer},
			&codec.PubAck{PacketID: 1, Code: codec.NoMatchingSubscribers, Properties: reasons()},
			&codec.PubRec{PacketID: 2, Code: codec.QuotaExceeded, Properties: reasons()},
			&codec.PubComp{PacketID: 3, Properties: reasons()},
			&codec.SubAck{PacketID: 9, Codes: []codec.ReasonCode{0, 1, codec.NotAuthorized}, Properties: reasons()},
			&codec.UnsubAck{PacketID: 10, Codes: []codec.ReasonCode{0, codec.NoSubscriptionExisted}, Properties: reasons()},
			&codec.PingResp{},
			&codec.Disconnect{Code: codec.ServerMoved, Properties: moved},
		},
	}
}

// memberOf is a field's name in JSON.
func memberOf(field string) string {
	switch field {
	case "UserProperties":
		return "user-property"
	case "SubscriptionIdentifiers":
		return "subscription-identifier"
	case "PacketID", "ClientID":
		return map[string]string{"PacketID": "packet-identifier", "ClientID": "client-identifier"}[field]
	}
	words := regexp.MustCompile(`QoS|[A-Z][a-z]+`).FindAllString(field, -1)
	return strings.ToLower(strings.Join(words, "-"))
}

// TestEachPropertyIsShown sets all properties that the codec knows, and finds each by its name.
func TestEachPropertyIsShown(t *testing.T) {
	for side, all := range packets() {
		for _, p := range all {
			t.Run(p.Type().String()+" from "+side.String(), func(t *testing.T) {
				b, err := p.Append(nil, codec.V5)
				require.NoError(t, err)
				for _, o := range []options{{}, {json: true}} {
					o.version, o.from, o.secrets = "5", side.String(), true
					out, complaints, err := show(t, o, b)
					require.NoError(t, err, complaints)
					if o.json {
						require.True(t, json.Valid([]byte(out)), out)
						require.NotContains(t, out, "null")
					}
					properties := reflect.ValueOf(p).Elem().FieldByName("Properties")
					if !properties.IsValid() {
						continue
					}
					for i := range properties.Elem().NumField() {
						if properties.Elem().Field(i).IsZero() {
							continue
						}
						member := memberOf(properties.Elem().Type().Field(i).Name)
						if o.json {
							require.Contains(t, out, `"`+member+`":`)
						} else {
							require.Contains(t, strings.ToLower(out), strings.ReplaceAll(member, "-", " "))
						}
					}
				}
			})
		}
	}
}

func TestOlderPackets(t *testing.T) {
	for _, c := range []struct{ name, version, hex, says string }{
		{"3.1.1 CONNECT says what follows it", "auto", "10 0e 00 04 4d 51 54 54 04 02 00 3c 00 02 63 31  20 02 00 05", "return code      0x05, not authorized"},
		{"3.1 CONNECT", "auto", "10 10 00 06 4d 51 49 73 64 70 03 02 00 3c 00 02 63 31", "MQTT 3.1, 18 bytes"},
		{"SUBACK with a failure", "311", "90 05 00 0a 01 02 80", "0x80, unspecified error"},
		{"UNSUBACK has no codes", "311", "b0 02 00 0a", "packet identifier  10"},
		{"DISCONNECT is bare", "311", "e0 00", "DISCONNECT from the client, MQTT 3.1.1"},
		{"PUBLISH", "311", "32 07 00 01 61 00 0a 68 69", `2 bytes: "hi"`},
		{"CONNACK of a server without 5.0", "5", "20 02 00 01", "return code      0x01, unsupported protocol version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
			require.NoError(t, err)
			out, complaints, err := show(t, options{version: c.version, from: "auto"}, b)
			require.NoError(t, err, complaints)
			require.Contains(t, out, c.says)
		})
	}
}

func TestHexadecimalIsReadAsPeopleWriteIt(t *testing.T) {
	for _, text := range []string{"c000", "C0 00", "c0:00", "0xc0, 0x00", `\xc0\x00`, " c0\n00\n", "c0-00"} {
		for _, size := range []int{1, 3, 100} {
			var got []byte
			h := &hexReader{in: strings.NewReader(text)}
			var err error
			for n, buf := 0, make([]byte, size); err == nil; got = append(got, buf[:n]...) {
				n, err = h.Read(buf)
			}
			require.EqualError(t, err, "EOF", text)
			require.Equal(t, []byte{0xC0, 0}, got, text)
		}
	}
	for text, says := range map[string]string{"c0 0": "one hexadecimal digit", "c 0": "character 2: a byte has two", "zz": `character 1, 'z', is no hexadecimal digit`} {
		_, err := io.ReadAll(&hexReader{in: strings.NewReader(text)})
		require.ErrorContains(t, err, says)
	}
}

func TestATerminalIsShownNothingThatItWouldObey(t *testing.T) {
	p := &codec.Publish{Topic: "a\x1b[2J\u202e", Payload: []byte("\x1b]0;title\x07")}
	b, err := p.Append(nil, codec.V311)
	require.NoError(t, err)
	out, _, err := show(t, options{version: "311"}, b)
	require.NoError(t, err)
	require.NotContains(t, out, "\x1b")
	require.NotContains(t, out, "\u202e")
}

// FuzzDecode finds no bytes that it panics at or never ends with; what it shows as JSON is JSON, and packets are where they are
// said to be.
func FuzzDecode(f *testing.F) {
	for side, all := range packets() {
		for _, p := range all {
			b, _ := p.Append(nil, codec.V5)
			f.Add(b, byte(side))
			f.Add(append(b, b...), byte(2))
		}
	}
	f.Add([]byte{0x10, 0xFF, 0xFF, 0xFF, 0x7F}, byte(0))
	f.Add([]byte{0xFF, 0x80, 0x80}, byte(3))
	f.Fuzz(func(t *testing.T, b []byte, how byte) {
		o := options{json: how&8 != 0, version: []string{"auto", "5", "311", "31"}[how>>4&3], from: []string{"client", "server", "auto"}[how&7%3]}
		out, _, _ := show(t, o, b)
		if !o.json {
			return
		}
		next := int64(0)
		for line := range strings.Lines(out) {
			var p struct{ Offset, Size int64 }
			require.NoError(t, json.Unmarshal([]byte(line), &p), line)
			require.GreaterOrEqual(t, p.Offset, next)
			next = p.Offset + p.Size
		}
		require.LessOrEqual(t, next, int64(len(b)))
	})
}
