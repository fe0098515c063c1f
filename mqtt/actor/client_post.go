package actor

import (
	"context"
	"runtime"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// pen lets who has it write to the open parcel, and open and close one. There is one pen, which lies in a channel of one place: a
// caller takes it for as long as it copies one small message, and waits for nobody meanwhile.
type pen struct {
	open    *parcel       // the last that was put into the channel of operations; nil: nothing may be written to it any more
	version codec.Version // of the connection, as far as is known
}

// pens are the ends of what a pen needs, for callers and tracker alike.
type pens struct {
	taken  <-chan *pen     // one place:
	back   chan<- *pen     // the same
	open   chan<- struct{} // holds a token while there is an open parcel: it is put in before the parcel can be seen,
	opened <-chan struct{} // and taken out, by who has the pen
	credit chan<- struct{} // a token for each parcel that the outbox has room for
	room   <-chan struct{} // the same
}

// unseen is how many parcels there may be at a time that the tracker hasn't counted yet.
const unseen = 4

func newPens() *pens {
	lying, open, credit := make(chan *pen, 1), make(chan struct{}, 1), make(chan struct{}, unseen)
	lying <- &pen{version: codec.V311}
	return &pens{lying, lying, open, open, credit, credit}
}

// hasty is how often a caller tries to get the pen before it sleeps: one that slept is handed the pen before it runs, and then
// all others sleep, too.
const hasty = 8

// take gets the pen; nil when ctx or the client has ended.
func (p *pens) take(ctx context.Context, done <-chan struct{}) *pen {
	for range hasty {
		select {
		case pen := <-p.taken:
			return pen
		default:
			runtime.Gosched()
		}
	}
	select {
	case pen := <-p.taken:
		return pen
	case <-ctx.Done():
	case <-done:
	}
	return nil
}

// shut closes the open parcel, if there is one.
func (p *pens) shut(pen *pen) {
	if pen.open != nil {
		pen.open = nil
		<-p.opened
	}
}

// Post publishes a small QoS 0 message without properties, whose topic is a lawful one. It waits for room, as long as ctx lets it.
// False without an error says that the message has to be offered as an operation.
func (c *Client[M]) Post(ctx context.Context, topic string, payload []byte) (bool, error) {
	pen := c.pens.take(ctx, c.done)
	if pen == nil {
		return false, c.whyNot(ctx)
	}
	if p := pen.open; p != nil && !p.full() {
		p.add(topic, payload)
		c.pens.back <- pen
		return true, nil
	}
	select {
	case <-c.pens.room:
		begun := c.begin(pen, topic, payload)
		c.pens.back <- pen
		return begun, nil
	default:
	}
	c.pens.back <- pen
	return c.postLater(ctx, topic, payload)
}

// postLater waits for room first. It keeps what it got: who put it back would hand it to the next who waits, and so on for ever.
func (c *Client[M]) postLater(ctx context.Context, topic string, payload []byte) (posted bool, err error) {
	select {
	case <-c.pens.room:
	case <-ctx.Done():
		return false, ctx.Err()
	case <-c.done:
		return false, c.final.Err
	}
	pen := c.pens.take(ctx, c.done)
	if pen == nil {
		c.pens.credit <- struct{}{}
		return false, c.whyNot(ctx)
	}
	if p := pen.open; p != nil && !p.full() { // another has begun it meanwhile
		p.add(topic, payload)
		posted = true
		c.pens.credit <- struct{}{}
	} else {
		posted = c.begin(pen, topic, payload)
	}
	c.pens.back <- pen
	return posted, nil
}

// whyNot is why waiting ended.
func (c *Client[M]) whyNot(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.final.Err
}

// begin puts a parcel with its first message into the channel, if there is a place.
func (c *Client[M]) begin(pen *pen, topic string, payload []byte) bool {
	c.pens.shut(pen)
	p := parcelPool.Get().(*parcel)
	p.version = pen.version
	p.add(topic, payload)
	c.pens.open <- struct{}{}
	select {
	case c.ops <- &p.op:
		pen.open = p
		return true
	default:
		<-c.pens.opened
		p.recycle()
		c.pens.credit <- struct{}{}
		return false
	}
}

// seal sees to it that what is called from now on comes behind what its caller has put into the channel.
func (c *Client[M]) seal() {
	if len(c.pens.opened) == 0 {
		return // a parcel that was put in before shows here
	}
	if pen := c.pens.take(context.Background(), c.done); pen != nil {
		c.pens.shut(pen)
		c.pens.back <- pen
	}
}
