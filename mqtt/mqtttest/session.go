package mqtttest

import (
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// never is the Session Expiry Interval of a session that doesn't expire (§3.1.2.11.2).
const never = 0xFFFFFFFF

// session is what the Broker keeps for a client identifier (§4.1).
type session struct {
	id     string
	link   *link  // nil while the client is away
	expiry uint32 // in seconds, from when the client is away

	subscriptions []*subscription
	queue         []*delivery // never sent
	flight        []*delivery // sent and not finished, in order
	byID          map[uint16]*delivery
	lastID        uint16
	held          map[uint16]*message // received with QoS 2, and not yet released

	will    *will
	absence int         // counts how often the client went or came, so that a timer knows its time
	ending  *time.Timer // ends the session
	delayed *time.Timer // publishes the will
}

// will is the message that a session publishes when its connection ends badly (§3.1.2.5).
type will struct {
	message *message
	delay   uint32 // in seconds
}

func newSession(id string) *session {
	return &session{id: id, byID: map[uint16]*delivery{}, held: map[uint16]*message{}}
}

func (s *session) stopTimers() {
	s.absence++
	for _, t := range []*time.Timer{s.ending, s.delayed} {
		if t != nil {
			t.Stop()
		}
	}
	s.ending, s.delayed = nil, nil
}

// launch takes a Packet Identifier for d, and puts it in flight. false: all are in use.
func (s *session) launch(d *delivery) bool {
	if len(s.byID) == 65535 {
		return false
	}
	for {
		s.lastID++
		if _, used := s.byID[s.lastID]; !used && s.lastID != 0 {
			break
		}
	}
	d.id = s.lastID
	s.byID[d.id] = d
	s.flight = append(s.flight, d)
	return true
}

// finish is the end of a delivery.
func (s *session) finish(d *delivery) {
	delete(s.byID, d.id)
	if i := slices.Index(s.flight, d); i == 0 {
		s.flight = s.flight[1:]
	} else if i > 0 {
		s.flight = slices.Delete(s.flight, i, i+1)
	}
}

// answered gives the open delivery that an acknowledgement names. inOrder is false when the client owed another first:
// PUBACK leaves in the order of the QoS 1 messages, PUBREC in that of the QoS 2 messages (§4.6).
func (s *session) answered(id uint16, q codec.QoS) (d *delivery, inOrder bool) {
	d = s.byID[id]
	if d == nil || !d.open || d.qos != q {
		return nil, true
	}
	for _, e := range s.flight {
		if e == d {
			break
		}
		if e.open && !e.released && e.qos == q && !d.released {
			return d, false
		}
	}
	return d, true
}

// subscribe adds a subscription, or replaces the one with its filter. isNew says that there was none.
func (s *session) subscribe(sub *subscription) (isNew bool) {
	i := s.find(sub.Filter)
	if i < 0 {
		s.subscriptions = append(s.subscriptions, sub)
		return true
	}
	s.subscriptions[i] = sub
	return false
}

func (s *session) unsubscribe(filter string) bool {
	i := s.find(filter)
	if i < 0 {
		return false
	}
	s.subscriptions = slices.Delete(s.subscriptions, i, i+1)
	return true
}

func (s *session) find(filter string) int {
	return slices.IndexFunc(s.subscriptions, func(sub *subscription) bool { return sub.Filter == filter })
}
