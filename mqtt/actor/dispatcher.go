package actor

import (
	"context"
	"sync"
	"time"
)

// dispatcher owns all that comes in: which streams a message is for, room, QoS 2 identifiers, and the acknowledgements in
// their order. It waits on nobody: the tracker always takes, a stream is lent a batch when it has none, and reading is
// left alone while something has no room.
type dispatcher struct {
	cfg   *inboundConfig
	began time.Time // its clock's zero

	arrivals  <-chan arrivals // from reader, left out while reading is held
	notices   <-chan *notice  // from tracker, one slot
	owed      chan<- *owed    // to tracker, which always takes
	inquiries <-chan inquiry  // from callers and supervisor, answered at once
	verdicts  <-chan verdict  // from application
	reports   <-chan report   // from streams
	ended     chan<- struct{} // closed at the end,
	final     *InboundStats   // when this is written

	// owned by run
	bonds
	now     time.Duration // of this turn
	nursery sync.WaitGroup
	living  int // streams that run

	link       linkUp
	up         bool
	broken     bool // a fault was found: nothing more is taken of this connection
	answerOwed bool
	closing    bool
	settling   bool // the tracker waits for what the application has acknowledged,
	missing    int  // and so many streams have not told
	abandoned  int  // unacknowledged when the last connection ended
	finishing  bool

	routes   routes
	streams  map[uint64]*branch // those that are declared or not yet retired
	messages *branch            // where what nobody else wants waits
	last     uint64             // number given to a stream
	targets  []*branch          // of the message at hand,
	unasked  bool               // which is for Messages, and nobody has asked for that
	turns    uint64             // number of the last message
	touched  []*branch          // may be lent something
	blocked  []*branch          // wait for acknowledgements before they may be lent more
	fresh    []*branch          // wait for what Messages has lent
	dropping []*branch          // have dropped something that was not told
	retiring []retirement       // wait for arrivals that are on their way

	order   arrivalOrder
	exactly exactly
	diary
	handed     map[uint16]struct{} // QoS 1 identifiers that came before this connection, were handed out and not acknowledged
	unfinished int                 // messages of this connection that count against Receive Maximum
	out        int                 // QoS 1 and 2 messages with streams or application, unacknowledged
	eased      bool                // some have left
	carried    int                 // QoS 1 and 2 messages that wait for the application though nothing of this connection counts them
	heldBytes  int                 // of QoS 1 and 2 that wait
	looseBytes int                 // of QoS 0 that wait

	rest   *[]arrival // a batch of which not all was routed: reading is held until it is
	bulk   *[]byte    // its payloads, or nil
	at     int        // how far
	halt   passage    // why no further
	batch  uint64     // its number, or that of the last
	letter *owed      // to the tracker, what is new
	holds  bool       // how reading stands, as the letter says,
	held   bool       // and what the tracker was told of it

	vigil
	counts  InboundStats
	claimed bool
	anew    bool // what doesn't come often may have grown the stack: another goroutine goes on
}

// passage is what becomes of an arrival.
type passage byte

const (
	passed  passage = iota
	waits           // for room, which the application makes
	recalls         // for a stream's answer to a recall
)

func (d *dispatcher) run(ctx context.Context) error {
	for !d.anew {
		in, owed := d.arrivals, d.owed
		if d.rest != nil {
			in = nil
		}
		if !d.due() {
			owed = nil
		}
		select {
		case <-ctx.Done():
			d.finish()
			return context.Cause(ctx)
		case n := <-d.notices:
			d.note(n)
		case a := <-in:
			d.drainNotices()
			d.take(a)
		case owed <- d.letter:
			d.sent()
		case q := <-d.inquiries:
			d.drainVerdicts()
			q.answer(d)
		case v := <-d.verdicts:
			d.judge(v)
			d.drainVerdicts()
		case r := <-d.reports:
			d.reported(&r)
		case <-d.alarm.rings():
			d.armed = 0
		}
		d.turn()
	}
	d.anew = false
	return errAnew
}

// turn does what follows from what has happened.
func (d *dispatcher) turn() {
	d.now = time.Since(d.began)
	if d.untended() {
		d.giveUp()
	}
	d.emit()
	for d.rest != nil && d.resume() {
		d.emit()
	}
	d.feed()
	d.stall()
	d.gather()
	d.arm()
}

// drainNotices reads what the tracker said before what it caused can come.
func (d *dispatcher) drainNotices() {
	select {
	case n := <-d.notices:
		d.note(n)
	default:
	}
}

func (d *dispatcher) drainVerdicts() {
	for range cap(d.verdicts) {
		select {
		case v := <-d.verdicts:
			d.judge(v)
		default:
			return
		}
	}
}

// note takes what the tracker says.
func (d *dispatcher) note(n *notice) {
	d.answerOwed, d.closing = n.answerOwed, n.closing
	for _, i := range n.identifiers {
		d.routes.identifiers.tell(i)
	}
	d.wrote(n.marked)
	d.retiring = append(d.retiring, n.retired...)
	d.retireDue()
	if d.closing && !d.settling {
		d.settle()
	}
}

// settle sees to it that what the application has acknowledged so far is told before Close goes on (contract 18): verdicts
// that are here, and what streams have handed out and not reported yet.
func (d *dispatcher) settle() {
	d.settling = true
	d.drainVerdicts()
	d.dropRest()
	for _, b := range d.streams {
		if b.running {
			b.asked = true
			d.missing++
			if !b.closed { // one that is closing reports all by itself
				b.recall()
			}
		}
	}
	d.settled()
}

// settled tells the tracker when every stream has reported.
func (d *dispatcher) settled() {
	if d.missing == 0 {
		d.letter.settled = true
		d.erase()
	}
}

// answered notes that a stream has reported all.
func (d *dispatcher) answered(b *branch) {
	if b.asked {
		b.asked = false
		d.missing--
		d.settled()
	}
}

// due says whether the tracker has to be told something.
func (d *dispatcher) due() bool {
	l := d.letter
	return len(l.acks) > 0 || l.events != nil || l.marks != nil || l.up != 0 || l.fault != nil || l.settled || l.held != d.held
}

// sent begins the next letter.
func (d *dispatcher) sent() {
	d.held = d.holds // the letter is the tracker's
	d.letter = newLetter()
	d.letter.gen, d.letter.held = d.link.gen, d.held
}

// owe adds an acknowledgement to the letter.
func (d *dispatcher) owe(a ack) {
	d.letter.acks = append(d.letter.acks, a)
}

// fail ends the connection. What comes after is dropped.
func (d *dispatcher) fail(err error) passage {
	if !d.broken {
		d.broken, d.letter.fault = true, err
	}
	return passed
}
