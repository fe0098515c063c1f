package codec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// preparedMessages are messages of every shape; their lengths stand around those at which a length takes another byte.
func preparedMessages() (all []*Publish) {
	for _, q := range []QoS{AtMostOnce, AtLeastOnce, ExactlyOnce} {
		for _, n := range []int{0, 1, 100, 110, 120, 127, 128, 16370, 16384, 2097152} {
			for _, properties := range []*PublishProperties{
				nil,
				{},
				{PayloadFormatIndicator: 1, ContentType: "t", ResponseTopic: "r", CorrelationData: []byte{1}, UserProperties: kv},
				{CorrelationData: make([]byte, 108)}, {CorrelationData: make([]byte, 116)}, {CorrelationData: make([]byte, 16384)},
			} {
				all = append(all, &Publish{QoS: q, Retain: n%2 == 1, Topic: "a/b", Payload: make([]byte, n), Properties: properties})
			}
		}
	}
	return all
}

// What Prepared writes is what a Publish with the same fields writes, but for the order of its properties.
func TestPreparedWritesWhatPublishMeans(t *testing.T) {
	var p Prepared
	for i, m := range preparedMessages() {
		require.NoError(t, p.Set(m))
		for k := range 32 {
			s := &Sending{Version: V5 - Version(k&1), Dup: k&2 != 0, Expires: k&4 != 0, Expiry: 77, PacketID: 300}
			if k&8 != 0 {
				s.TopicAlias = 9
			}
			s.OmitTopic = k&16 != 0
			requirePrepared(t, &p, m, s, fmt.Sprintf("message %d, sending %+v", i, *s))
		}
	}
}

func requirePrepared(t *testing.T, p *Prepared, m *Publish, s *Sending, about string) {
	t.Helper()
	b := p.Append([]byte("before"), s)
	require.Equal(t, "before", string(b[:6]), about)
	b = b[6:]
	require.Equal(t, p.Size(s), len(b), about)
	got, err := decodeBytes(b, Dialect{s.Version, FromClient})
	require.NoError(t, err, about)
	want := *m
	want.Properties = nil
	if want.QoS > AtMostOnce {
		want.Dup, want.PacketID = s.Dup, s.PacketID
	}
	if s.Version == V5 {
		properties := PublishProperties{}
		if m.Properties != nil {
			properties = *m.Properties
		}
		if s.Expires {
			properties.MessageExpiryInterval = &s.Expiry
		}
		properties.TopicAlias = s.TopicAlias
		if s.TopicAlias != 0 && s.OmitTopic {
			want.Topic = ""
		}
		want.Properties = &properties
	}
	dropDefaults(&want)
	dropDefaults(got)
	require.Equal(t, &want, got, about)
}

// The golden bytes, at first sending and again.
func TestPreparedBytes(t *testing.T) {
	var p Prepared
	m := &Publish{QoS: AtLeastOnce, Topic: "a/b", Payload: []byte("hi")}
	require.NoError(t, p.Set(m))
	require.Equal(t, unhex("32 09 00 03 61 2F 62 00 0A 68 69"), p.Append(nil, &Sending{Version: V311, PacketID: 10}))
	require.Equal(t, unhex("32 0A 00 03 61 2F 62 00 0A 00 68 69"), p.Append(nil, &Sending{Version: V5, PacketID: 10}))
	require.Equal(t, unhex("3A 09 00 03 61 2F 62 00 0A 68 69"), p.Append(nil, &Sending{Version: V31, PacketID: 10, Dup: true}))
	require.Equal(t, unhex("32 0A 00 00 00 0A 03 23 00 01 68 69"), p.Append(nil, &Sending{Version: V5, PacketID: 10, TopicAlias: 1, OmitTopic: true}))
}

func TestPreparedRefuses(t *testing.T) {
	long := strings.Repeat("x", 65536)
	with := func(q PublishProperties) *Publish { return &Publish{Topic: "a", Payload: []byte{255}, Properties: &q} }
	for _, c := range []struct {
		name string
		m    *Publish
		code ReasonCode
	}{
		{"QoS 3 (§3.3.1.2)", &Publish{Topic: "a", QoS: 3}, MalformedPacket},
		{"empty topic (§3.3.2.1)", &Publish{}, TopicNameInvalid},
		{"empty topic, properties without alias (§3.3.2.1)", &Publish{Properties: &PublishProperties{}}, TopicNameInvalid},
		{"wildcard (§3.3.2-2)", &Publish{Topic: "a/#"}, TopicNameInvalid},
		{"wildcard, alias", &Publish{Topic: "+", Properties: &PublishProperties{TopicAlias: 1}}, TopicNameInvalid},
		{"NUL (§1.5.4)", &Publish{Topic: "a\x00"}, TopicNameInvalid},
		{"topic isn't UTF-8 (§1.5.4)", &Publish{Topic: "\xFF"}, TopicNameInvalid},
		{"topic too long (§4.7.3-3)", &Publish{Topic: long}, TopicNameInvalid},
		{"payload too long (§2.1.4)", &Publish{Topic: "a", Payload: make([]byte, 268435440)}, PacketTooLarge},
		{"payload isn't UTF-8 (§3.3.2.3.2)", with(PublishProperties{PayloadFormatIndicator: 1}), PayloadFormatInvalid},
		{"payload format indicator 2 (§3.3.2.3.2)", with(PublishProperties{PayloadFormatIndicator: 2}), ProtocolError},
		{"response topic with wildcard (§3.3.2-14)", with(PublishProperties{ResponseTopic: "+"}), ProtocolError},
		{"response topic isn't UTF-8 (§3.3.2-13)", with(PublishProperties{ResponseTopic: "\xFF"}), MalformedPacket},
		{"content type too long", with(PublishProperties{ContentType: long}), MalformedPacket},
		{"content type with NUL", with(PublishProperties{ContentType: "\x00"}), MalformedPacket},
		{"correlation data too long", with(PublishProperties{CorrelationData: []byte(long)}), MalformedPacket},
		{"key of a user property too long", with(PublishProperties{UserProperties: []UserProperty{{long, ""}}}), MalformedPacket},
		{"value of a user property isn't UTF-8", with(PublishProperties{UserProperties: []UserProperty{{"", "\xFF"}}}), MalformedPacket},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Prepared
			require.NoError(t, p.Set(&Publish{QoS: 2, Retain: true, Topic: "x"}))
			require.ErrorIs(t, p.Set(c.m), c.code)
			require.Zero(t, p.Len())
			require.Zero(t, p.QoS())
			require.False(t, p.Retain())
			require.Empty(t, p.Topic())
		})
	}
}

func TestPreparedHoldsItsOwnCopy(t *testing.T) {
	m := &Publish{QoS: ExactlyOnce, Retain: true, Topic: "a/b", Payload: []byte("hi"), Properties: &PublishProperties{CorrelationData: []byte{1}}}
	var p Prepared
	require.NoError(t, p.Set(m))
	m.Payload[0], m.Properties.CorrelationData[0] = 'X', 'X'
	require.Equal(t, ExactlyOnce, p.QoS())
	require.True(t, p.Retain())
	require.True(t, p.HasProperties())
	require.Equal(t, "a/b", string(p.Topic()))
	require.Equal(t, "hi", string(p.Payload()))
	require.Equal(t, 2+3+4+2, p.Len())
	require.Equal(t, unhex("35 0E 00 03 61 2F 62 00 01 04 09 00 01 01 68 69"), p.Append(nil, &Sending{Version: V5, PacketID: 1}))
	p.Reset()
	require.Zero(t, p.Len())
	require.Nil(t, p.Topic())
	require.Empty(t, p.Payload())
	require.False(t, p.HasProperties())
}

// Properties that a connection decides aren't encoded.
func TestPreparedLeavesOutWhatVaries(t *testing.T) {
	var p Prepared
	require.NoError(t, p.Set(&Publish{Payload: []byte("x"), Properties: &PublishProperties{
		TopicAlias: 5, MessageExpiryInterval: new(uint32(3)), SubscriptionIdentifiers: []uint32{1}}}))
	require.False(t, p.HasProperties())
	require.Equal(t, unhex("30 04 00 00 00 78"), p.Append(nil, &Sending{Version: V5}))
}

func TestPreparedKeepsItsBufferUpTo64KiB(t *testing.T) {
	var p Prepared
	require.NoError(t, p.Set(&Publish{Topic: "a", Payload: make([]byte, 1000)}))
	p.Reset()
	require.GreaterOrEqual(t, cap(p.buf), 1000)
	require.NoError(t, p.Set(&Publish{Topic: "a", Payload: make([]byte, 64<<10)}))
	p.Reset()
	require.Zero(t, cap(p.buf))
}

func TestAppendAck(t *testing.T) { // §3.4 to §3.7
	for _, c := range []struct {
		v    Version
		t    Type
		code ReasonCode
		want string
	}{
		{V311, TypePubAck, 0, "40 02 01 02"}, {V5, TypePubRec, 0, "50 02 01 02"}, {V31, TypePubRel, 0, "62 02 01 02"},
		{V5, TypePubComp, 0, "70 02 01 02"}, {V5, TypePubAck, NotAuthorized, "40 03 01 02 87"},
		{V5, TypePubRel, PacketIdentifierNotFound, "62 03 01 02 92"}, {V311, TypePubRec, NotAuthorized, "50 02 01 02"},
	} {
		got := AppendAck([]byte{9}, c.v, c.t, 0x0102, c.code)
		require.Equal(t, append([]byte{9}, unhex(c.want)...), got)
		p := packetOf(c.t)
		f, _, err := Next(got[1:], Dialect{c.v, FromServer}, 0)
		require.NoError(t, err)
		require.NoError(t, p.Decode(f, Dialect{c.v, FromServer}))
		again, err := p.Append([]byte{9}, c.v)
		require.NoError(t, err)
		require.Equal(t, got, again)
	}
}

func TestPublishTopic(t *testing.T) {
	topic, ok := PublishTopic(unhex("00 03 61 2F 62 00 68"))
	require.True(t, ok)
	require.Equal(t, "a/b", string(topic))
	require.Equal(t, 3, cap(topic))
	topic, ok = PublishTopic(unhex("00 00"))
	require.True(t, ok)
	require.Empty(t, topic)
	for _, s := range []string{"", "00", "00 01", "00 03 61 62"} {
		_, ok = PublishTopic(unhex(s))
		require.False(t, ok, s)
	}
}

// A topic that is already there is taken as it is; another one is checked and copied.
func TestPublishKeepsAnEqualTopic(t *testing.T) {
	p := Publish{Topic: "a/b", PacketID: 7, Dup: true, Properties: &PublishProperties{TopicAlias: 3}}
	body := unhex("00 03 61 2F 62 00 68")
	require.NoError(t, p.Decode(Frame{TypePublish, 1, body}, server5))
	require.Equal(t, Publish{Retain: true, Topic: "a/b", Payload: []byte("h")}, p)
	require.NoError(t, p.Decode(Frame{TypePublish, 0, unhex("00 01 63 00")}, server5))
	require.Equal(t, "c", p.Topic)
	require.Error(t, p.Decode(Frame{TypePublish, 0, unhex("00 01 23 00")}, server5))
	require.Equal(t, "c", p.Topic)
	require.Error(t, p.Decode(Frame{TypePublish, 0, unhex("00 01 23 00")}, server5), "a bad topic must not be kept")
	p = Publish{}
	require.ErrorIs(t, p.Decode(Frame{TypePublish, 0, unhex("00 00 00")}, server5), ProtocolError)
	require.ErrorIs(t, p.Decode(Frame{TypePublish, 0, unhex("00 00")}, server311), ProtocolError)
}

func TestATopicThatIsGivenLater(t *testing.T) {
	whole := Publish{Topic: "a/b", QoS: AtLeastOnce, Payload: []byte("hi"), Properties: &PublishProperties{TopicAlias: 1, ContentType: "text"}}
	without := whole
	without.Topic = ""
	var want, p Prepared
	require.NoError(t, want.Set(&whole))
	require.NoError(t, p.Set(&without))
	require.Empty(t, p.Topic())
	require.NoError(t, p.SetTopic("a/b"))
	for _, s := range []Sending{{Version: V5, PacketID: 10}, {Version: V5, PacketID: 10, TopicAlias: 1, OmitTopic: true}, {Version: V311, PacketID: 10}} {
		require.Equal(t, want.Append(nil, &s), p.Append(nil, &s))
		require.Equal(t, want.Size(&s), p.Size(&s))
	}
	require.Equal(t, want.AppendRecord(nil), p.AppendRecord(nil))
	require.Equal(t, "a/b", string(p.Topic()))
	require.Equal(t, "hi", string(p.Payload()))

	without.Payload = make([]byte, maxRemaining-maxSendingSize-20)
	require.NoError(t, p.Set(&without))
	size := p.Len()
	require.ErrorIs(t, p.SetTopic("one that is too much for it"), PacketTooLarge)
	require.Equal(t, size, p.Len())
	require.Empty(t, p.Topic())
}
