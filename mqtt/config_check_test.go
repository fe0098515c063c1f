package mqtt

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// requireConfig holds err to be a *ConfigError about field, or nil for an empty one.
func requireConfig(t *testing.T, field string, err error) {
	t.Helper()
	if field == "" {
		require.NoError(t, err)
		return
	}
	wrong, ok := errors.AsType[*ConfigError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, field, wrong.Field)
	require.NotEmpty(t, wrong.Reason)
	require.Equal(t, "Config."+field+": "+wrong.Reason, err.Error())
}

func TestB028B275KeepAlive(t *testing.T) {
	for _, c := range []struct {
		given time.Duration
		want  time.Duration // zero: off
		bad   bool
	}{
		{0, time.Minute, false},
		{-1, 0, false},
		{-time.Hour, 0, false},
		{time.Second, time.Second, false},
		{65_535 * time.Second, 65_535 * time.Second, false},
		{65_536 * time.Second, 0, true},
		{time.Millisecond, 0, true},
		{1500 * time.Millisecond, 0, true},
		{math.MaxInt64, 0, true},
	} {
		t.Run(c.given.String(), func(t *testing.T) {
			s, err := Config{KeepAlive: c.given}.settle()
			if c.bad {
				requireConfig(t, "KeepAlive", err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, s.KeepAlive)
		})
	}
}

func TestFieldsOutOfRange(t *testing.T) {
	for field, configs := range map[string][]Config{
		"Version":               {{Version: 1}, {Version: 6}, {Version: 255}},
		"Session":               {{Session: 3}},
		"OnSessionLost":         {{OnSessionLost: 2}},
		"OutboxFull":            {{OutboxFull: 3}},
		"Redirect":              {{Redirect: 3}},
		"Offline":               {{Offline: 3}},
		"Overflow":              {{Overflow: 4}},
		"Ack":                   {{Ack: 3}},
		"PingTimeout":           {{PingTimeout: -1}},
		"ConnectTimeout":        {{ConnectTimeout: -1}},
		"WriteTimeout":          {{WriteTimeout: -1}},
		"StallAfter":            {{StallAfter: -1}},
		"Backoff.Min":           {{Backoff: Backoff{Min: -1}}, {Backoff: Backoff{Min: 2, Max: 1}}},
		"Backoff.Max":           {{Backoff: Backoff{Max: -1}}},
		"Backoff.Stable":        {{Backoff: Backoff{Stable: -1}}},
		"ReceiveMaximum":        {{ReceiveMaximum: -1}, {ReceiveMaximum: 65_536}},
		"MaxPacketSize":         {{MaxPacketSize: -1}, {MaxPacketSize: 268_435_461}},
		"TopicAlias":            {{TopicAlias: 3}},
		"TopicAliasMaximum":     {{TopicAliasMaximum: -1}, {TopicAliasMaximum: 65_536}},
		"MaxInFlight":           {{MaxInFlight: -1}, {MaxInFlight: 65_536}},
		"SubscribeBatch":        {{SubscribeBatch: -1}},
		"Outbox.Messages":       {{Outbox: Bounds{Messages: -1}}},
		"Outbox.Bytes":          {{Outbox: Bounds{Bytes: -1}}},
		"Inbox.Messages":        {{Inbox: Bounds{Messages: -1}}},
		"InboxHard.Bytes":       {{InboxHard: Bounds{Bytes: -1}}},
		"Username":              {{Username: "\xff"}, {Username: "a\x00"}, {Username: strings.Repeat("u", 65_536)}},
		"Password":              {{Username: "u", Password: make([]byte, 65_536)}},
		"UserProperties[1].Key": {{UserProperties: []UserProperty{{}, {Key: "\x00"}}}},
		"SessionExpiry": {
			{SessionExpiry: -time.Second}, {SessionExpiry: time.Millisecond}, {SessionExpiry: SessionExpiryNever + time.Second},
			{Session: SessionConnection, SessionExpiry: time.Second},
		},
		"Subscriptions[1].Filter":     {{Subscriptions: []Subscription{{Filter: "a"}, {Filter: "a#"}}}},
		"Subscriptions[0].Identifier": {{Subscriptions: []Subscription{{Filter: "a", Identifier: 268_000_000}}}},
		"Subscriptions[0].QoS":        {{Subscriptions: []Subscription{{Filter: "a", QoS: 3}}}},
		"": {
			{SessionExpiry: SessionExpiryNever}, {MaxInFlight: 65_535, ReceiveMaximum: 65_535, MaxPacketSize: 268_435_460},
			{Session: SessionConnection}, {TopicAliasMaximum: 65_535}, {Password: []byte{0, 0xFF}, Username: "u"},
			{Backoff: Backoff{Min: 1, Max: 1, Attempts: -1}},
		},
	} {
		for _, c := range configs {
			t.Run(field, func(t *testing.T) {
				_, err := c.settle()
				requireConfig(t, field, err)
			})
		}
	}
}

func TestWillsAreChecked(t *testing.T) {
	for _, c := range []struct {
		title string
		field string
		will  Will
	}{
		{"B025: all set", "", Will{
			Topic: "w/t", Payload: []byte("bye"), QoS: ExactlyOnce, Retain: true,
			Properties: &WillProperties{
				WillDelayInterval: SessionExpiryNever, PayloadFormatIndicator: 1, MessageExpiryInterval: new(time.Duration(0)),
				ContentType: "t", ResponseTopic: "r", CorrelationData: []byte{1}, UserProperties: []UserProperty{{"k", "v"}},
			},
		}},
		{"no topic (4.7.3-1)", "Topic", Will{}},
		{"wildcard", "Topic", Will{Topic: "a/+"}},
		{"U+0000 (4.7.3-2)", "Topic", Will{Topic: "a\x00"}},
		{"QoS 3 (3.1.2-12)", "QoS", Will{Topic: "a", QoS: 3}},
		{"payload of 64 KiB", "Payload", Will{Topic: "a", Payload: make([]byte, 65_536)}},
		{"negative delay", "Properties.WillDelayInterval", Will{Topic: "a", Properties: &WillProperties{WillDelayInterval: -time.Second}}},
		{"delay with a part of a second", "Properties.WillDelayInterval", Will{Topic: "a", Properties: &WillProperties{WillDelayInterval: 1}}},
		{"expiry with a part of a second", "Properties.MessageExpiryInterval", Will{Topic: "a", Properties: &WillProperties{MessageExpiryInterval: new(time.Duration(1))}}},
		{"not UTF-8", "Properties.PayloadFormatIndicator", Will{Topic: "a", Payload: []byte{0xFF}, Properties: &WillProperties{PayloadFormatIndicator: 1}}},
		{"response topic", "Properties.ResponseTopic", Will{Topic: "a", Properties: &WillProperties{ResponseTopic: "#"}}},
	} {
		t.Run(c.title, func(t *testing.T) {
			field := c.field
			if field != "" {
				field = "Will." + field
			}
			_, err := Config{Will: &c.will}.settle()
			requireConfig(t, field, err)
		})
	}
}
