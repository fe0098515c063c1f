package actor

import (
	"cmp"
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
	end    chan<- struct{} // closed by the tracker when it has taken the pen for ever
	over   <-chan struct{} // the same
}

// unseen is how many parcels there may be at a time that the tracker hasn't counted yet.
const unseen = 4

// newPens makes a pen for a client that tries this version first.
func newPens(v codec.Version) *pens {
	lying, open, credit, over := make(chan *pen, 1), make(chan struct{}, 1), make(chan struct{}, unseen), make(chan struct{})
	lying <- &pen{version: v}
	return &pens{lying, lying, open, open, credit, credit, over, over}
}

// hasty is how often a caller tries to get the pen before it sleeps, and a parcel before it waits among the operations. One that
// slept is handed the pen before it runs, and then all others sleep, too.
const hasty = 8

// take gets the pen; nil when ctx has ended, or the tracker.
func (p *pens) take(ctx context.Context) *pen {
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
	case <-p.over:
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

// Post publishes a small QoS 0 message without properties, whose topic is a lawful one. False without an error says that it has to
// be offered as an operation, among which everybody waits for room in turn.
func (c *Client[M]) Post(ctx context.Context, topic string, payload []byte) (posted bool, err error) {
	for range hasty {
		pen := c.pens.take(ctx)
		if pen == nil {
			return false, c.whyNot(ctx)
		}
		room := true
		if p := pen.open; p != nil && !p.full() {
			p.add(topic, payload)
			posted = true
		} else if room = c.pens.hasRoom(); room {
			posted = c.begin(pen, topic, payload)
		}
		c.pens.back <- pen
		if room {
			return posted, nil
		}
		runtime.Gosched() // the tracker is about to count
	}
	return false, nil
}

// hasRoom takes the token for another parcel, if there is one.
func (p *pens) hasRoom() bool {
	select {
	case <-p.room:
		return true
	default:
		return false
	}
}

// whyNot is why waiting ended.
func (c *Client[M]) whyNot(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return cmp.Or(c.cause(), ErrClosed)
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
	if pen := c.pens.take(context.Background()); pen != nil {
		c.pens.shut(pen)
		c.pens.back <- pen
	}
}
