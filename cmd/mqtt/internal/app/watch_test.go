package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestAnOutageIsToldWhenAnotherAttemptFollows(t *testing.T) {
	const server = "mqtt://a:1883"
	up, down := mqtt.EventConnected{Server: server}, mqtt.EventDisconnected{Server: server, Err: codec.SessionTakenOver}
	for _, c := range []struct {
		name   string
		events []mqtt.Event
		told   []string
	}{
		{"lost and back", []mqtt.Event{up, down, mqtt.EventReconnecting{}, down, mqtt.EventReconnecting{}, up},
			[]string{"the connection to mqtt://a:1883 is lost: session taken over; trying again", "connected to mqtt://a:1883 again"}},
		{"lost for good", []mqtt.Event{up, down, mqtt.EventClosed{Err: codec.SessionTakenOver}}, nil},
		{"never there", []mqtt.Event{down, mqtt.EventReconnecting{}, up}, nil},
		{"closed by us", []mqtt.Event{up, mqtt.EventDisconnected{Server: server, Err: mqtt.ErrClosed}, mqtt.EventClosed{}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var o outage
			var told []string
			for _, e := range c.events {
				if text := o.tell(e); text != "" {
					told = append(told, text)
				}
			}
			require.Equal(t, c.told, told)
		})
	}
}
