package actor

import (
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// sending is what of a PUBLISH depends on the connection.
func (t *tracker) sending(op *Op) codec.Sending {
	s := codec.Sending{Version: t.limits.version, PacketID: op.id, Dup: op.dup}
	if s.Version != codec.V5 {
		return s
	}
	if op.expires() {
		left := (time.Until(op.rare.deadline) + time.Second - 1) / time.Second // what was begun doesn't expire (§4.3.3-7)
		s.Expires, s.Expiry = true, uint32(max(left, 1))
	}
	if !op.dup {
		s.TopicAlias = op.Alias
	}
	return s
}

func (t *tracker) putPublish(b *outBuffer, op *Op) {
	s := t.sending(op)
	t.alias(op, &s)
	start := b.len()
	if payload := op.Message.Payload(); len(payload) < spliceMin {
		b.bytes = op.Message.Append(b.bytes, &s)
	} else {
		b.bytes = op.Message.AppendHead(b.bytes, &s)
		b.splice(payload)
		t.lend(op)
	}
	if t.cfg.Sent != nil {
		t.cfg.Sent(PacketInfo{Type: codec.TypePublish, Size: b.len() - start, PacketID: op.id, Topic: string(op.Message.Topic()),
			QoS: op.level, Dup: op.dup, Retain: op.Message.Retain()})
	}
}

// allowed gives the reason for which this connection can't carry a PUBLISH.
func (t *tracker) allowed(op *Op) error {
	if op.expires() && op.id == 0 && !op.rare.deadline.After(time.Now()) {
		return ErrExpired
	}
	m := &op.Message
	if t.limits.version != codec.V5 {
		if (!t.cfg.Lenient || op.Paired) && (m.HasProperties() || op.expires() || op.Alias != 0) {
			return errTooNew
		}
		return nil
	}
	s := t.sending(op)
	if !t.holds(op, &s) {
		t.shorten(op, &s)
	}
	return t.limits.checkPublish(m, m.Size(&s), s.TopicAlias)
}

var errTooNew = fmt.Errorf("%w: its properties can't be sent at this version, see Config.Lenient", ErrVersion)

func (t *tracker) trace(p PacketInfo) {
	if t.cfg.Sent != nil {
		t.cfg.Sent(p)
	}
}
