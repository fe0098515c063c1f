package actor

import (
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// topics interns the topic names of a connection, so that one that comes often costs no memory each time.
type topics struct {
	names map[string]string
	ring  []string // in the order of coming; the oldest makes room
	next  int
}

// A table of 1024 topics of at most 256 bytes holds no more than 256 KiB, whatever publishers send; longer topics cost their
// own memory each time.
const (
	topicsKept   = 1024
	topicLongest = 256
)

// known gives the string for the topic at the start of a PUBLISH body, empty when it is new.
func (t *topics) known(body []byte) string {
	raw, ok := codec.PublishTopic(body)
	if !ok {
		return ""
	}
	return t.names[string(raw)]
}

// keep remembers a topic that wasn't known.
func (t *topics) keep(name string) {
	if len(name) > topicLongest || t.names[name] != "" || name == "" {
		return // by its alias it may be known all the same
	}
	if t.names == nil {
		t.names = make(map[string]string)
	}
	if len(t.ring) < topicsKept {
		t.ring = append(t.ring, name)
	} else {
		delete(t.names, t.ring[t.next])
		t.ring[t.next] = name
		t.next = (t.next + 1) % topicsKept
	}
	t.names[name] = name
}

// aliases resolves the Topic Aliases that the server gives (§3.3.2.3.4). They live as long as the connection.
type aliases struct {
	max   uint16 // what we announced
	names map[uint16]string
}

func (a *aliases) resolve(p *codec.Publish) error {
	if p.Properties == nil || p.Properties.TopicAlias == 0 {
		return nil
	}
	alias := p.Properties.TopicAlias
	p.Properties.TopicAlias = 0 // it means nothing beyond this connection
	if alias > a.max {
		return &ProtocolError{codec.TopicAliasInvalid, "3.3.2.3.4", fmt.Sprintf("topic alias %d, we allowed up to %d", alias, a.max)}
	}
	if p.Topic != "" {
		if a.names == nil {
			a.names = make(map[uint16]string)
		}
		a.names[alias] = p.Topic
		return nil
	}
	name, ok := a.names[alias]
	if !ok {
		return &ProtocolError{codec.ProtocolError, "3.3.4", fmt.Sprintf("topic alias %d was never given a topic", alias)}
	}
	p.Topic = name
	return nil
}
