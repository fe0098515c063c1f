package mqtttest

import (
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// sessionOf gives the session with an identifier; nil: there is none.
func (c *core) sessionOf(id string) *session {
	i := slices.IndexFunc(c.sessions, func(s *session) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return c.sessions[i]
}

// away is what a session does when its connection has ended: the will is published or waits, and the expiry begins
// (§3.1.2.5, §3.1.2.11.2).
func (c *core) away(s *session, goodbye bool) {
	s.absence++
	if goodbye {
		s.will = nil
	}
	if s.expiry == 0 {
		c.forget(s)
		return
	}
	absence := s.absence
	later := func(n uint32, f func(*session)) *time.Timer {
		return c.after(seconds(n), func() {
			if s.absence == absence {
				f(s)
			}
		})
	}
	if s.expiry != never {
		s.ending = later(s.expiry, c.forget)
	}
	switch {
	case s.will == nil:
	case s.will.delay == 0:
		c.publishWill(s)
	default:
		s.delayed = later(s.will.delay, c.publishWill)
	}
}

// publishWill publishes the will once; a session that has none has nothing to publish.
func (c *core) publishWill(s *session) {
	if w := s.will; w != nil {
		s.will = nil
		c.publish(newMessage(&w.message.Publish, s.id, time.Now())) // its expiry counts from now
	}
}

// forget is the end of a session. A will that waited is published now (§3.1.3.2.2).
func (c *core) forget(s *session) {
	s.stopTimers()
	c.publishWill(s)
	c.sessions = slices.DeleteFunc(c.sessions, func(other *session) bool { return other == s })
	clear(c.routes)
}

// sessionFor ends or resumes the session that a CONNECT finds, and makes one where there is none. A connection that has it
// is taken over (§3.1.4).
func (c *core) sessionFor(id string, clean bool) (s *session, present bool) {
	s = c.sessionOf(id)
	if s != nil && s.link != nil {
		c.dismiss(s.link, &codec.Disconnect{Code: codec.SessionTakenOver})
		s = c.sessionOf(id)
	}
	if s != nil && clean {
		c.forget(s)
		s = nil
	}
	if s != nil {
		s.stopTimers()
		return s, true
	}
	s = newSession(id)
	c.sessions = append(c.sessions, s)
	return s, false
}
