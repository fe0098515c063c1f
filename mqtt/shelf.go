package mqtt

import (
	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// shelf makes what the application is handed of one stream. Small messages lie several together, so that one allocation serves
// many; there are as many more as have come, so that a message now and then doesn't hold much.
type shelf struct {
	loose               []Received // for QoS 0
	sure                []pledged  // for QoS 1 and 2
	nextLoose, nextSure int
}

// pledged is a message that wants an acknowledgement.
type pledged struct {
	Received
	ticket actor.Ticket
}

const (
	looseSize = 19  // messages that lie together: as many as fit into 2 KiB
	sureSize  = 14  // likewise
	shelfMax  = 512 // the largest payload of one, in bytes: what keeping a message holds back stays that of a few KiB
)

// newShelf is for one process.
func newShelf() func(*actor.Handout) *Received { return new(shelf).received }

// received makes the application's own value of a message.
func (s *shelf) received(h *actor.Handout) *Received {
	m := s.place(h)
	p := h.Publish
	m.Message, m.Dup, m.Redelivered, m.taken = publicMessage(p), p.Dup, h.Redelivered, h.Ack == actor.AckOnTake
	if p.Properties != nil {
		for _, id := range p.Properties.SubscriptionIdentifiers {
			if id < ownIdentifiers {
				m.SubscriptionIdentifiers = append(m.SubscriptionIdentifiers, id)
			}
		}
	}
	return m
}

func (s *shelf) place(h *actor.Handout) *Received {
	p := h.Publish
	alone := p.Properties != nil || len(p.Payload) > shelfMax
	if p.QoS == codec.AtMostOnce {
		m := another(&s.loose, &s.nextLoose, looseSize, alone)
		m.turn = h.Ticket.Turn()
		return m
	}
	m := another(&s.sure, &s.nextSure, sureSize, alone)
	m.ticket = h.Ticket
	m.Received.ticket = &m.ticket
	return &m.Received
}

// another takes one from what is free, unless it is to lie alone.
func another[T any](free *[]T, next *int, most int, alone bool) *T {
	if alone {
		return new(T)
	}
	if len(*free) == 0 {
		*next = min(max(1, 2**next), most)
		*free = make([]T, *next)
	}
	one := &(*free)[0]
	*free = (*free)[1:]
	return one
}
