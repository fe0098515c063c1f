package actor

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// supervisor owns the way to a server: which one is next, the version, the backoff, the attempt, and the join of what a
// connection needs. Callers never ask it; the tracker gives it orders.
type supervisor struct {
	cfg     *Config
	asks    chan<- question // to tracker, also for the pinger of a connection
	inbound chan<- inquiry  // to dispatcher
	in      chan<- arrivals // to dispatcher, for the reader of a connection
	orders  <-chan *order   // from tracker, one slot
	records <-chan *Record  // from tracker, nil without a Logger

	// owned by run
	done      <-chan struct{}         // the client's end
	nursery   sync.WaitGroup          // the attempt, and the join of the connection
	tried     <-chan *tried           // from the attempt, nil while there is none
	ended     <-chan error            // from the connection's join, nil while there is none
	cancel    context.CancelCauseFunc // of the attempt, nil while there is none
	sever     context.CancelCauseFunc // of the connection, nil while there is none
	plug      *plug
	alarm     alarm
	wish      uint64
	asleep    bool // the timer runs towards the next attempt
	rush      bool // Reconnect was called on this connection: whatever it ends with, the next attempt isn't delayed
	first     bool // a Connect is at work: no connection was accepted for it yet
	connected bool // a Connect has succeeded: from now on the client stays connected, or ends
	accepted  bool // some connection of this client was accepted: there is a session that may go on
	gen       uint64
	course    course
	at        Server          // where the attempt goes or the connection is: course's, or what the user's code made of it
	vain      []*AttemptError // of this round
	last      error           // what the last attempt, or the connection, ended with; nil after an accepting CONNACK
	failures  int             // in a row
	ghosts    int             // attempts of ours that were given up behind CONNECT: a slow server may still come to them
	unsure    bool            // a CONNECT may have left, and what it did to the session isn't known
	head      int             // 1 when the row began with an attempt, 0 when it began with the loss of a connection
	born      time.Time
	lowered   codec.Version // what this server is tried with since it refused a higher one, or zero
	clientID  string        // assigned by a server
	owner     string        // the client identifier that was accepted last: whose session may go on
	warned    bool          // of what the user's code allows
	renew     bool          // Connect was called while an abandoned attempt was still ending
}

// tried is what an attempt found.
type tried struct {
	server Server
	conn   net.Conn
	rest   []byte // what came behind CONNACK
	ack    *codec.ConnAck
	link   linkUp
	err    error
}

func (s *supervisor) run(ctx context.Context) (err error) {
	if s.done == nil {
		s.begun(ctx)
	}
	for err == nil {
		select {
		case <-ctx.Done():
			err = context.Cause(ctx)
		case o := <-s.orders:
			err = s.obey(o)
		case <-s.alarm.rings():
			s.attempt()
		case t := <-s.tried:
			err = s.judge(t)
		case why := <-s.ended:
			err = s.lost(why)
		case r := <-s.records:
			s.log(r)
		}
	}
	if err != errAnew {
		s.shut(err)
	}
	return err
}

// begun is the first that the supervisor does.
func (s *supervisor) begun(ctx context.Context) {
	s.done = ctx.Done()
	s.course = newCourse(s.cfg.Servers, s.cfg.Among)
	for i := range s.cfg.Warnings {
		s.log(&s.cfg.Warnings[i])
	}
}

// shut ends what runs beside: the attempt, the connection. It is the only way by which the client's end comes to them: their
// contexts are nobody's children, which would take memory with the parent. Their results nobody needs any more.
func (s *supervisor) shut(why error) {
	s.alarm.stop()
	if s.cancel != nil {
		s.cancel(why)
	}
	if s.sever != nil {
		s.sever(why)
	}
	s.nursery.Wait()
	select {
	case t := <-s.tried:
		if t.conn != nil {
			t.conn.Close()
		}
	default:
	}
	s.empty()
}

func (s *supervisor) log(r *Record) {
	if s.cfg.Log != nil {
		s.cfg.Log(*r)
	}
}

// empty logs what is left in the ring.
func (s *supervisor) empty() {
	for {
		select {
		case r := <-s.records:
			s.log(r)
		default:
			return
		}
	}
}

// obey does what the tracker says. Its error is the end of the client.
func (s *supervisor) obey(o *order) error {
	if o.end != nil {
		return o.end
	}
	if o.wish.n != 0 {
		s.grant(o.wish)
	}
	if o.reconnect {
		s.hurry()
	}
	return nil
}

// grant begins for a Connect, or gives up when its caller has gone.
func (s *supervisor) grant(w wish) {
	if w.anew {
		s.giveUp() // for the wish that it still has
	}
	s.wish = w.n
	switch {
	case !w.on:
		s.giveUp()
	case s.sever != nil || s.cancel != nil && !s.first:
		s.renew = true // what was abandoned is still ending
	case s.cancel == nil:
		s.begin()
	}
}

// begin starts the first attempt of a Connect.
func (s *supervisor) begin() {
	s.renew, s.first, s.failures, s.head = false, true, 0, 1
	s.newRound()
	s.course.leave()
	s.alarm.stop()
	s.attempt()
}

// giveUp stops trying for a Connect whose caller has gone. A connection that came in the same moment is the tracker's to end.
func (s *supervisor) giveUp() {
	s.first, s.renew = false, false
	switch {
	case s.cancel != nil:
		s.cancel(nil)
	case s.sever == nil:
		s.asleep = false
		s.alarm.stop()
		s.say(failed{errAbandoned, s.wish})
	}
}

// hurry has the next attempt begin now, or when the connection that is ending has ended.
func (s *supervisor) hurry() {
	s.rush = s.sever != nil
	if s.asleep {
		s.alarm.stop()
		s.attempt()
	}
}

// abandoned tells that nothing goes on for a Connect that was given up, and begins for one that came after it.
func (s *supervisor) abandoned() {
	if s.renew {
		s.begin()
		return
	}
	s.say(failed{errAbandoned, s.wish})
}

// say tells the tracker. It always takes; only the end of the client keeps it from it.
func (s *supervisor) say(what any) {
	select {
	case s.asks <- news{what}:
	case <-s.done:
	}
}

// pass tells the dispatcher, likewise.
func (s *supervisor) pass(news inquiry) {
	select {
	case s.inbound <- news:
	case <-s.done:
	}
}

// attempt dials the next server beside the select, so that orders are heard meanwhile.
func (s *supervisor) attempt() {
	s.asleep = false
	allow, allowed := s.askLeave()
	s.say(attempting{allow})
	a := s.prepare()
	a.allowed = allowed
	found := make(chan *tried, 1)
	ctx, cancel := context.WithCancelCause(context.Background())
	s.cancel, s.tried = cancel, found
	s.nursery.Go(func() {
		t := a.run(ctx)
		found <- &t
	})
}

// lost ends a connection: the processes are joined, now tracker and dispatcher are told, and the next attempt is set.
func (s *supervisor) lost(why error) error {
	plug := s.plug
	s.sever, s.ended, s.plug = nil, nil, nil
	why, ours := plug.reason(why)
	down := linkDown{s.gen, why}
	s.pass(down)
	s.say(down)
	if !ours {
		why, ours = plug.reason(why) // the tracker may have said so in the same moment
	}
	switch {
	case ours && errors.Is(why, errReconnect):
		s.failures, s.head = 0, 1
		s.course.leave()
		s.say(retrying{attempt: s.number(), err: why})
		s.attempt()
		select {
		case o := <-s.orders:
			o.reconnect = false // it came with the reason, and is not for the next connection
			return s.obey(o)
		default:
			return nil
		}
	case ours && errors.Is(why, errAbandoned):
		s.connected = false
		s.abandoned()
		return nil
	case ours && errors.Is(why, ErrClosed):
		return nil // the tracker's end order follows
	case s.ownGhost(why):
	case s.permanent(why):
		return why
	}
	brief := time.Since(s.born) < s.cfg.Stable
	if !brief {
		s.failures, s.ghosts, s.course.hops = 0, 0, 0
	}
	s.last, s.head = why, 0
	s.newRound()
	err := s.comeBack(why, brief)
	if s.rush {
		s.hurry()
	}
	return err
}
