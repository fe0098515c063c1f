package top

import (
	"bytes"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// keepValue is how much of a payload a row has: more than a line of any terminal shows.
const keepValue = 512

// snapshot is a table at one moment. It shares nothing with it.
type snapshot struct {
	at        time.Time
	rows      []row // the one heard last first
	forgotten uint64
	messages  uint64
	rate      float64 // messages a second
	volume    float64 // bytes a second
	link      link
	detail    *row // of the topic that was asked for; nil when it isn't there
}

// row is a topic.
type row struct {
	topic       string
	value       []byte // the payload, or its begin
	size        int
	qos         mqtt.QoS
	retained    bool
	first, last time.Time
	count       uint64
	bytes       uint64
	properties  *mqtt.PublishProperties
	rate        float64
	past        [pastSeconds]uint64
}

// snapshot copies what is there, up to most bytes of each payload.
func (t *table) snapshot(now time.Time, most int) *snapshot {
	s := second(t.start, now)
	out := &snapshot{at: now, forgotten: t.forgotten, messages: t.messages, rows: make([]row, 0, len(t.topics)),
		rate: t.traffic.rate(s, 0), volume: t.volume.rate(s, 0)}
	var values []byte
	for e := t.newest; e != nil; e = e.older {
		begin := len(values)
		values = append(values, e.payload[:min(len(e.payload), most)]...)
		out.rows = append(out.rows, t.row(e, s, values[begin:len(values):len(values)]))
	}
	return out
}

func (t *table) row(e *entry, s int64, value []byte) row {
	return row{e.topic, value, e.size, e.qos, e.retained, e.first, e.last, e.count, e.bytes,
		e.properties, // nobody writes to them
		e.heard.rate(s, second(t.start, e.first)), e.heard.past(s)}
}

// detail is the row of a topic with all of the payload that is kept.
func (t *table) detail(topic string, now time.Time) *row {
	e := t.topics[topic]
	if e == nil {
		return nil
	}
	r := t.row(e, second(t.start, now), bytes.Clone(e.payload))
	return &r
}
