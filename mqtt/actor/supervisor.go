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
	cfg                      *Config
	links                    chan<- any             // to tracker
	inbound                  chan<- linkNews        // to dispatcher
	pings                    chan<- chan<- activity // to tracker, for the pinger of a connection
	in                       chan<- arrivals        // to dispatcher, for the reader of a connection
	connect, stop, reconnect <-chan struct{}        // from tracker
	end                      <-chan error           // from tracker
	records                  <-chan Record          // from all

	// owned by run
	done     <-chan struct{}         // the client's end
	nursery  sync.WaitGroup          // the attempt, and the join of the connection
	tried    <-chan tried            // from the attempt
	found    chan<- tried            // the attempt's end of it
	ended    <-chan error            // from the connection's join
	over     chan<- error            // the join's end of it
	cancel   context.CancelFunc      // of the attempt, nil while there is none
	sever    context.CancelCauseFunc // of the connection, nil while there is none
	plug     *plug
	timer    *time.Timer
	asleep   bool // the timer runs towards the next attempt
	first    bool // no connection was accepted since Connect
	accepted bool // some connection of this client was accepted: there is a session that may go on
	gen      uint64
	server   int
	tries    int // servers tried in this round
	failures int // in a row
	born     time.Time
	versions map[int]codec.Version // what last worked with a server
	clientID string                // assigned by a server
	renew    bool                  // Connect was called while an abandoned attempt was still ending
}

// tried is what an attempt found.
type tried struct {
	conn net.Conn
	rest []byte // what came behind CONNACK
	ack  *codec.ConnAck
	link linkUp
	err  error
}

func (s *supervisor) run(ctx context.Context) error {
	defer s.nursery.Wait()
	defer s.shut()
	s.done = ctx.Done()
	s.timer = time.NewTimer(time.Hour)
	s.timer.Stop()
	found, over := make(chan tried, 1), make(chan error, 1)
	s.tried, s.found, s.ended, s.over = found, found, over, over
	s.versions = make(map[int]codec.Version)
	for {
		var err error
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err = <-s.end:
		case <-s.connect:
			s.begin(ctx)
		case <-s.stop:
			s.giveUp()
		case <-s.reconnect:
			s.hurry(ctx)
		case <-s.timer.C:
			s.attempt(ctx)
		case t := <-s.tried:
			err = s.judge(ctx, t)
		case why := <-s.ended:
			err = s.lost(ctx, why)
		case r := <-s.records:
			s.log(r)
		}
		if err != nil {
			return err
		}
	}
}

// shut ends what runs beside: the attempt, the connection. Their results nobody needs any more.
func (s *supervisor) shut() {
	s.timer.Stop()
	if s.cancel != nil {
		s.cancel()
	}
	if s.sever != nil {
		s.sever(ErrClosed)
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

func (s *supervisor) log(r Record) {
	if s.cfg.Log != nil {
		s.cfg.Log(r)
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

// begin starts the first attempt of a Connect.
func (s *supervisor) begin(ctx context.Context) {
	if s.cancel != nil || s.sever != nil {
		s.renew = true // an abandoned attempt is still ending
		return
	}
	s.renew, s.first, s.failures, s.tries = false, true, 0, 0
	s.attempt(ctx)
}

// giveUp stops trying for a Connect whose caller has gone. A connection that came in the same moment is the tracker's to end.
func (s *supervisor) giveUp() {
	s.first = false
	if s.asleep {
		s.asleep = false
		s.timer.Stop()
		s.say(failed{errAbandoned})
	}
	if s.cancel != nil {
		s.cancel()
	}
}

// hurry has the next attempt begin now.
func (s *supervisor) hurry(ctx context.Context) {
	if s.asleep {
		s.timer.Stop()
		s.attempt(ctx)
	}
}

// abandoned tells that nothing goes on for a Connect that was given up, and begins for one that came after it.
func (s *supervisor) abandoned(ctx context.Context) {
	if s.renew {
		s.begin(ctx)
		return
	}
	s.say(failed{errAbandoned})
}

// say tells the tracker. It always takes; only the end of the client keeps it from it.
func (s *supervisor) say(news any) {
	select {
	case s.links <- news:
	case <-s.done:
	}
}

// pass tells the dispatcher, likewise.
func (s *supervisor) pass(news linkNews) {
	select {
	case s.inbound <- news:
	case <-s.done:
	}
}

// attempt dials the next server beside the select, so that orders are heard meanwhile.
func (s *supervisor) attempt(ctx context.Context) {
	s.asleep = false
	s.say(attempting{})
	ctx, s.cancel = context.WithTimeoutCause(ctx, s.cfg.ConnectTimeout, errConnectTimeout)
	a := s.prepare()
	found := s.found
	s.nursery.Go(func() { found <- a.run(ctx) })
}

var errConnectTimeout = errors.New("no CONNACK within ConnectTimeout")

// lost ends a connection: the processes are joined, now tracker and dispatcher are told, and the next attempt is set.
func (s *supervisor) lost(ctx context.Context, why error) error {
	ours := false
	select {
	case reason := <-s.plug.why:
		why, ours = reason, true
	default:
	}
	s.sever, s.plug = nil, nil
	down := linkDown{s.gen, why}
	s.pass(down)
	s.say(down)
	switch {
	case ours && errors.Is(why, errReconnect):
		s.failures = 0
		s.attempt(ctx)
		return nil
	case ours && errors.Is(why, errAbandoned):
		s.abandoned(ctx)
		return nil
	case ours && errors.Is(why, ErrClosed):
		return nil // the tracker's end order follows
	case s.cfg.permanent(why):
		return why
	}
	if time.Since(s.born) >= s.cfg.Stable {
		s.failures = 0
	}
	s.tries = 0
	return s.again(why)
}

// again sets the next attempt after a failure, or ends the client when there is none.
func (s *supervisor) again(why error) error {
	s.failures++
	delay, more := s.cfg.Delay(s.failures, why)
	if !more {
		if s.accepted {
			return why
		}
		s.say(failed{why})
		return nil
	}
	s.asleep = true
	s.say(retrying{s.failures, delay, why, s.tries >= s.cfg.Servers})
	s.timer.Reset(delay)
	return nil
}

// permanent says that trying again unchanged can't succeed, or isn't wanted by default (contract 15).
func (c *Config) permanent(err error) bool {
	if c.Decides {
		return false
	}
	r, ok := errors.AsType[*Refusal](err)
	if !ok {
		return false
	}
	switch r.Code {
	case codec.UnsupportedProtocolVersion, codec.ClientIdentifierNotValid, codec.BadUserNameOrPassword, codec.NotAuthorized,
		codec.Banned, codec.BadAuthenticationMethod:
		return true
	case codec.SessionTakenOver:
		return r.Packet == codec.TypeDisconnect // two clients with one identifier would fight
	case codec.TopicNameInvalid, codec.PacketTooLarge, codec.PayloadFormatInvalid, codec.RetainNotSupported, codec.QoSNotSupported:
		return r.Packet == codec.TypeConnAck // of the will
	}
	return false
}
