package app

import (
	"errors"

	"github.com/sluicemq/sluice/mqtt"
)

// Watch says on standard error when c has lost its connection and goes for a new one, and when it has one again, each once an
// outage. What ends c is left to whoever ends with it. It calls also, if that isn't nil, with each event. What it returns is closed
// when c has ended and the last event is told.
func (a *App) Watch(c *mqtt.Client, also func(mqtt.Event)) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		var w outage
		for e := range c.Events() {
			if text := w.tell(e); text != "" {
				a.Say("mqtt: %s", text)
			}
			if also != nil {
				also(e)
			}
		}
	}()
	return over
}

// outage knows whether there is a connection, as far as events have told.
type outage struct {
	was, lost bool
	untold    string // what is to be said of the loss when another attempt follows
}

func (o *outage) tell(e mqtt.Event) (text string) {
	switch e := e.(type) {
	case mqtt.EventConnected:
		again := o.lost
		o.was, o.lost = true, false
		if again {
			return "connected to " + e.Server + " again"
		}
	case mqtt.EventDisconnected:
		if o.was && !o.lost && !errors.Is(e.Err, mqtt.ErrClosed) {
			o.lost, o.untold = true, "the connection to "+e.Server+" is lost: "+sentence(e.Err)+"; trying again"
		}
	case mqtt.EventReconnecting:
		text, o.untold = o.untold, ""
	}
	return text
}
