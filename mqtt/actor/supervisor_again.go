package actor

import (
	"errors"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// number is which attempt in a row the next one is, from 1.
func (s *supervisor) number() int { return s.failures + s.head }

// again sets the next attempt after a failure, or ends the client when there is none.
func (s *supervisor) again(why error) error {
	s.failures++
	delay, more := s.cfg.Delay(s.failures, why)
	if !more {
		return s.cease(s.whole(why))
	}
	s.sleep(delay, why)
	return nil
}

// comeBack sets the next attempt after the loss of a connection: to the same server, to where it has sent us, or, when it only
// sent us away or loses us soon time and again, to the next one.
func (s *supervisor) comeBack(why error, brief bool) error {
	to, why := s.referred(why)
	if to != nil {
		return s.followLost(to, why)
	}
	if sentAway(why) {
		s.course.leave()
		s.course.pass()
	} else {
		s.course.lost(brief)
	}
	return s.again(why)
}

// cease is for when Backoff wants no further attempt: the client ends, or is idle again.
func (s *supervisor) cease(why error) error {
	if s.connected {
		return why
	}
	s.giveIn(why)
	return nil
}

// giveIn fails the Connect that is at work.
func (s *supervisor) giveIn(why error) {
	s.first = false
	s.say(failed{why, s.wish})
}

// sleep sets the timer to the next attempt, and tells of it.
func (s *supervisor) sleep(delay time.Duration, why error) {
	s.asleep = true
	s.say(retrying{s.number(), delay, why})
	s.alarm.set(delay)
}

// ownGhost says that what took the session over may have been one of our own attempts, which the server came to after we
// had given it up. Then nobody fights with us for the session.
func (s *supervisor) ownGhost(err error) bool {
	r, ok := errors.AsType[*Refusal](err)
	if !ok || r.Packet != codec.TypeDisconnect || r.Code != codec.SessionTakenOver || s.ghosts == 0 {
		return false
	}
	s.ghosts--
	return true
}

// permanent says that trying again unchanged can't succeed, or isn't wanted by default (contract 15).
func (s *supervisor) permanent(err error) bool {
	if s.cfg.Decides {
		return false
	}
	if errors.Is(err, ErrGiveUp) {
		return true
	}
	r, ok := errors.AsType[*Refusal](err)
	if !ok {
		return false
	}
	switch r.Code {
	case codec.ClientIdentifierNotValid, codec.BadUserNameOrPassword, codec.NotAuthorized, codec.Banned, codec.BadAuthenticationMethod:
		return true
	case codec.UnsupportedProtocolVersion:
		return s.cfg.MinVersion == s.cfg.Version // of several, another may do the next time
	case codec.SessionTakenOver:
		return r.Packet == codec.TypeDisconnect // two clients with one identifier would fight
	case codec.TopicNameInvalid, codec.PacketTooLarge, codec.PayloadFormatInvalid, codec.RetainNotSupported, codec.QoSNotSupported:
		return r.Packet == codec.TypeConnAck // of the will
	}
	return false
}
