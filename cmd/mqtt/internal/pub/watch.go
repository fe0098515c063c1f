package pub

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt"
)

// watcher follows the events of a client, one at a time.
type watcher struct {
	client *mqtt.Client
	say    func(string)
	stop   context.CancelCauseFunc // ends the feeding

	down      bool
	done      uint64 // messages, when the last connection ended
	fruitless int    // connections in a row that brought no acknowledgement
}

// fruitlessMost is after how many such connections the client is given up.
const fruitlessMost = 3

// errFruitless says that the server takes connections, and ends them for what it gets: MQTT 3.1.1 has no other way to refuse a message.
var errFruitless = fmt.Errorf("the server has ended %d connections in a row without acknowledging", fruitlessMost)

// watch tells of connections, unless --quiet is given, and follows what happens until the client ends. What it returns is closed then.
func (o *options) watch(client *mqtt.Client, stop context.CancelCauseFunc) <-chan struct{} {
	w := &watcher{client: client, say: o.say, stop: stop}
	if !o.quiet {
		return o.app.Watch(client, w.hear)
	}
	w.say = func(string) {}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for e := range client.Events() {
			w.hear(e)
		}
	}()
	return over
}

// hear is for each event. When the client ends by itself, nothing more is fed.
func (w *watcher) hear(event mqtt.Event) {
	switch e := event.(type) {
	case mqtt.EventDisconnected:
		if !w.down && !errors.Is(e.Err, mqtt.ErrClosed) {
			w.down = true
			w.lost()
		}
	case mqtt.EventConnected:
		w.down = false
	case mqtt.EventSessionLost:
		if e.Republished+e.Uncertain > 0 {
			w.say(sessionLost(e))
		}
	case mqtt.EventClosed:
		w.stop(e.Err)
	}
}

// lost is for a connection that has ended, but not for each attempt at another one.
func (w *watcher) lost() {
	out := w.client.Stats().Out
	if w.fruitless++; out.Done+out.Refused != w.done || out.InFlight+out.Queued == 0 {
		w.fruitless = 0
	}
	w.done = out.Done + out.Refused
	if w.fruitless == fruitlessMost {
		w.stop(errFruitless)
		w.client.Abort()
	}
}

func sessionLost(e mqtt.EventSessionLost) string {
	text := "the server has lost the session"
	if e.Republished > 0 {
		text += fmt.Sprintf("; %d messages are sent again, and may arrive twice", e.Republished)
	}
	if e.Uncertain > 0 {
		text += fmt.Sprintf("; of %d messages of QoS 2 nobody can say whether they arrived", e.Uncertain)
	}
	return text
}
