package mqtt

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFiltersOfSubscriptions(t *testing.T) {
	for _, c := range []struct {
		rule    string
		filters []string
		bad     bool
	}{
		{"B165", []string{
			"+", "+/event", "event/+", "#", "event/#", "system/+/event", "system/+/event/#", "system/+/+/new_device",
			"中国/#", "/", "a//b", "$SYS/#", strings.Repeat("f", 65_535), "$share/g/a/#", "$share/g//finance",
		}, false},
		{"B166", []string{"#/event", "event#", "event+", "system/#/event", "system/+/#/event"}, true},
		{"B177", []string{
			"", "a\x00", "a\xff", strings.Repeat("f", 65_536),
			"$share", "$share/", "$share/g", "$share/g/", "$share//a", "$share/+/a", "$share/#/a", "$share/a+b/c", "$share/g/a#",
		}, true},
	} {
		for _, filter := range c.filters {
			t.Run(c.rule+" "+filter[:min(len(filter), 20)], func(t *testing.T) {
				list, gone := "", ""
				if c.bad {
					list, gone = "Subscriptions[1].Filter", "Unsubscription.Filters[1]"
				}
				requireArgument(t, list, checkSubscriptions([]Subscription{{Filter: "good"}, {Filter: filter}}))
				requireArgument(t, gone, checkUnsubscription(Unsubscription{Filters: []string{"good", filter}}))
			})
		}
	}
}

func TestB167EmptyLists(t *testing.T) {
	requireArgument(t, "Subscriptions", checkSubscriptions(nil))
	requireArgument(t, "Unsubscription.Filters", checkUnsubscription(Unsubscription{}))
}

func TestOptionsOfSubscriptions(t *testing.T) {
	for _, c := range []struct {
		title string
		name  string
		s     Subscription
	}{
		{"all set", "", Subscription{
			Filter: "a", QoS: ExactlyOnce, NoLocal: true, RetainAsPublished: true, RetainHandling: RetainDontSend,
			Identifier: 267_999_999, UserProperties: []UserProperty{{"k", "v"}, {"k", "v"}},
		}},
		{"QoS 3 (3.8.3-5)", "QoS", Subscription{Filter: "a", QoS: 3}},
		{"no local, shared (3.8.3-4)", "NoLocal", Subscription{Filter: "$share/g/a", NoLocal: true}},
		{"retain handling 3 (3.8.3.1)", "RetainHandling", Subscription{Filter: "a", RetainHandling: 3}},
		{"identifier of the client's own", "Identifier", Subscription{Filter: "a", Identifier: 268_000_000}},
		{"identifier beyond the wire's (3.8.2.1.2)", "Identifier", Subscription{Filter: "a", Identifier: 268_435_456}},
		{"user property", "UserProperties[0].Value", Subscription{Filter: "a", UserProperties: []UserProperty{{"k", "\x00"}}}},
	} {
		t.Run(c.title, func(t *testing.T) {
			name := c.name
			if name != "" {
				name = "Subscriptions[0]." + name
			}
			requireArgument(t, name, checkSubscriptions([]Subscription{c.s}))
		})
	}
	requireArgument(t, "Unsubscription.UserProperties[0].Key",
		checkUnsubscription(Unsubscription{Filters: []string{"a"}, UserProperties: []UserProperty{{"\x00", ""}}}))
}

func TestB258SubscriptionsThatNeedV5(t *testing.T) {
	plain := Subscription{Filter: "$share/g/a", QoS: ExactlyOnce}
	require.False(t, plain.needsV5())
	for name, s := range map[string]Subscription{
		"no local": {NoLocal: true}, "as published": {RetainAsPublished: true}, "handling": {RetainHandling: RetainSendIfNew},
		"identifier": {Identifier: 1}, "user": {UserProperties: []UserProperty{{}}},
	} {
		require.True(t, s.needsV5(), name)
	}
}

func TestStreamConfigsAreChecked(t *testing.T) {
	for name, c := range map[string]StreamConfig{
		"":                            {Inbox: Bounds{1, 1}, Overflow: OverflowDropNewest, Ack: AckManual},
		"StreamConfig.Inbox.Messages": {Inbox: Bounds{Messages: -1}},
		"StreamConfig.Inbox.Bytes":    {Inbox: Bounds{Bytes: -1}},
		"StreamConfig.Overflow":       {Overflow: 4},
		"StreamConfig.Ack":            {Ack: 3},
	} {
		requireArgument(t, name, checkStreamConfig(c))
	}
	require.NoError(t, checkStreamConfig(StreamConfig{}))
}

func TestMoreFiltersThanPacketIdentifiers(t *testing.T) {
	subs, filters := make([]Subscription, 65_536), make([]string, 65_536)
	for i := range subs {
		subs[i].Filter, filters[i] = "a", "a"
	}
	requireArgument(t, "Subscriptions", checkSubscriptions(subs))
	requireArgument(t, "Unsubscription.Filters", checkUnsubscription(Unsubscription{Filters: filters}))
	requireArgument(t, "", checkSubscriptions(subs[1:]))
	requireArgument(t, "", checkUnsubscription(Unsubscription{Filters: filters[1:]}))
}
