package actor

import (
	"errors"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// number is which attempt in a row the next one is, from 1.
func (s *supervisor) number() int { return s.failures + s.head }

// again sets the next attempt after a failure, or ends the client when there is none.
func (s *supervisor) again(why error) error {
	s.failures++
	delay, more := s.cfg.Delay(s.failures, why)
	if !more {
		if s.connected {
			return why
		}
		s.first = false
		s.say(failed{why, s.wish})
		return nil
	}
	s.asleep = true
	s.say(retrying{s.number(), delay, why})
	s.timer.Reset(delay)
	return nil
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
