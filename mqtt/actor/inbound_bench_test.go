package actor

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

// consignment is about what a client hands out.
type consignment struct {
	publish codec.Publish
	ticket  Ticket
}

func newConsignment(h *Handout) *consignment { return &consignment{*h.Publish, h.Ticket} }

// plant stands for a connection that brings messages as fast as they are taken.
type plant struct {
	in       *Inbound[*consignment]
	arriving chan arrivals
	credit   chan credit
	over     <-chan struct{}
	group    sync.WaitGroup
	finish   func()
}

// credit is what acknowledgements gave back since it was looked at.
type credit struct {
	places   int // of Receive Maximum
	releases int // PUBRECs that want a PUBREL
}

func newPlant(tb testing.TB, cfg inboundConfig) *plant {
	notices, owes := make(chan *notice, 1), make(chan *owed)
	ctx, stop := context.WithCancel(context.Background())
	p := &plant{arriving: make(chan arrivals), credit: make(chan credit, 1), over: ctx.Done()}
	var d *dispatcher
	d, p.in = newDispatcher(cfg, each(newConsignment), p.arriving, notices, owes)
	p.group.Go(func() { lasting(ctx, d) })
	p.group.Go(func() {
		for {
			select {
			case o := <-owes:
				p.taken(tb, o)
			case <-p.over:
				return
			}
		}
	})
	p.finish = func() { stop(); p.group.Wait() }
	p.in.inquiries <- linkUp{gen: 1, version: codec.V5, receiveMaximum: uint16(cfg.receiveMaximum)}
	return p
}

// taken is the tracker's part, and the server's: acknowledgements give places back.
func (p *plant) taken(tb testing.TB, o *owed) {
	if o.fault != nil {
		tb.Error(o.fault)
	}
	if len(o.acks) == 0 {
		o.done()
		return
	}
	var c credit
	for _, a := range o.acks {
		if a.kind == codec.TypePubRec {
			c.releases++
		} else {
			c.places++
		}
	}
	o.done()
	select {
	case before := <-p.credit:
		c.places, c.releases = c.places+before.places, c.releases+before.releases
	default:
	}
	p.credit <- c
}

// feed brings n messages, in batches of what 64 KiB would hold at most, within Receive Maximum. It returns when all of it is free
// again, or when the plant is at its end.
func (p *plant) feed(n int, q codec.QoS) {
	const batch = 512
	room, sent, released := batch, 0, 0
	if q != codec.AtMostOnce {
		room = receiveMaximum
	}
	full := room
	for sent < n || room < full {
		if k := min(n-sent, room); k > 0 {
			if !p.bring(k, func(i int) arrival { return arrival{publish: published(q, idOf(sent+i))} }) {
				return
			}
			if sent += k; q != codec.AtMostOnce {
				room -= k
			}
			continue
		}
		select {
		case c := <-p.credit:
			room += c.places
			if !p.bring(c.releases, func(i int) arrival {
				return arrival{publish: codec.Publish{PacketID: idOf(released + i)}, release: true}
			}) {
				return
			}
			released += c.releases // PUBRECs come in the order of the messages
		case <-p.over:
			return
		}
	}
}

// bring hands over a batch of n arrivals. It says false at the end.
func (p *plant) bring(n int, which func(i int) arrival) bool {
	if n == 0 {
		return true
	}
	list := arrivalPool.Get().(*[]arrival)
	for i := range n {
		*list = append(*list, which(i))
	}
	select {
	case p.arriving <- arrivals{gen: 1, list: list}:
		return true
	case <-p.over:
		return false
	}
}

func published(q codec.QoS, id uint16) codec.Publish {
	p := codec.Publish{Topic: "bench/topic", Payload: payload64, QoS: q}
	if q != codec.AtMostOnce {
		p.PacketID = id
	}
	return p
}

// idOf is the identifier of the n-th message: none is used twice within Receive Maximum.
func idOf(n int) uint16 { return uint16(n%65_535) + 1 }

const receiveMaximum = 256

var payload64 = make([]byte, 64)

func benchSettings() inboundConfig {
	return inboundConfig{receiveMaximum: receiveMaximum, inbox: Bounds{1024, 8 << 20}, overflow: OverflowHold, hard: Bounds{65535, 64 << 20}, ack: AckOnTake, claimed: true}
}

// take has n messages brought and takes them from Messages.
func (p *plant) take(n int, q codec.QoS) {
	fed := make(chan struct{})
	p.group.Go(func() { p.feed(n, q); close(fed) })
	for range n {
		<-p.in.messages.Out()
	}
	<-fed
}

// BenchmarkMessages is the way of a message through the dispatcher and the stream's process, from its arrival to who receives it
// from Messages.
func BenchmarkMessages(b *testing.B) {
	for _, q := range []codec.QoS{0, 1, 2} {
		for _, streams := range []int{0, 1000} {
			b.Run(fmt.Sprintf("qos=%d/streams=%d", q, streams), func(b *testing.B) {
				p := newPlant(b, benchSettings())
				defer p.finish()
				for i := range streams {
					if _, err := p.in.Declare(StreamConfig{}, []string{fmt.Sprintf("other/%d", i)}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportAllocs()
				b.SetBytes(64)
				p.group.Go(func() { p.feed(math.MaxInt, q) })
				for b.Loop() {
					<-p.in.messages.Out()
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}

// BenchmarkDeclare declares a stream, and forgets it again, while so many messages wait on Messages: none is for it, or the newest is.
func BenchmarkDeclare(b *testing.B) {
	for _, mine := range []int{0, 1} {
		for _, waiting := range []int{0, 1_000, 16_000, 65_000} {
			b.Run(fmt.Sprintf("mine=%d/waiting=%d", mine, waiting), func(b *testing.B) {
				d, in := newDispatcher(benchSettings(), each(newConsignment), nil, nil, nil)
				other := item{publish: published(codec.AtMostOnce, 0), size: 65}
				own := other
				own.publish.Topic = "own/topic"
				for range waiting {
					d.messages.inbox.push(other)
				}
				reply := make(chan uint64, 1)
				b.ReportAllocs()
				for b.Loop() {
					for range mine {
						d.messages.inbox.push(own)
					}
					s, _ := newStream(in, StreamConfig{}, []string{"own/+"})
					declareStream{s, reply}.answer(d)
					n := <-reply
					d.retire(n)
					closeStream{n}.answer(d)
				}
			})
		}
	}
}

// A message takes one allocation: what the application is handed.
func TestHandingOutTakesMemory(t *testing.T) {
	for _, q := range []codec.QoS{0, 1, 2} {
		t.Run(q.String(), func(t *testing.T) {
			p := newPlant(t, benchSettings())
			defer p.finish()
			const n = 1_000
			require.Less(t, allocations(20, func() { p.take(n, q) })/n, 1.1+slack)
		})
	}
}
