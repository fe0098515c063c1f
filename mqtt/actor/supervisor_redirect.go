package actor

import (
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// redirected says that a server has sent us to another, which is dialled next.
type redirected struct {
	from, to string
	forGood  bool
}

// sentAway says that err is a server's word to use another one.
func sentAway(err error) bool {
	return errors.Is(err, codec.UseAnotherServer) || errors.Is(err, codec.ServerMoved)
}

// referred is where the server that has its turn has sent us: nobody, when it hasn't, or when we may not go there. The error is
// err, or says that we were sent on too often.
func (s *supervisor) referred(err error) ([]Server, error) {
	r, ok := errors.AsType[*Refusal](err)
	if !ok || r.Server == "" || !sentAway(r.Code) {
		return nil, err
	}
	if s.course.hops >= s.cfg.Redirects {
		return nil, sentOn(err)
	}
	to, why := s.at.Refer(r.Server)
	if why != nil {
		s.log(&Record{levelWarn, "server reference not followed", []any{"server", s.at.Name(), "reason", why}})
	}
	return to, err
}

// sentOn adds to err that it was one time too often.
func sentOn(err error) error {
	if a, ok := err.(*AttemptError); ok {
		return &AttemptError{a.Server, a.Attempt, a.Stage, sentOn(a.Err), a.left}
	}
	return fmt.Errorf("%w: %w", ErrRedirects, err)
}

// follow goes where a CONNACK has sent us: at once the first time in a row, then as Backoff says.
func (s *supervisor) follow(to []Server, why error) error {
	if s.course.hops > 0 {
		return s.followLater(to, why)
	}
	s.redirect(to, why)
	s.attempt()
	return nil
}

// followLost goes where a DISCONNECT has sent us, likewise; but reconnecting, which Backoff may have turned off.
func (s *supervisor) followLost(to []Server, why error) error {
	s.course.try() // who sent us away has had its turn in this round
	return s.followLater(to, why)
}

func (s *supervisor) followLater(to []Server, why error) error {
	s.failures++
	delay, more := s.cfg.Delay(s.failures, why)
	if !more {
		return s.cease(why)
	}
	if s.course.hops == 0 && !s.cfg.Decides {
		delay = 0
	}
	s.redirect(to, why)
	s.sleep(delay, why)
	return nil
}

// redirect gives the turn to where we were sent, and tells so.
func (s *supervisor) redirect(to []Server, why error) {
	s.course.follow(to, errors.Is(why, codec.ServerMoved))
	s.say(redirected{s.at.Name(), s.course.server().Name(), s.course.moved})
}
