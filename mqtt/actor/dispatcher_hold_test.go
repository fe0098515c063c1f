package actor

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// bring has a reader read packets, and hands over what it makes of them.
func (r *rig) bring(packets []byte) {
	to := make(chan *answers)
	reader := &reader{conn: &script{pieces: [][]byte{packets}}, dialect: codec.Dialect{Version: r.link.version, From: codec.FromServer},
		max: 1 << 20, gen: r.link.gen, answers: to, arrivals: r.arriving}
	reader.take(nil)
	ended := make(chan error, 1)
	go func() { ended <- reader.run(context.Background()) }()
	for {
		select {
		case <-to:
		case <-ended:
			r.look()
			return
		}
	}
}

// living is what the heap has.
func living() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A message that waits must not keep the memory of those that came with it, and went.
func TestWhatWaitsHoldsItsOwnMemory(t *testing.T) {
	const rounds, neighbours = 500, 300
	roomy := with(func(c *inboundConfig) { c.receiveMaximum, c.hard = rounds, Bounds{rounds, 1 << 20} })
	for _, c := range []struct {
		name  string
		begin func(*rig) (after func())
	}{
		{"dropped for want of room", func(r *rig) func() {
			r.note(notice{answerOwed: true})
			return func() {}
		}},
		{"taken from another stream", func(r *rig) func() {
			others := r.declare(StreamConfig{Inbox: Bounds{neighbours, 1 << 20}}, "others")
			return func() {
				for range neighbours {
					<-others.Out()
				}
			}
		}},
	} {
		bubble(t, "contract 20: while its neighbours are "+c.name, roomy, func(r *rig) {
			r.up(codec.V311, false)
			after := c.begin(r)
			before := living()
			for id := range rounds {
				one := codec.Publish{Topic: "a", QoS: codec.AtLeastOnce, PacketID: uint16(id + 1), Payload: fmt.Appendf(nil, "%064d", id)}
				other, packets := codec.Publish{Topic: "others", Payload: one.Payload}, []byte(nil)
				for range neighbours {
					packets, _ = other.Append(packets, r.link.version)
				}
				packets, _ = one.Append(packets, r.link.version)
				r.bring(packets)
				after()
			}
			each := (living() - before) / rounds
			require.Less(r, each, 1<<10, "bytes for each message of 64 that waits")
			for range r.stats(0).Depth.Messages - rounds { // QoS 0 that had room
				r.next(r.messages.Out())
			}
			for id := range rounds {
				r.take(r.messages.Out(), fmt.Sprintf("a=%064d", id))
			}
		})
	}
}
