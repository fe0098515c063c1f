package pub

import (
	"context"
	"fmt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// watcher follows the events of a client, one at a time.
type watcher struct {
	say       func(string)
	stop      context.CancelCauseFunc // ends the feeding
	fruitless *app.Fruitless
}

// watch tells of connections, unless --quiet is given, and follows what happens until the client ends. What it returns is closed then.
func (o *options) watch(client *mqtt.Client, stop context.CancelCauseFunc) <-chan struct{} {
	w := &watcher{say: o.say, stop: stop, fruitless: app.EndFruitless(client, stop)}
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
	w.fruitless.Hear(event)
	switch e := event.(type) {
	case mqtt.EventSessionLost:
		if e.Republished+e.Uncertain > 0 {
			w.say(sessionLost(e))
		}
	case mqtt.EventClosed:
		w.stop(e.Err)
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
