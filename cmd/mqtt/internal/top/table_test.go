package top

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func message(topic, payload string) *mqtt.Received {
	return &mqtt.Received{Message: mqtt.Message{Topic: topic, Payload: []byte(payload)}}
}

func topics(s *snapshot) (names []string) {
	for _, r := range s.rows {
		names = append(names, r.topic)
	}
	return names
}

func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tab := newTable(time.Now(), 10)
		now := func() *snapshot { return tab.snapshot(time.Now(), keepValue) }
		time.Sleep(3500 * time.Millisecond)
		tab.put(message("a", "xx"), time.Now())
		require.Equal(t, 1.0, now().rows[0].rate, "what came so far")
		time.Sleep(time.Second)
		for range 80 { // ten a second, for eight
			tab.put(message("a", "xx"), time.Now())
			time.Sleep(100 * time.Millisecond)
		}
		s := now()
		require.Equal(t, 10.0, s.rows[0].rate)
		require.Equal(t, 10.0, s.rate)
		require.Equal(t, 20.0, s.volume)
		require.EqualValues(t, 10, s.rows[0].past[pastSeconds-1])
		require.EqualValues(t, 1, s.rows[0].past[pastSeconds-9])
		require.Zero(t, s.rows[0].past[pastSeconds-10])
		time.Sleep(2 * time.Second)
		require.InDelta(t, 7, now().rows[0].rate, 1.5, "three of the last five seconds had some")
		time.Sleep(10 * time.Second)
		require.Zero(t, now().rows[0].rate)
		time.Sleep(time.Hour)
		require.Equal(t, [pastSeconds]uint64{}, now().rows[0].past)
		tab.put(message("a", ""), time.Now())
		time.Sleep(time.Second)
		require.Equal(t, [pastSeconds]uint64{pastSeconds - 1: 1}, now().rows[0].past, "nothing of an hour ago")
		require.EqualValues(t, 82, now().rows[0].count)
		require.EqualValues(t, 162, tab.detail("a", time.Now()).bytes)
	})
}

func TestForgetsTheSilent(t *testing.T) {
	tab := newTable(time.Now(), 3)
	for _, topic := range []string{"a", "b", "c", "a", "d", "e"} {
		tab.put(message(topic, "x"), time.Now())
	}
	s := tab.snapshot(time.Now(), keepValue)
	require.Equal(t, []string{"e", "d", "a"}, topics(s))
	require.EqualValues(t, 2, s.forgotten)
	require.EqualValues(t, 6, s.messages)
	require.Nil(t, tab.detail("b", time.Now()))
}

func TestHoldsNoMoreThanItsBytes(t *testing.T) {
	tab := newTable(time.Now(), 1_000_000)
	tab.maxBytes = 1 << 20
	large := strings.Repeat("x", 100_000)
	for i := range 100 {
		m := message(fmt.Sprint("topic ", i), large)
		m.Properties = &mqtt.PublishProperties{UserProperties: []mqtt.UserProperty{{Key: "k", Value: large[:1000]}}}
		tab.put(m, time.Now())
		require.LessOrEqual(t, tab.held, tab.maxBytes)
	}
	require.Len(t, tab.topics, tab.maxBytes/(keepPayload+2000), "64 KiB of each payload, and what belongs to it")
	require.EqualValues(t, 100-len(tab.topics), tab.forgotten)
	sum := 0
	for e := tab.newest; e != nil; e = e.older {
		sum += e.held
		require.LessOrEqual(t, cap(e.payload), keepPayload*5/4)
	}
	require.Equal(t, sum, tab.held)
	tab.put(message("topic 99", "small"), time.Now())
	require.Less(t, tab.held, sum-keepPayload/2, "a small payload after a large one")
	d := tab.detail("topic 98", time.Now())
	require.Len(t, d.value, keepPayload)
	require.Equal(t, len(large), d.size)
}

func TestRetained(t *testing.T) {
	tab := newTable(time.Now(), 3)
	put := func(payload string, retain bool) bool {
		m := message("a", payload)
		m.Retain = retain
		tab.put(m, time.Now())
		return tab.snapshot(time.Now(), keepValue).rows[0].retained
	}
	require.False(t, put("1", false))
	require.True(t, put("2", true))
	require.True(t, put("3", false), "the server keeps 2")
	require.False(t, put("", true), "it was removed")
}

func TestSnapshotSharesNothing(t *testing.T) {
	tab := newTable(time.Now(), 3)
	m := message("a", "before")
	tab.put(m, time.Now())
	s, d := tab.snapshot(time.Now(), 3), tab.detail("a", time.Now())
	copy(m.Payload, "BEFORE")
	tab.put(message("a", "after"), time.Now())
	require.Equal(t, "bef", string(s.rows[0].value))
	require.Equal(t, "before", string(d.value))
}

func TestArrange(t *testing.T) {
	now := time.Now()
	rows := []row{
		{topic: "b", value: []byte("1"), size: 3, rate: 1, last: now.Add(-time.Minute), qos: 2},
		{topic: "a/x", value: []byte("3"), size: 1, rate: 1, last: now.Add(-time.Hour), retained: true},
		{topic: "c", value: []byte("2"), size: 2, rate: 9, last: now, qos: 1},
	}
	for order, want := range map[column]string{
		byTopic: "[a/x b c]", byValue: "[b c a/x]", byAge: "[c b a/x]", byRate: "[c a/x b]", bySize: "[b c a/x]", byRetained: "[a/x b c]", byQoS: "[b c a/x]",
	} {
		require.Equal(t, want, fmt.Sprint(names(arrange(rows, order, false, matcher("")))), columnNames[order])
	}
	require.Equal(t, "[a/x b c]", fmt.Sprint(names(arrange(rows, byRate, true, matcher("")))), "equal ones stand by topic, either way")
	require.Equal(t, "[c b a/x]", fmt.Sprint(names(arrange(rows, byTopic, true, matcher("")))))
	require.Equal(t, "[a/x]", fmt.Sprint(names(arrange(rows, byTopic, false, matcher("X")))))
}

func names(rows []*row) (topics []string) {
	for _, r := range rows {
		topics = append(topics, r.topic)
	}
	return topics
}

func TestMatcher(t *testing.T) {
	for _, c := range []struct {
		text, topic string
		matches     bool
	}{
		{"", "a", true},
		{"LANT", "plant/1", true},
		{"x", "plant/1", false},
		{"plant/+", "plant/1", true},
		{"plant/+", "plant/1/t", false},
		{"#", "plant/1/t", true},
		{"t+", "a/t+b", true}, // no filter: a text
		{"$SYS/#", "$SYS/broker", true},
	} {
		require.Equal(t, c.matches, matcher(c.text)(c.topic), "%q for %q", c.text, c.topic)
	}
}
