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
		t.end(e.Err)
	}
}
