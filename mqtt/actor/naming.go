package actor

import (
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// naming is how what goes out names its topic (§3.3.2.3.4). What a caller means by an alias is settled in call order, whatever
// the connection: messages that wait, are kept or are sent again have their whole topic. Which alias a packet bears is chosen as
// it is encoded, since that is the order in which the server reads.
type naming struct {
	names   map[uint16]string // the topics that callers last published with their aliases
	aliases aliasTable        // of this connection
}

// AliasError says that a message has an alias in place of its topic, and none was published with it.
type AliasError struct{ Alias uint16 }

// Error implements error.
func (e *AliasError) Error() string {
	return fmt.Sprintf("no topic was published with topic alias %d", e.Alias)
}

// resolve gives op the topic that its caller left out: the one that was last published with its alias. No operation may be
// before it at the door.
func (t *tracker) resolve(op *Op) error {
	if op.kind != opPublish || op.Alias == 0 || len(op.Message.Topic()) > 0 {
		return nil
	}
	topic, known := t.names[op.Alias]
	switch {
	case !known && t.link.wire != nil && t.limits.version != codec.V5 && !t.cfg.Lenient:
		return op.fate(errTooNew)
	case !known:
		return &AliasError{op.Alias}
	}
	if err := op.Message.SetTopic(topic); err != nil {
		return op.fate(err)
	}
	op.nameless, op.size = true, op.Message.Len()
	return nil
}

// name notes the topic of a message that was admitted with an alias.
func (t *tracker) name(op *Op) {
	if op.Alias == 0 || op.nameless {
		return
	}
	if t.names == nil {
		t.names = make(map[uint16]string)
	}
	if topic := op.Message.Topic(); t.names[op.Alias] != string(topic) {
		t.names[op.Alias] = string(topic)
	}
}

// shorten leaves the topic out of a PUBLISH when the server knows it by an alias. What isn't admitted yet will leave behind what
// its caller gave the alias with.
func (t *tracker) shorten(op *Op, s *codec.Sending) {
	topic := op.Message.Topic()
	switch {
	case op.dup || t.limits.aliases == 0:
	case op.Alias != 0:
		s.OmitTopic = op.nameless && (op.state < opQueued || t.aliases.knows(op.Alias, topic))
	case t.cfg.TopicAlias != AliasOff:
		if s.TopicAlias = t.aliases.of(topic); s.TopicAlias != 0 {
			s.OmitTopic = true
		}
		if len(topic) <= aliasCost && !t.holds(op, s) {
			s.TopicAlias, s.OmitTopic = 0, false // as it is shorter with its topic
		}
	}
}

// holds says whether the server takes a packet of that size.
func (t *tracker) holds(op *Op, s *codec.Sending) bool {
	return op.Message.Size(s) <= t.limits.maxPacket
}

// alias chooses how a PUBLISH that is encoded now names its topic, and notes what the server knows from then on. What is sent
// again does so in full: it may be the server's first sight of it.
func (t *tracker) alias(op *Op, s *codec.Sending) {
	if op.Alias == 0 && t.cfg.TopicAlias == AliasOff || op.dup || t.limits.aliases == 0 {
		return
	}
	t.shorten(op, s)
	topic := op.Message.Topic()
	if s.TopicAlias == 0 && t.cfg.TopicAlias == AliasAuto {
		if s.TopicAlias = 1; t.holds(op, s) { // all aliases are of the same size
			s.TopicAlias = t.aliases.give(topic)
		} else {
			s.TopicAlias = 0
		}
	}
	switch {
	case s.OmitTopic:
		t.aliases.use(s.TopicAlias)
	case s.TopicAlias != 0:
		t.aliases.set(s.TopicAlias, topic)
	}
}

// dropAliases: what waited was published for no connection, or for one that is gone, and the server knows no alias yet.
func (t *tracker) dropAliases() {
	t.aliases = aliasTable{most: int(t.limits.aliases)}
	for _, l := range []*lane{&t.free, &t.windowed} {
		for op := range l.all {
			op.Alias = 0
		}
	}
}
