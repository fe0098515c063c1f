package compare

import (
	"bytes"
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

const (
	inOrder  = "in order"
	asCalled = "as called"
)

var acknowledgedBackwards = scenario{
	name: "Manual acknowledgements out of order",
	done: "Three messages of QoS 1 come, and the program acknowledges the third, then the second, then the first. MQTT wants PUBACKs in the order of the messages (§4.6).",
	words: []meaning{
		{inOrder, "the PUBACKs come as the messages went"},
		{asCalled, "they come third, second, first"},
	},
	want: []string{inOrder, inOrder, inOrder, asCalled, asCalled},
	play: func(c *cell) string {
		const burst = 3
		v := c.serve(script{burst: burst, qos: codec.AtLeastOnce})
		came := make(chan received, burst)
		c.subscribe(c.open(v, settings{manual: true, handle: func(_ link, m received) { came <- m }}))
		var messages []received
		for range burst {
			select {
			case m := <-came:
				messages = append(messages, m)
			case <-c.ctx.Done():
				c.fail("%d of %d messages", len(messages), burst)
			}
		}
		slices.SortFunc(messages, func(a, b received) int { return bytes.Compare(b.payload, a.payload) }) // the last sent first
		for _, m := range messages {
			m.ack()
		}
		var order []uint16
		c.expect(v, "three PUBACKs", func(seen []arrival) bool {
			order = nil
			for _, a := range seen {
				if isPubAck(a) {
					order = append(order, a.packet.(*codec.PubAck).PacketID)
				}
			}
			return len(order) == burst
		})
		switch {
		case slices.Equal(order, []uint16{1, 2, 3}):
			return inOrder
		case slices.Equal(order, []uint16{3, 2, 1}):
			return asCalled
		}
		c.fail("PUBACKs for %d", order)
		return ""
	},
}
