package mqtt

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// requireArgument holds err to be an *ArgumentError about name, or nil for an empty one.
func requireArgument(t *testing.T, name string, err error) {
	t.Helper()
	if name == "" {
		require.NoError(t, err)
		return
	}
	argument, ok := errors.AsType[*ArgumentError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, name, argument.Name)
	require.NotEmpty(t, argument.Reason)
	require.Equal(t, name+": "+argument.Reason, err.Error())
}

func TestB099TopicsOfAPublish(t *testing.T) {
	alias := &PublishProperties{TopicAlias: 1}
	for _, c := range []struct {
		name       string
		topic      string
		properties *PublishProperties
		bad        bool
	}{
		{name: "plain", topic: "a/b"},
		{name: "B095: multi-byte", topic: "中国"},
		{name: "longest", topic: strings.Repeat("t", 65_535)},
		{name: "too long", topic: strings.Repeat("t", 65_536), bad: true},
		{name: "wildcard +", topic: "a/+/b", bad: true},
		{name: "wildcard #", topic: "a/#", bad: true},
		{name: "U+0000", topic: "a\x00b", bad: true},
		{name: "invalid UTF-8", topic: "a\xff", bad: true},
		{name: "empty", topic: "", bad: true},
		{name: "empty, with properties", topic: "", properties: &PublishProperties{}, bad: true},
		{name: "empty, with alias", topic: "", properties: alias},
		{name: "wildcard, with alias", topic: "#", properties: alias, bad: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := checkMessage(&Message{Topic: c.topic, Properties: c.properties})
			requireArgument(t, map[bool]string{true: "Message.Topic"}[c.bad], err)
		})
	}
}

func TestMessagesAreChecked(t *testing.T) {
	long := strings.Repeat("x", 65_536)
	for _, c := range []struct {
		name  string // of the part that is wrong, behind "Message."
		m     Message
		title string
	}{
		{"", Message{QoS: ExactlyOnce, Payload: []byte{0xFF, 0}}, "any payload"},
		{"QoS", Message{QoS: 3}, "QoS 3 (3.3.1-4)"},
		{"Properties.PayloadFormatIndicator", Message{Properties: &PublishProperties{PayloadFormatIndicator: 2}}, "format 2 (3.3.2.3.2)"},
		{"Properties.PayloadFormatIndicator", Message{Payload: []byte{0xFF}, Properties: &PublishProperties{PayloadFormatIndicator: 1}}, "not UTF-8 though it says so (3.3.2.3.2)"},
		{"", Message{Payload: []byte("ä"), Properties: &PublishProperties{PayloadFormatIndicator: 1}}, "UTF-8"},
		{"Properties.MessageExpiryInterval", Message{Properties: &PublishProperties{MessageExpiryInterval: new(1500 * time.Millisecond)}}, "a part of a second"},
		{"Properties.MessageExpiryInterval", Message{Properties: &PublishProperties{MessageExpiryInterval: new(time.Duration(0))}}, "over before it could leave"},
		{"Properties.MessageExpiryInterval", Message{Properties: &PublishProperties{MessageExpiryInterval: new(-time.Second)}}, "negative expiry"},
		{"Properties.MessageExpiryInterval", Message{Properties: &PublishProperties{MessageExpiryInterval: new(SessionExpiryNever + time.Second)}}, "more than four bytes"},
		{"", Message{Properties: &PublishProperties{MessageExpiryInterval: new(SessionExpiryNever)}}, "longest expiry"},
		{"Properties.ResponseTopic", Message{Properties: &PublishProperties{ResponseTopic: "a/#"}}, "response topic with a wildcard (3.3.2-14)"},
		{"Properties.ContentType", Message{Properties: &PublishProperties{ContentType: "a\x00"}}, "content type with U+0000"},
		{"Properties.CorrelationData", Message{Properties: &PublishProperties{CorrelationData: []byte(long)}}, "long correlation data"},
		{"Properties.UserProperties[1].Key", Message{Properties: &PublishProperties{UserProperties: []UserProperty{{"a", "b"}, {"\xff", ""}}}}, "user property key"},
		{"Properties.UserProperties[0].Value", Message{Properties: &PublishProperties{UserProperties: []UserProperty{{"a", long}}}}, "user property value"},
	} {
		t.Run(c.title, func(t *testing.T) {
			c.m.Topic = "a"
			name := c.name
			if name != "" {
				name = "Message." + name
			}
			requireArgument(t, name, checkMessage(&c.m))
		})
	}
}

func TestCheckingAGoodMessageTakesNoMemory(t *testing.T) {
	m := &Message{Topic: "a/b", Payload: []byte("hi"), QoS: AtLeastOnce}
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if checkMessage(m) != nil {
			panic("good")
		}
	}))
}

func TestPropertiesThatAreSet(t *testing.T) {
	require.True(t, (&PublishProperties{UserProperties: []UserProperty{}}).empty())
	for name, p := range map[string]PublishProperties{
		"format": {PayloadFormatIndicator: 1}, "expiry": {MessageExpiryInterval: new(time.Second)}, "alias": {TopicAlias: 1},
		"response": {ResponseTopic: "r"}, "correlation": {CorrelationData: []byte{}}, "type": {ContentType: "t"},
		"user": {UserProperties: []UserProperty{{}}},
	} {
		require.False(t, p.empty(), name)
	}
}
