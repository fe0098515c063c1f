package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// Fruitless follows the events of a client whose server may end the connection for a message that it can't take: MQTT 3.1.1 has no
// other way to say so. The message is sent again on the next one, and so on for ever.
type Fruitless struct {
	Oldest func() time.Duration // how long the oldest message has waited for its outcome, as mqtt.OutStats.OldestAge says
	Most   int                  // connections in a row that may be lost for it
	End    func(error)          // is given a *FruitlessError then, once

	up   bool
	lost int       // connections in a row, with the same message as the oldest
	born time.Time // when that one began to wait, at the latest
}

// FruitlessError says that the server ends connections for what it gets, or we do for what it answers.
type FruitlessError struct {
	Lost int   // connections, in a row
	Err  error // of the last one
}

func (e *FruitlessError) Error() string {
	return fmt.Sprintf("%d connections in a row have ended before the oldest message was acknowledged, which the server may not be able to take; the last one: %v", e.Lost, e.Err)
}

func (e *FruitlessError) Unwrap() error { return e.Err }

// EndFruitless follows c, and ends it together with who publishes with it, by stop.
func EndFruitless(c *mqtt.Client, stop context.CancelCauseFunc) *Fruitless {
	oldest := func() time.Duration { return c.Stats().Out.OldestAge }
	return &Fruitless{Oldest: oldest, Most: 3, End: func(err error) {
		stop(err)
		c.Abort()
	}}
}

// Hear is for App.Watch.
func (f *Fruitless) Hear(e mqtt.Event) {
	switch e := e.(type) {
	case mqtt.EventConnected:
		f.up = true
	case mqtt.EventDisconnected:
		if f.up && !errors.Is(e.Err, mqtt.ErrClosed) { // an attempt that fails says nothing of a message, nor does our own end
			f.up = false
			f.lose(e.Err)
		}
	}
}

func (f *Fruitless) lose(err error) {
	before := time.Now() // it began to wait between before and after, less its age
	oldest := f.Oldest()
	after := time.Now()
	if oldest == 0 {
		f.lost = 0
		return
	}
	if before.Add(-oldest).After(f.born) { // another one
		f.lost = 0
	}
	if f.lost == 0 {
		f.born = after.Add(-oldest)
	}
	if f.lost++; f.lost == f.Most {
		f.End(&FruitlessError{f.lost, err})
	}
}
