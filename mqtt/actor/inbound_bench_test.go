package actor

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

// parcel is about what a client hands out.
type parcel struct {
	publish codec.Publish
	ticket  Ticket
}

func newParcel(h *Handout) *parcel { return &parcel{*h.Publish, h.Ticket} }

// plant stands for a connection that brings messages as fast as they are taken.
type plant struct {
	in       *Inbound[*parcel]
	arriving chan arrivals
	credit   chan int // places that acknowledgements gave back
	finish   func()
}

func newPlant(tb testing.TB, cfg inboundConfig) *plant {
	news, notices, owes := make(chan linkNews), make(chan notice, 1), make(chan owed)
	p := &plant{arriving: make(chan arrivals), credit: make(chan int, 1)}
	var d *dispatcher
	d, p.in = newDispatcher(cfg, newParcel, news, p.arriving, notices, owes)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { d.run(ctx) })
	wg.Go(func() {
		for {
			select {
			case o := <-owes:
				p.taken(tb, o)
			case <-ctx.Done():
				return
			}
		}
	})
	p.finish = func() { stop(); wg.Wait() }
	news <- linkUp{gen: 1, version: codec.V5, receiveMaximum: uint16(cfg.receiveMaximum)}
	return p
}

// taken is the tracker's part, and the server's: acknowledgements give places back.
func (p *plant) taken(tb testing.TB, o owed) {
	if o.fault != nil {
		tb.Error(o.fault)
	}
	if o.acks == nil {
		return
	}
	n := 0
	for _, a := range *o.acks {
		if a.kind != codec.TypePubRec {
			n++
		}
	}
	clear(*o.acks)
	*o.acks = (*o.acks)[:0]
	ackPool.Put(o.acks)
	select {
	case before := <-p.credit:
		n += before
	default:
	}
	p.credit <- n
}

// feed brings n messages, in batches of what 64 KiB would hold at most, within Receive Maximum.
func (p *plant) feed(n int, q codec.QoS, room int) {
	const batch = 512
	next := uint16(0)
	for n > 0 {
		list := arrivalPool.Get().(*[]arrival)
		k := min(n, batch)
		if q != codec.AtMostOnce {
			for room == 0 {
				room += <-p.credit
			}
			k = min(k, room)
			room -= k
		}
		for range k {
			next = max(next+1, 1)
			a := arrival{publish: codec.Publish{Topic: "bench/topic", Payload: payload64, QoS: q}}
			if q != codec.AtMostOnce {
				a.publish.PacketID = next
			}
			*list = append(*list, a)
		}
		p.arriving <- arrivals{gen: 1, list: list}
		n -= k
	}
}

var payload64 = make([]byte, 64)

func benchSettings() inboundConfig {
	return inboundConfig{receiveMaximum: 256, inbox: Bounds{1024, 8 << 20}, overflow: OverflowHold, hard: Bounds{65535, 64 << 20}, ack: AckOnTake, claimed: true}
}

func BenchmarkMessages(b *testing.B) {
	for _, q := range []codec.QoS{0, 1} {
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
				n := b.N
				go p.feed(n, q, 256)
				for range n {
					<-p.in.messages.Out()
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}

// The hot path takes one allocation a message: what the application is handed.
func TestAllocations(t *testing.T) {
	for _, q := range []codec.QoS{0, 1} {
		t.Run(q.String(), func(t *testing.T) {
			p := newPlant(t, benchSettings())
			defer p.finish()
			const n = 10_000
			take := func(room int) {
				go p.feed(n, q, room)
				for range n {
					<-p.in.messages.Out()
				}
			}
			take(256)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			take(0)
			runtime.ReadMemStats(&after)
			require.Less(t, float64(after.Mallocs-before.Mallocs)/n, 1.5) // the race detector has pools forget now and then
		})
	}
}
