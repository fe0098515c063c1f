package top

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// gathering runs a gather in a bubble, until the test ends.
func gathering(t *testing.T, out ...string) (messages chan<- *mqtt.Received, events chan<- mqtt.Event, ask func(int, string) *snapshot) {
	m, e, q := make(chan *mqtt.Received), make(chan mqtt.Event), make(chan question)
	g := &gather{messages: m, events: e, questions: q, out: out, table: newTable(time.Now(), 100), link: link{up: true, since: time.Now()}}
	ctx, cancel := context.WithCancel(context.Background())
	go g.run(ctx)
	t.Cleanup(cancel)
	return m, e, asker(ctx, q)
}

func TestGatherLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		messages, _, ask := gathering(t, "x/#")
		messages <- message("x/1", "a")
		messages <- message("y", "b")
		s := ask(10, "y")
		require.Equal(t, []string{"y"}, topics(s))
		require.Equal(t, "b", string(s.detail.value))
		close(messages)
		require.Nil(t, ask(10, "x/1").detail)
	})
}

func TestGatherKnowsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, events, ask := gathering(t)
		gone := errors.New("gone")
		events <- mqtt.EventDisconnected{Err: gone, Server: "s"}
		events <- mqtt.EventReconnecting{Attempt: 1, Delay: time.Second, Err: gone}
		l := ask(0, "").link
		require.False(t, l.up)
		require.Equal(t, gone, l.err)
		require.Equal(t, time.Now().Add(time.Second), l.next)
		lost := time.Now()
		time.Sleep(time.Second)
		events <- mqtt.EventDisconnected{Err: gone, Server: "s"} // an attempt failed: it is one loss all the same
		l = ask(0, "").link
		require.Equal(t, lost, l.since)
		require.Equal(t, 1, l.losses)
		events <- mqtt.EventConnected{Server: "s"}
		l = ask(0, "").link
		require.True(t, l.up)
		require.NoError(t, l.err)
		events <- mqtt.EventClosed{Err: gone}
		close(events)
		require.True(t, ask(0, "").link.ended)
	})
}

// BenchmarkGather is what a message costs.
func BenchmarkGather(b *testing.B) {
	tab := newTable(time.Now(), 10_000)
	m := message("plant/7/temperature", `{"t":21.5,"unit":"C"}`)
	b.ReportAllocs()
	for b.Loop() {
		tab.put(m, time.Now())
	}
}

// BenchmarkSnapshot is what the screen costs, four times a second, with as many topics as are held by default.
func BenchmarkSnapshot(b *testing.B) {
	tab := newTable(time.Now(), 10_000)
	for i := range 10_000 {
		tab.put(message(fmt.Sprintf("plant/%d/temperature", i*7919%10_000), `{"t":21.5,"unit":"C"}`), time.Now())
	}
	b.ReportAllocs()
	for b.Loop() {
		arrange(tab.snapshot(time.Now(), keepValue).rows, byRate, false, matcher("a"))
	}
}
