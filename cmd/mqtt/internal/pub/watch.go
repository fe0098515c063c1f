package pub

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt"
)

// watch says when the connection is lost and when it is back, until the client ends. When that ends by itself, nothing more is
// fed.
func watch(client *mqtt.Client, say func(string), stop context.CancelCauseFunc) {
	up := true
	for event := range client.Events() {
		switch e := event.(type) {
		case mqtt.EventDisconnected:
			if up && !errors.Is(e.Err, mqtt.ErrClosed) {
				up = false
				say(fmt.Sprintf("the connection to %s is lost, and made again: %v", e.Server, e.Err))
			}
		case mqtt.EventConnected:
			if !up {
				say(fmt.Sprintf("connected again, to %s", e.Server))
			}
			up = true
		case mqtt.EventSessionLost:
			if e.Republished+e.Uncertain > 0 {
				say(sessionLost(e))
			}
		case mqtt.EventClosed:
			stop(e.Err)
		}
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
