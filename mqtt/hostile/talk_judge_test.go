package hostile_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt"
)

// look takes what the client has told since the last step, and judges what can be judged at once.
func (u *user) look(c *talk) {
	for _, r := range drained(u.results) {
		u.ended++
		c.note("call %d: %s ends with %v", r.number, r.name, r.err)
		u.take(c, r)
	}
	for _, t := range drained(u.taken) {
		u.hand(c, t)
	}
	for _, e := range drained(c.client.Events()) {
		u.told(c, e)
	}
	if out := c.client.Stats().Out; out.InFlight+out.Queued > c.cfg.Outbox.Messages {
		c.Fatalf("more than the outbox may hold: %+v", out)
	}
}

// drained is what lies in a channel.
func drained[T any](c <-chan T) (all []T) {
	for {
		select {
		case v, open := <-c:
			if !open {
				return all
			}
			all = append(all, v)
		default:
			return all
		}
	}
}

// take judges how a call ended.
func (u *user) take(c *talk, r result) {
	noInternal(c, r.err)
	if r.message == nil {
		return
	}
	if e, open := errors.AsType[*mqtt.InFlightError](r.err); open {
		r.message.d = e.Delivery
		return
	}
	r.message.over, r.message.end = true, r.err
}

// hand notes a message that was handed out. At QoS 2 none is twice, as long as the server keeps to the rules.
func (u *user) hand(c *talk, t taking) {
	u.held = append(u.held, t.m)
	key := fmt.Sprintf("%d %s", t.by, t.m.Payload)
	u.handed[key]++
	p := c.peer.parcels[string(t.m.Payload)]
	if p != nil && p.qos == 2 && t.m.QoS == mqtt.ExactlyOnce && !p.forgotten && !u.rejected[string(t.m.Payload)] && u.handed[key] > 1 {
		c.Fatalf("message %s was handed out %d times", key, u.handed[key])
	}
}

func (u *user) told(c *talk, e mqtt.Event) {
	if e.Missed() > 0 {
		u.up = false
	}
	switch e := e.(type) {
	case mqtt.EventConnected:
		if u.up && e.Missed() == 0 {
			c.Fatal("up twice, and no down between")
		}
		u.up = true
	case mqtt.EventDisconnected:
		u.up = false
		noInternal(c, e.Err)
		fault, ok := errors.AsType[*mqtt.ProtocolError](e.Err)
		if ok && !c.wild {
			c.Fatalf("the server kept to the rules, and the connection ended with %v", fault)
		}
		if ok && !sectionForm.MatchString(fault.Section) {
			c.Fatalf("no section: %#v", fault)
		}
	}
}

func noInternal(c *talk, err error) {
	if _, broken := errors.AsType[*mqtt.InternalError](err); broken {
		c.Fatalf("an invariant broke: %v", err)
	}
}

// allEnded proves that each call has returned and each message has its outcome (contract 1).
func (u *user) allEnded(c *talk) {
	if u.begun != u.ended {
		c.Fatalf("%d calls have not returned", u.begun-u.ended)
	}
	over, stop := context.WithCancel(context.Background())
	stop()
	for _, s := range u.sent {
		if s.over {
			continue
		}
		if _, ended := s.d.Result(); !ended {
			c.Fatalf("%s has no outcome", s.payload)
		}
		s.over, s.end = true, s.d.Wait(over)
		if errors.Is(s.end, context.Canceled) {
			s.end = s.d.Wait(context.Background())
		}
	}
	for _, k := range u.consumers {
		<-k.gone // the client closes what it handed out
	}
}

// judge holds the outcomes against what has arrived.
func (u *user) judge(c *talk) {
	for _, s := range u.sent {
		noInternal(c, s.end)
		n := c.peer.arrived[s.payload]
		_, refused := errors.AsType[*mqtt.ReasonError](s.end)
		kinds := 0
		for _, is := range []bool{s.end == nil, errors.Is(s.end, mqtt.ErrNotSent), errors.Is(s.end, mqtt.ErrUncertain), errors.Is(s.end, mqtt.ErrKept)} {
			if is {
				kinds++
			}
		}
		switch {
		case kinds > 1, kinds == 0 && !refused:
			c.Fatalf("%q ended as %d outcomes: %v", s.payload, kinds, s.end)
		case errors.Is(s.end, mqtt.ErrNotSent) && n > 0:
			c.Fatalf("%q was not sent (%v), and arrived %d times", s.payload, s.end, n)
		case s.end == nil && s.qos > 0 && n == 0 && !c.wild:
			c.Fatalf("%q is done, and never arrived", s.payload)
		}
	}
}
