package actor

import (
	"context"
	"errors"
	"sync"
)

// Client is what callers hold of the processes: the ends of the arrows that begin with them. Any goroutine may use it.
type Client[M any] struct {
	Config Config
	*Inbound[M]

	ops    chan<- *Op      // to tracker
	late   <-chan *Op      // the same, to end what came too late
	missed chan<- uint64   // one slot: how many of those were promised to be admitted,
	misses <-chan uint64   // the same; who counts takes it out and puts it back
	asks   chan<- question // to tracker
	strict <-chan struct{}
	pens   *pens
	cause  func() error    // why the processes end; nil before
	done   <-chan struct{} // closed when every process has ended
	final  *Final
	pool   sync.Pool // of records with a reply channel, which belongs to this client
	bare   sync.Pool // of records without: a receipt knows one by its use, which one tracker counts
	waits  sync.Pool // of places to wait for an answer at, likewise

	answersIn  chan<- *Answers[M] // one slot: the response topic in use, nil for none;
	answersOut <-chan *Answers[M] // the same: who looks takes it out and puts it back
}

// Final is what is left to be asked when the client has ended.
type Final struct {
	Err    error
	View   View
	Result Unfinished
}

// refuseLate ends what was offered to a client that had just ended. Whoever offers looks afterwards whether the client has
// ended, and does the same, so that nothing stays behind. The tracker can't count it any more. What the tracker took back while
// it lay here, in its last moments, has had its outcome.
func (c *Client[M]) refuseLate() {
	for {
		select {
		case op := <-c.late:
			if op.state == opEnded {
				continue
			}
			if op.promised {
				c.missed <- 1 + <-c.misses
			}
			op.refuse(errors.Join(c.final.Err, ErrNotSent))
		default:
			return
		}
	}
}

// Done is closed when the client has ended and no goroutine of it is left.
func (c *Client[M]) Done() <-chan struct{} { return c.done }

// Cause is why it ended, or is ending: known before the first channel is closed, nil before.
func (c *Client[M]) Cause() error { return c.cause() }

// Final tells how it ended; nil before.
func (c *Client[M]) Final() *Final {
	select {
	case <-c.done:
		return c.final
	default:
		return nil
	}
}

// Strict says how far a quick PUBLISH needs a word of admission: 0 not, 1 when it has properties, 2 always.
func (c *Client[M]) Strict() int { return len(c.strict) }

// Offer hands op to the tracker. It waits for room, as long as ctx lets it. On success op has an owner who will end it;
// on an error it is still the caller's.
func (c *Client[M]) Offer(ctx context.Context, op *Op) error {
	select {
	case c.ops <- op:
	default:
		select {
		case c.ops <- op:
		case <-ctx.Done():
			return ctx.Err()
		case <-c.done:
			return c.final.Err
		}
	}
	select {
	case <-c.done:
		c.refuseLate()
	default:
	}
	c.seal()
	return nil
}

// Enlist hands over a SUBSCRIBE or UNSUBSCRIBE that needs no room and nobody waits for. It takes one turn of the tracker's.
func (c *Client[M]) Enlist(op *Op) error {
	reply := make(chan error, 1)
	if !c.ask(enlistment{op, reply}) {
		return c.final.Err
	}
	err := <-reply
	c.seal()
	return err
}

// ask puts a question; false when the client has ended.
func (c *Client[M]) ask(q question) bool {
	select {
	case c.asks <- q:
		return true
	case <-c.done:
		return false
	}
}

// Record gives a record for a PUBLISH whose caller waits for the outcome; Return takes it back after that.
func (c *Client[M]) Record() *Op { return c.pool.Get().(*Op) }

// Return takes a record back whose outcome was taken, or that was never offered.
func (c *Client[M]) Return(op *Op) {
	op.Reuse()
	c.pool.Put(op)
}

// NewPublish gives a record whose outcome is told at a place of the caller's; the tracker takes the record back by itself. With admission,
// the caller also hears when it was admitted; without, the send has to be enough, which it is for small messages as long as the
// outbox is roomy.
func (c *Client[M]) NewPublish(at *Ending, admission bool) *Op {
	at.arm()
	if admission {
		op := &Op{Ending: at}
		op.tellsAdmission()
		return op
	}
	op := c.bare.Get().(*Op)
	op.promised, op.Ending = true, at
	return op
}

// Withdraw takes an operation back. left says that it may have reached the server, and goes on with keep; else it has its outcome.
func (c *Client[M]) Withdraw(r Receipt, why error, keep bool) (left bool) {
	reply := make(chan bool, 1)
	if !c.ask(withdrawal{receipt: r, why: why, keep: keep, reply: reply}) {
		return false // it has ended, and the operation with it
	}
	return <-reply
}

// Leave takes op back from the door; what was admitted meanwhile stays. Its admission tells which.
func (c *Client[M]) Leave(op *Op, why error) {
	reply := make(chan bool, 1)
	if c.ask(withdrawal{receipt: op.Receipt(), why: why, door: true, reply: reply}) {
		<-reply
	}
}

// Watch has closed closed when the operation ends, or with stored when its session has it.
func (c *Client[M]) Watch(r Receipt, closed chan<- struct{}, stored bool) {
	reply := make(chan struct{}, 1)
	if !c.ask(endWatch{r, closed, stored, reply}) {
		close(closed)
	}
}

// Flush waits until all that was admitted before has ended.
func (c *Client[M]) Flush(ctx context.Context) error {
	reply := make(chan error, 1)
	if !c.ask(flush{reply: reply}) {
		return c.final.Err
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
	}
	left := make(chan struct{}, 1)
	if c.ask(flushLeave{reply, left}) {
		<-left
	}
	select {
	case err := <-reply: // it was answered in the same moment, and the counts with it
		return err
	default:
		return ctx.Err()
	}
}

// Connect begins to connect and waits for the outcome of the first round.
func (c *Client[M]) Connect(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	reply := make(chan error, 1)
	if !c.ask(connectAsk{reply}) {
		return c.final.Err
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
	}
	stopped := make(chan struct{}, 1)
	if !c.ask(connectStop{reply, stopped}) {
		return c.final.Err
	}
	<-stopped
	select {
	case err := <-reply: // it was decided in the same moment
		return err
	default:
		return ctx.Err()
	}
}

// AwaitConnected waits for a connection.
func (c *Client[M]) AwaitConnected(ctx context.Context) error {
	return c.await(ctx, func(reply chan<- error) question { return awaitAsk{reply: reply} })
}

// Reconnect replaces the connection and waits for the next.
func (c *Client[M]) Reconnect(ctx context.Context) error {
	return c.await(ctx, func(reply chan<- error) question { return reconnectAsk{reply} })
}

func (c *Client[M]) await(ctx context.Context, ask func(chan<- error) question) error {
	reply := make(chan error, 1)
	if !c.ask(ask(reply)) {
		return c.final.Err
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		c.ask(awaitAsk{reply: reply, leave: true})
		return ctx.Err()
	}
}

// View asks the desk.
func (c *Client[M]) View() View {
	reply := make(chan View, 1)
	if !c.ask(viewAsk{reply}) {
		v, n := c.final.View, c.tooLate()
		v.Counts.Admitted += n
		v.Counts.NotSent += n
		return v
	}
	return <-reply
}

// tooLate is how many messages were promised to be admitted while the client ended, and came too late.
func (c *Client[M]) tooLate() uint64 {
	n := <-c.misses
	c.missed <- n
	return n
}

// Ended says whether the operation has its outcome.
func (c *Client[M]) Ended(r Receipt) bool {
	reply := make(chan bool, 1)
	if !c.ask(endedAsk{r, reply}) {
		return true
	}
	return <-reply
}

// Root is the handle of Messages, without a claim on it.
func (c *Client[M]) Root() *StreamHandle[M] { return c.messages }

// Quit is closed by Close, and not when the client ends.
func (s *StreamHandle[M]) Quit() <-chan struct{} { return s.quit }

// Closed says whether the stream has ended.
func (s *StreamHandle[M]) Closed() bool { return closed(s.end) }
