package bench

import (
	"encoding/binary"
	"errors"
	"strings"
	"sync"

	"github.com/sluicemq/sluice/mqtt/codec"
)

var errShort = errors.New("a PUBLISH that is too short")

// published acknowledges a message, and hands it on.
func (g *guest) published(f codec.Frame) error {
	qos := f.Flags >> 1 & 3
	if len(f.Body) < 2 {
		return errShort
	}
	topic := 2 + int(binary.BigEndian.Uint16(f.Body))
	if len(f.Body) < topic+2*int(min(qos, 1)) {
		return errShort
	}
	switch qos {
	case 1:
		g.answer(codec.TypePubAck, f.Body[topic:])
	case 2:
		g.answer(codec.TypePubRec, f.Body[topic:])
	}
	g.server.mu.Lock()
	none := len(g.server.subs) == 0
	g.server.mu.Unlock()
	if none {
		return nil
	}
	var p codec.Publish
	if err := p.Decode(f, codec.Dialect{Version: g.version, From: codec.FromClient}); err != nil {
		return err
	}
	m := letter{topic: p.Topic, qos: p.QoS, payload: append([]byte(nil), p.Payload...)}
	for _, to := range g.server.audience(p.Topic) {
		to.queue.put(m, to != g)
	}
	return nil
}

func (g *guest) subscribed(f codec.Frame) error {
	var p codec.Subscribe
	if err := p.Decode(f, codec.Dialect{Version: g.version, From: codec.FromClient}); err != nil {
		return err
	}
	codes := make([]codec.ReasonCode, len(p.Subscriptions))
	for i, sub := range p.Subscriptions {
		codes[i] = codec.ReasonCode(sub.QoS)
		g.queue.grant(sub.QoS)
	}
	g.server.mu.Lock()
	begun := g.server.subs[g] != nil
	g.server.subs[g] = append(g.server.subs[g], p.Subscriptions...)
	g.server.mu.Unlock()
	if !begun {
		g.server.guests.Go(g.send)
		if g.server.flood != nil {
			g.server.guests.Go(g.flooded)
		}
	}
	return g.append(&codec.SubAck{PacketID: p.PacketID, Codes: codes})
}

// send writes what is published to the client, with no more under way than it takes.
func (g *guest) send() {
	var out []byte
	id := uint16(0)
	for {
		letters, open := g.queue.take(g.most)
		if !open {
			return
		}
		out = out[:0]
		for _, l := range letters {
			p := codec.Publish{Topic: l.topic, QoS: l.qos, Payload: l.payload}
			if l.qos > 0 {
				if id++; id == 0 {
					id = 1
				}
				p.PacketID = id
			}
			out, _ = p.Append(out, g.version) // it was decoded from the like
		}
		if _, err := g.conn.Write(out); err != nil {
			return
		}
	}
}

// flooded publishes to the client as fast as it takes that.
func (g *guest) flooded() {
	f, c := g.server.flood, newClock()
	for n := 0; ; n++ {
		payload := newPayload(64, stamp{run: 1})
		number(payload, n, c.unix(c.now()))
		if !g.queue.put(letter{f.topic, f.qos, payload}, true) {
			return
		}
	}
}

// topicWithin is a topic that a filter matches.
func topicWithin(filter string) string {
	if rest, ok := strings.CutPrefix(filter, "$share/"); ok {
		_, filter, _ = strings.Cut(rest, "/")
	}
	return strings.NewReplacer("+", "x", "#", "x").Replace(filter)
}

// letter is a message for a subscriber.
type letter struct {
	topic   string
	qos     codec.QoS
	payload []byte
}

// queue is what waits for one subscriber.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	waiting []letter
	open    int // sent and not acknowledged
	over    bool
	most    codec.QoS // of its subscriptions
}

// mostWaiting is where who publishes has to wait. It is some milliseconds of a flood.
const mostWaiting = 4096

func newQueue() *queue {
	q := new(queue)
	q.changed = sync.NewCond(&q.mu)
	return q
}

// put adds a letter; false: the queue is closed. Who may wait does so while there is no room.
func (q *queue) put(l letter, mayWait bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for mayWait && len(q.waiting) >= mostWaiting && !q.over {
		q.changed.Wait()
	}
	l.qos = min(l.qos, q.most)
	q.waiting = append(q.waiting, l)
	if len(q.waiting) == 1 {
		q.changed.Broadcast()
	}
	return !q.over
}

// take takes what may be sent, and waits while nothing may.
func (q *queue) take(most int) ([]letter, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		n := len(q.waiting)
		if q.most > 0 {
			n = min(n, most-q.open)
		}
		if q.over {
			return nil, false
		}
		if n > 0 {
			letters := append([]letter(nil), q.waiting[:n]...)
			q.waiting = append(q.waiting[:0], q.waiting[n:]...)
			for _, l := range letters {
				if l.qos > 0 {
					q.open++
				}
			}
			q.changed.Broadcast()
			return letters, true
		}
		q.changed.Wait()
	}
}

// grant has letters be of this QoS at most, or of a higher one that was granted before.
func (q *queue) grant(qos codec.QoS) {
	q.mu.Lock()
	q.most = max(q.most, qos)
	q.mu.Unlock()
}

// done counts an acknowledgement.
func (q *queue) done() {
	q.mu.Lock()
	q.open--
	q.changed.Broadcast()
	q.mu.Unlock()
}

func (q *queue) close() {
	q.mu.Lock()
	q.over = true
	q.changed.Broadcast()
	q.mu.Unlock()
}
