package sub

import (
	"github.com/sluicemq/sluice/mqtt"
)

// arrival is what the trace says of a message.
type arrival struct {
	topic string
	qos   mqtt.QoS
	dup   bool
	id    uint16
}

// mostArrivals is how many messages can be on their way from the trace to us: Config.InboxHard's.
const mostArrivals = 65_535

// watchIDs finds the packet identifiers of messages, which they don't bear themselves: the trace names each before it is handed
// out. For formats that want them alone, since a trace costs time.
func watchIDs(cfg *mqtt.Config) func(*mqtt.Received) uint16 {
	var trace mqtt.Trace
	if cfg.Trace != nil {
		trace = *cfg.Trace
	}
	arrivals := make(chan arrival, mostArrivals)
	told := trace.PacketReceived
	trace.PacketReceived = func(p mqtt.PacketInfo) {
		if told != nil {
			told(p)
		}
		if p.Type == "PUBLISH" && p.QoS > 0 {
			select {
			case arrivals <- arrival{p.Topic, p.QoS, p.Dup, p.PacketID}:
			default:
			}
		}
	}
	cfg.Trace = &trace
	return func(m *mqtt.Received) uint16 { return idOf(m, arrivals) }
}

// idOf takes what lies before the message: it was never handed out. 0: nobody knows.
func idOf(m *mqtt.Received, arrivals <-chan arrival) uint16 {
	for {
		select {
		case a := <-arrivals:
			if a.topic == m.Topic && a.qos == m.QoS && a.dup == m.Dup {
				return a.id
			}
		default:
			return 0
		}
	}
}
