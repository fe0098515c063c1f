package actor

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// reader owns the read half: it decodes all that one read brought, and hands over one batch of answers and one of PUBLISH
// and PUBREL.
type reader struct {
	conn     net.Conn
	dialect  codec.Dialect
	max      uint32 // Maximum Packet Size
	terse    bool   // CONNECT has forbidden Reason String and User Property in answers
	gen      uint64
	answers  chan<- *answers  // to tracker, who always takes
	arrivals chan<- arrivals  // to dispatcher, who leaves them while reading is held
	received func(PacketInfo) // trace, may be nil
	method   string           // Authentication Method, empty for none

	// owned by run
	buf      []byte // what was read and not decoded is buf[from:to]
	from, to int
	large    *[]byte // what buf is of, when it is from the pool
	own      bool    // buf is of the size of one packet, whose payload may stay in it
	filled   bool    // the last read filled buf
	calm     int     // reads in a row that a small buffer would have held
	topics   topics
	aliases  aliases
	pub      codec.Publish
	bytes    int
	batches  uint64 // for the dispatcher
}

const (
	smallRead = 512
	largeRead = 64 << 10
)

// readPool holds large read buffers: an idle connection has a small one of its own.
var readPool = sync.Pool{New: func() any { b := make([]byte, largeRead); return &b }}

// run first decodes what came behind CONNACK.
func (r *reader) run(ctx context.Context) error {
	defer r.shrink()
	for {
		if err := r.hand(ctx); err != nil {
			return err
		}
		n, err := r.conn.Read(r.space())
		r.to += n
		r.bytes += n
		if n > smallRead {
			r.calm = 0
		}
		r.filled = r.to == len(r.buf)
		if err != nil {
			if end := r.hand(ctx); end != nil {
				return end // a DISCONNECT that came with the end says more than that
			}
			return fmt.Errorf("read: %w", err)
		}
	}
}

// take begins with what came behind CONNACK.
func (r *reader) take(rest []byte) {
	r.buf = make([]byte, max(smallRead, len(rest)+1))
	r.to = copy(r.buf, rest)
	r.bytes = r.to
}

// hand decodes what is whole and gives it to its owners. After bytes that break a rule the tracker ends the connection;
// what still comes is read and dropped, so that our DISCONNECT isn't lost in a reset.
func (r *reader) hand(ctx context.Context) error {
	if r.to == r.from {
		return nil
	}
	a := newAnswers()
	a.gen, a.came = r.gen, time.Now()
	in := arrivals{gen: r.gen}
	end, fault := r.decode(a, &in)
	if in.list != nil {
		r.batches++
	}
	in.n, a.after = r.batches, r.batches
	a.bytes, a.fault = r.bytes, fault
	r.bytes = 0
	select {
	case r.answers <- a:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if in.list != nil {
		select {
		case r.arrivals <- in:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if fault != nil {
		r.discard()
		return fault
	}
	return end
}

// discard reads until the connection ends.
func (r *reader) discard() {
	for {
		if _, err := r.conn.Read(r.buf[:cap(r.buf)]); err != nil {
			return
		}
	}
}

// decode goes through the packets that are whole. end is a DISCONNECT; fault is what breaks a rule.
func (r *reader) decode(a *answers, in *arrivals) (end, fault error) {
	for r.from < r.to {
		f, size, err := codec.Next(r.buf[r.from:r.to], r.dialect, r.max)
		switch {
		case err != nil:
			return nil, err
		case size == 0 || size > r.to-r.from:
			r.need(size)
			return nil, nil
		}
		r.from += size
		if f.Type == codec.TypePingResp {
			in.begin()
			*in.list = append(*in.list, arrival{pong: true})
		}
		if f.Type == codec.TypePublish || f.Type == codec.TypePubRel {
			err = r.arrival(f, size, in)
		} else {
			end, err = r.answer(f, size, a)
		}
		if err != nil || end != nil {
			return end, err
		}
	}
	r.spent()
	return nil, nil
}

// arrival decodes a PUBLISH or PUBREL into the batch for the dispatcher.
func (r *reader) arrival(f codec.Frame, size int, in *arrivals) error {
	in.begin()
	if f.Type == codec.TypePubRel {
		var p codec.PubRel
		if err := p.Decode(f, r.dialect); err != nil {
			return err
		}
		if err := r.wordy(f.Type, p.Properties); err != nil {
			return err
		}
		*in.list = append(*in.list, arrival{publish: codec.Publish{PacketID: p.PacketID}, release: true})
		r.trace(PacketInfo{Type: f.Type, Size: size, PacketID: p.PacketID, Code: p.Code})
		return nil
	}
	p := &r.pub
	known := r.topics.known(f.Body)
	p.Topic = known
	if err := p.Decode(f, r.dialect); err != nil {
		return err
	}
	if err := r.aliases.resolve(p); err != nil {
		return err
	}
	if known == "" {
		r.topics.keep(p.Topic)
	}
	if r.own && len(p.Payload) > slabMax {
		p.Payload = p.Payload[:len(p.Payload):len(p.Payload)]
	} else {
		p.Payload = in.payload(p.Payload)
	}
	if p.Properties != nil && p.Properties.CorrelationData != nil {
		p.Properties.CorrelationData = append([]byte{}, p.Properties.CorrelationData...)
	}
	*in.list = append(*in.list, arrival{publish: *p})
	r.trace(PacketInfo{Type: f.Type, Size: size, PacketID: p.PacketID, Topic: p.Topic, QoS: p.QoS, Dup: p.Dup, Retain: p.Retain})
	return nil
}

// begin sees to it that there is a list.
func (a *arrivals) begin() {
	if a.list == nil {
		a.list = arrivalPool.Get().(*[]arrival)
	}
}

// payload copies what the next read would write over.
func (a *arrivals) payload(b []byte) []byte {
	switch {
	case len(b) == 0:
		return nil
	case len(b) > slabMax:
		return new(slab).copy(b)
	case a.bulk == nil:
		a.bulk = bulkPool.Get().(*[]byte)
	}
	start := len(*a.bulk)
	*a.bulk = append(*a.bulk, b...) // what lies in it already stays where it is, also when it grows
	return (*a.bulk)[start:len(*a.bulk):len(*a.bulk)]
}

func (r *reader) trace(p PacketInfo) {
	if r.received != nil {
		r.received(p)
	}
}
