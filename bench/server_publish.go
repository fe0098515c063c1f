package main

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/sluicemq/sluice/mqtt/codec"
)

var errShort = errors.New("a PUBLISH that is too short")

// published counts a message, checks that it is the next of its goroutine, and acknowledges it.
func (s *session) published(qos byte, body []byte) error {
	if len(body) < 2 {
		return errShort
	}
	at := 2 + int(binary.BigEndian.Uint16(body))
	id := at
	if qos > 0 {
		at += 2
	}
	if s.version == codec.V5 {
		head, size := extent(body[min(at, len(body))-1:]) // of the properties: a length like that of a packet
		if head == 0 {
			return errShort
		}
		at += size - 1
	}
	if at > len(body) {
		return errShort
	}
	if string(body[2:id]) != counted {
		s.news.count(&s.sequence, body[at:])
	}
	if s.hold > 0 {
		s.news.arrived = 0
		if s.hold--; s.hold == 0 {
			return io.EOF
		}
		return nil
	}
	switch qos {
	case 1:
		s.acknowledge(codec.TypePubAck, body[id:])
	case 2:
		s.acknowledge(codec.TypePubRec, body[id:])
	}
	return nil
}

// count adds a message, by its payload.
func (r *record) count(s *sequence, payload []byte) {
	follows, intact := s.follows(payload)
	r.arrived++
	if !follows {
		r.faults++
	}
	if !intact {
		r.damaged++
	}
}

// sequence is what comes next from each goroutine that publishes on a connection.
type sequence struct{ next []uint64 }

// mostPublishers keeps a payload of something else from taking memory.
const mostPublishers = 1 << 20

// follows says whether a message is the next of its goroutine, and whether all of it is its own.
func (s *sequence) follows(payload []byte) (follows, intact bool) {
	if len(payload) < labelled {
		return false, false
	}
	who, got := binary.BigEndian.Uint32(payload), binary.BigEndian.Uint64(payload[4:])
	if who >= mostPublishers {
		return false, false
	}
	for int(who) >= len(s.next) {
		s.next = append(s.next, 0)
	}
	follows = got == s.next[who]
	s.next[who] = got + 1
	return follows, !compared(len(payload), got) || whole(payload, got)
}
