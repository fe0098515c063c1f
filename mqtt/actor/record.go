package actor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// What is kept of a session. The first byte of a key says what it is of, the first of a value the version of its form:
//
//	c                 client identifier
//	d                 a CONNECT may have left, and what followed from it isn't known
//	m and a number    a message, by its place in the call order, until nothing but PUBREL is sent for it
//	n and a number    how far that message has come; without it, it has not left
//	r and an id       an incoming QoS 2 message, by its Packet Identifier
//	s and a number    a filter that is wanted, by the order of asking
const recordVersion = 1

// messageVersion is the form of a message's record: the first had no flags, and is still read.
const messageVersion = 2

const (
	clientRecord   = 'c'
	doubtRecord    = 'd'
	messageRecord  = 'm'
	progressRecord = 'n'
	incomingRecord = 'r'
	filterRecord   = 's'
)

// markState is what the store knows of an incoming QoS 2 message.
type markState byte

const (
	markNone   markState = iota
	markHanded           // the application may have it; it has not acknowledged it
	markTaken            // the application has it, or will never have it: it isn't handed out again
)

// progress is how far an outgoing message has come.
type progress byte

const (
	progressSent     progress = 1 + iota // it has an identifier, and may have left with it
	progressReleased                     // PUBREC came
	progressAgain                        // it left in a session that is lost, and waits to be published again
)

// numbered is small enough that a key that is only copied costs no allocation.
func numbered(kind byte, n uint64) []byte {
	key := make([]byte, 9)
	key[0] = kind
	binary.BigEndian.PutUint64(key[1:], n)
	return key
}

func messageKey(seq uint64) []byte  { return numbered(messageRecord, seq) }
func progressKey(seq uint64) []byte { return numbered(progressRecord, seq) }
func filterKey(order uint64) []byte { return numbered(filterRecord, order) }
func incomingKey(id uint16) []byte  { return binary.BigEndian.AppendUint16([]byte{incomingRecord}, id) }

// messageOf gives the place of the message that a key is of.
func messageOf(key []byte) (seq uint64, ok bool) {
	if len(key) != 9 || key[0] != messageRecord && key[0] != progressRecord {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[1:]), true
}

func appendMessage(v []byte, op *Op) []byte {
	flags := byte(0)
	if op.Paired {
		flags |= 1
	}
	v = append(v, messageVersion, flags)
	deadline := int64(0)
	if op.expires() {
		deadline = op.rare.deadline.UnixNano()
	}
	v = binary.BigEndian.AppendUint64(v, uint64(deadline))
	return op.Message.AppendRecord(v)
}

func appendProgress(v []byte, op *Op) []byte {
	p := progressSent
	switch {
	case op.state == opReleased:
		p = progressReleased
	case op.state == opQueued:
		p = progressAgain
	}
	flags := byte(op.level) << 1
	if op.withdrawn {
		flags |= 1
	}
	v = append(v, recordVersion, byte(p), flags)
	v = binary.BigEndian.AppendUint16(v, op.id)
	return binary.BigEndian.AppendUint64(v, op.released)
}

var errRecord = errors.New("is damaged, or of another program")

// Kept is a session that was kept, as a store gives it back.
type Kept struct {
	client   string
	named    bool
	doubt    bool
	messages map[uint64]*Op
	walked   map[uint64]*Op
	incoming map[uint16]markState
	filters  []*want
}

// Add takes one record. The error says what is wrong with it.
func (k *Kept) Add(key, value []byte) error {
	if err := k.add(key, value); err != nil {
		return fmt.Errorf("the record with key %x %w", key, err)
	}
	return nil
}

func (k *Kept) add(key, value []byte) error {
	if len(value) == 0 || len(key) == 0 {
		return errRecord
	}
	form, known := value[0], byte(recordVersion)
	if key[0] == messageRecord {
		known = messageVersion
	}
	if form == 0 || form > known {
		return fmt.Errorf("has form %d, and this program knows form %d: use the version of the program that wrote it, or a later one", form, known)
	}
	value = value[1:]
	switch seq, numbered := messageOf(key); {
	case numbered && key[0] == messageRecord && form < messageVersion:
		return k.addMessage(seq, 0, value)
	case numbered && key[0] == messageRecord && len(value) > 0:
		return k.addMessage(seq, value[0], value[1:])
	case numbered:
		return k.addProgress(seq, value)
	case len(key) == 1 && key[0] == clientRecord:
		k.client, k.named = string(value), true
		return nil
	case len(key) == 1 && key[0] == doubtRecord && len(value) == 0:
		k.doubt = true
		return nil
	case len(key) == 3 && key[0] == incomingRecord:
		return k.addIncoming(binary.BigEndian.Uint16(key[1:]), value)
	case len(key) == 9 && key[0] == filterRecord:
		return k.addFilter(binary.BigEndian.Uint64(key[1:]), value)
	}
	return errRecord
}

func (k *Kept) addMessage(seq uint64, flags byte, v []byte) error {
	if len(v) < 8 || flags > 1 {
		return errRecord
	}
	op := &Op{seq: seq, traits: traits{state: opQueued, kept: true, Paired: flags != 0}}
	if err := op.Message.SetRecord(v[8:]); err != nil {
		return fmt.Errorf("%w: %w", errRecord, err)
	}
	if at := int64(binary.BigEndian.Uint64(v)); at != 0 {
		op.Expire(time.Until(time.Unix(0, at)))
	}
	op.size, op.level = op.Message.Len(), op.Message.QoS()
	if op.level == codec.AtMostOnce {
		return errRecord
	}
	if k.messages == nil {
		k.messages = make(map[uint64]*Op)
	}
	k.messages[seq] = op
	return nil
}

func (k *Kept) addProgress(seq uint64, v []byte) error {
	if len(v) != 12 || v[1]>>1 > byte(codec.ExactlyOnce) || v[1]>>1 == 0 {
		return errRecord
	}
	op := &Op{seq: seq, traits: traits{kept: true, level: codec.QoS(v[1] >> 1), withdrawn: v[1]&1 != 0, dup: true}}
	op.id, op.released = binary.BigEndian.Uint16(v[2:]), binary.BigEndian.Uint64(v[4:])
	switch progress(v[0]) {
	case progressSent:
		op.state = opSent
	case progressReleased:
		op.state = opReleased
	case progressAgain:
		op.state, op.left, op.dup, op.id = opQueued, true, false, 0
	default:
		return errRecord
	}
	if (op.id == 0) != (op.state == opQueued) {
		return errRecord
	}
	if k.walked == nil {
		k.walked = make(map[uint64]*Op)
	}
	k.walked[seq] = op
	return nil
}

func (k *Kept) addIncoming(id uint16, v []byte) error {
	if len(v) != 1 || id == 0 || markState(v[0]) != markHanded && markState(v[0]) != markTaken {
		return errRecord
	}
	if k.incoming == nil {
		k.incoming = make(map[uint16]markState)
	}
	k.incoming[id] = markState(v[0])
	return nil
}
