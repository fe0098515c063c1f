package belt

import (
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// Again gives a message that was received a second to live where it came in its last one: there is none with less to publish
// (§3.3.2.3.3). It leaves the properties that it had as they are.
func Again(m *mqtt.Message) {
	if m.Properties == nil || m.Properties.MessageExpiryInterval == nil || *m.Properties.MessageExpiryInterval != 0 {
		return
	}
	p := *m.Properties
	p.MessageExpiryInterval = new(time.Second)
	m.Properties = &p
}
