package conformance

import (
	"testing"

	"github.com/sluicemq/sluice/mqtt"
)

// suite5 is MQTT 5.0.
var suite5 = &suite{
	version:    mqtt.V5,
	test:       "TestMQTT5",
	statements: statements("v5.tsv"),
	rows: []rows{
		data5, control5, connect5, properties5, payload5, connack5, announced5, flags5, header5, publish5, aliases5, acknowledge5,
		subscribe5, unsubscribe5, disconnect5, auth5, redirect5, delivery5, exactlyOnce5, flow5, topics5,
	},
	outside:      together(transport5, webSocket),
	unobservable: unobservable5,
	open:         open5,
}

func TestMQTT5(t *testing.T) { suite5.run(t) }
