package top

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// keepPayload is how much of a topic's last payload is kept, in bytes.
const keepPayload = 64 << 10

// keepBytes bounds what a table holds in all: topics, payloads and properties.
const keepBytes = 128 << 20

// table is what is known of each topic. Beyond its bounds it forgets the topics that were silent for the longest. It has no
// clock and no lock: its owner says what time it is.
type table struct {
	start               time.Time
	maxTopics, maxBytes int

	topics         map[string]*entry
	newest, oldest *entry // the ends of the list, by when a topic was heard last
	held           int    // bytes of all entries
	forgotten      uint64 // topics
	messages       uint64 // that came in all
	traffic        history
	volume         history // bytes of payload
}

// entry is a topic.
type entry struct {
	topic      string
	payload    []byte // of the last message, keepPayload bytes at most; our own
	size       int    // of that payload as it came
	properties *mqtt.PublishProperties
	qos        mqtt.QoS
	retained   bool // the server keeps a message of this topic, as far as was seen
	first      time.Time
	last       time.Time
	count      uint64
	bytes      uint64 // of all payloads
	heard      history

	held         int
	newer, older *entry
}

func newTable(start time.Time, maxTopics int) *table {
	return &table{start: start, maxTopics: maxTopics, maxBytes: keepBytes, topics: map[string]*entry{}}
}

// put counts a message. It keeps copies alone.
func (t *table) put(m *mqtt.Received, now time.Time) {
	e := t.topics[m.Topic]
	if e == nil {
		e = &entry{topic: strings.Clone(m.Topic), first: now}
		t.topics[e.topic] = e
	} else {
		t.unlink(e)
	}
	s := second(t.start, now)
	e.take(m, now, s)
	t.link(e)
	t.messages++
	t.traffic.add(s, 1)
	t.volume.add(s, uint64(len(m.Payload)))
	for t.oldest != e && (len(t.topics) > t.maxTopics || t.held > t.maxBytes) {
		t.forget(t.oldest)
	}
}

func (e *entry) take(m *mqtt.Received, now time.Time, second int64) {
	kept := m.Payload[:min(len(m.Payload), keepPayload)]
	if cap(e.payload) > 2*len(kept)+1024 {
		e.payload = nil // a large one once was no reason to hold that much for ever
	}
	e.payload = append(e.payload[:0], kept...)
	e.size, e.qos, e.last = len(m.Payload), m.QoS, now
	if m.Retain {
		e.retained = len(m.Payload) > 0 // an empty one is how a retained message is removed (§3.3.1.3)
	}
	e.properties = cloneProperties(m.Properties)
	e.count++
	e.bytes += uint64(len(m.Payload))
	e.heard.add(second, 1)
	e.held = entryBytes + len(e.topic) + cap(e.payload) + propertiesBytes(e.properties)
}

// entryBytes is about what an entry takes beside what it refers to.
const entryBytes = 512

// cloneProperties copies all of p, which may share memory with messages that came beside it.
func cloneProperties(p *mqtt.PublishProperties) *mqtt.PublishProperties {
	if p == nil {
		return nil
	}
	c := *p
	c.ResponseTopic, c.ContentType = strings.Clone(p.ResponseTopic), strings.Clone(p.ContentType)
	c.CorrelationData = bytes.Clone(p.CorrelationData)
	c.UserProperties = slices.Clone(p.UserProperties)
	for i, u := range c.UserProperties {
		c.UserProperties[i] = mqtt.UserProperty{Key: strings.Clone(u.Key), Value: strings.Clone(u.Value)}
	}
	return &c
}

func propertiesBytes(p *mqtt.PublishProperties) int {
	if p == nil {
		return 0
	}
	n := 128 + len(p.ResponseTopic) + len(p.ContentType) + len(p.CorrelationData)
	for _, u := range p.UserProperties {
		n += 32 + len(u.Key) + len(u.Value)
	}
	return n
}

// link makes e the newest.
func (t *table) link(e *entry) {
	e.older, e.newer = t.newest, nil
	if t.newest != nil {
		t.newest.newer = e
	}
	t.newest = e
	if t.oldest == nil {
		t.oldest = e
	}
	t.held += e.held
}

func (t *table) unlink(e *entry) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		t.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		t.oldest = e.newer
	}
	t.held -= e.held
}

func (t *table) forget(e *entry) {
	t.unlink(e)
	delete(t.topics, e.topic)
	t.forgotten++
}
