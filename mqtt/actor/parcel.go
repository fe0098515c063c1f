package actor

import (
	"sync"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// parcel is small QoS 0 PUBLISHes that callers have written one behind the other, encoded as they leave. It lies in the channel
// of operations like one of them, where the first of its messages belongs, and callers write to it until something else follows
// or the tracker goes on with it: so a message in a flood costs neither a place in the channel nor a record of its own.
type parcel struct {
	op      Op            // what lies in the channel and in the lane for it
	version codec.Version // that its messages are encoded for
	bytes   []byte        // of memory
	items   []parcelled   // likewise
	size    int           // as the outbox counts it
	start   int           // where in the buffer it begins, when it has left
	memory  struct {
		bytes [parcelBytes + quickMax]byte
		items [parcelItems]parcelled
	}
}

// parcelled is one message of a parcel.
type parcelled struct {
	end   uint32 // where it ends
	topic uint16 // how long its topic is
	head  uint8  // how long what stands before its topic is
}

const (
	parcelItems = 128      // messages in a parcel, at most;
	parcelBytes = 16 << 10 // and encoded bytes, the last message not counted
)

// parcelPool has parcels of all clients.
var parcelPool sync.Pool

func init() { parcelPool.New = func() any { return newParcel() } }

func newParcel() *parcel {
	p := new(parcel)
	p.op = Op{traits: traits{kind: opParcel}, rare: &rare{parcel: p}}
	p.bytes, p.items = p.memory.bytes[:0], p.memory.items[:0]
	return p
}

// recycle empties the parcel for its next use.
func (p *parcel) recycle() {
	p.bytes, p.items, p.size = p.bytes[:0], p.items[:0], 0
	parcelPool.Put(p)
}

// full says that there is no room for another message.
func (p *parcel) full() bool { return len(p.items) == parcelItems || len(p.bytes) >= parcelBytes }

// ample says that what is in the parcel is worth the memory that it takes.
func (p *parcel) ample() bool { return len(p.items) >= parcelItems/2 || len(p.bytes) >= parcelBytes/2 }

func (p *parcel) add(topic string, payload []byte) {
	start := len(p.bytes)
	p.bytes = codec.AppendPlain(p.bytes, p.version, topic, payload)
	size := 2 + len(topic) + len(payload)
	p.size += size
	head := len(p.bytes) - start - size
	if p.version == codec.V5 {
		head--
	}
	p.items = append(p.items, parcelled{uint32(len(p.bytes)), uint16(len(topic)), uint8(head)})
}

// message gives message i, which is good until the parcel is recycled, and where it ends.
func (p *parcel) message(i int) (m codec.Publish, end int) {
	it := p.items[i]
	start := 0
	if i > 0 {
		start = int(p.items[i-1].end)
	}
	from := start + int(it.head) + 2
	to := from + int(it.topic)
	m.Topic = string(p.bytes[from:to])
	if p.version == codec.V5 {
		to++
	}
	m.Payload = p.bytes[to:it.end]
	return m, int(it.end)
}
