package conformance

import (
	"testing"

	"github.com/sluicemq/sluice/mqtt"
)

func TestMQTT311(t *testing.T) { suite311.run(t) }

// suite311 is the conformance statements of MQTT 3.1.1, and the rules of its text that have no number.
var suite311 = &suite{
	version:    mqtt.V311,
	test:       "TestMQTT311",
	statements: statements("v311.tsv"),
	rows: []rows{data311, packets311, connect311, payload311, keepAlive311, connack311, publish311, qos311, order311, subscribe311,
		unsubscribe311, topics311, end311},
	outside:      together(outside311, webSocket),
	unobservable: unobservable311,
	open:         open311,
}
