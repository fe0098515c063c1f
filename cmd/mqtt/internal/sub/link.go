package sub

import (
	"github.com/sluicemq/sluice/mqtt"
)

// hear follows what happens to the connection. App.Watch has told it.
func (t *taker) hear(e mqtt.Event) {
	switch e := e.(type) {
	case mqtt.EventDisconnected:
		t.lost = true
	case mqtt.EventConnected:
		t.lost = false
	case mqtt.EventClosed:
		t.closed = &e
		t.endOfAll()
	}
}

// endOfAll ends the taking when the client has closed, and all that came from it was taken.
func (t *taker) endOfAll() {
	if t.closed != nil && t.in == nil {
		t.end(t.closed.Err)
	}
}
