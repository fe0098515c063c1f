package actor

import (
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// news is what the supervisor tells the tracker, among the questions of callers.
type news struct{ what any }

func (n news) answer(t *tracker) { t.hear(n.what) }

// attempting says that an attempt begins, which may wait to be allowed its CONNECT; missed that it failed; retrying that another
// follows; failed that none does, and so for which Connect.
type (
	attempting struct{ allowed chan<- struct{} }
	missed     struct {
		server string
		err    error
	}
	retrying struct {
		attempt int
		delay   time.Duration
		err     error
	}
	failed struct {
		err  error
		wish uint64
	}
)

// hear takes the supervisor's news.
func (t *tracker) hear(news any) {
	switch n := news.(type) {
	case linkUp:
		t.up(n)
		t.anew = true
	case linkDown:
		t.deciding = true
		t.down(n)
	case attempting:
		t.deciding = false
		t.attempting(n)
	case missed:
		t.deciding = true
		t.missed(n)
	case redirected:
		t.redirected(n)
	case retrying:
		t.retrying(n)
	case failed:
		t.failed(n)
	}
}

// up begins a connection: what is sent again first, then the filters that its session lacks, then the rest.
func (t *tracker) up(n linkUp) {
	t.link = n
	t.tellVersion(n.version)
	t.limits = newLimits(n.version, n.connack, t.cfg.MaxInFlight)
	t.inUse, t.heard = 0, 0
	now := time.Now()
	t.activity = activity{left: now, came: now}
	if t.buffer == nil {
		t.buffer = new(outBuffer)
	}
	if n.sessionPresent {
		t.resume()
	} else {
		t.loseSession()
		t.wanted.lost()
	}
	t.meet()
	t.respondElsewhere()
	t.dropAliases()
	if t.closing {
		t.unrespond()
	}
	t.restore()
	if t.closing {
		t.forgo()
	}
	t.markStrict()
	t.connected(n)
}

// loseSession applies contract 6 to what was in flight: the server knows nothing of it any more.
func (t *tracker) loseSession() {
	t.resend = nil
	var again []*Op
	republished, uncertain := 0, 0
	for _, op := range t.flight.all() {
		if op.withdrawn || op.qos() == codec.ExactlyOnce || t.cfg.LostFail {
			if !op.withdrawn {
				uncertain++
			}
			t.endFlight(op, Outcome{Err: fmt.Errorf("%w: the session is lost", ErrUncertain)})
			continue
		}
		republished++
		op.left = true
		again = append(again, t.unsend(op))
	}
	t.windowed.merge(again)
	t.lost.Republished += republished
	t.lost.Uncertain += uncertain
}

// unsend makes op one that never left, in its old place of the call order.
func (t *tracker) unsend(op *Op) *Op {
	t.flight.remove(op)
	t.ids.free(op)
	t.freeWindow(op)
	op.state, op.dup = opQueued, false
	t.keepReturn(op)
	t.timeAgain(op)
	return op
}

// timeAgain sets the clock for what is queued again: it may expire there.
func (t *tracker) timeAgain(op *Op) {
	if op.expires() {
		t.expires(op)
	}
}

// down ends a connection. Operations stay where they are, unless the session can't be carried over.
func (t *tracker) down(n linkDown) {
	if n.gen != t.link.gen || t.link.wire == nil {
		return
	}
	t.recover()
	t.unstage()
	t.link.wire = nil
	t.aliases = aliasTable{}
	t.unsent = verdicts(t.acks)
	t.acks, t.releases, t.resend = nil, nil, nil
	t.readHeld, t.given, t.writeStuck = false, time.Time{}, false
	t.inUse, t.doubt.probe = 0, probeNone
	for op := t.flight.first; op != nil; op = op.next {
		op.gen = 0
		op.dup = true
	}
	t.loseCalls()
	t.endReauth(n.why)
	if t.sessionEnds() && !t.hurried { // else all that is open ends now
		t.loseSession()
	}
	if t.cfg.NoOfflineQoS0 || t.cfg.Offline == OfflineReject {
		t.dropQoS0(fmt.Errorf("%w: %w", ErrNotSent, ErrNotConnected))
	}
	t.markStrict()
	t.disconnected(n)
}

// sessionEnds says that the server forgets the session with the connection, so that waiting for the next one tells nothing more.
func (t *tracker) sessionEnds() bool {
	switch {
	case t.cfg.Session == SessionConnection:
		return true
	case t.limits.version != codec.V5:
		return t.cfg.Session == SessionClient
	}
	p := t.link.connack.Properties
	return p != nil && p.SessionExpiryInterval != nil && *p.SessionExpiryInterval == 0
}

// recover takes back the buffer that was out: what of it didn't leave is queued again, in its place.
func (t *tracker) recover() {
	w := t.torn
	t.torn = written{}
	if w.buffer == nil && t.buffer == nil {
		w = t.fetch()
	}
	if w.buffer == nil {
		return
	}
	b := w.buffer
	t.buffer = b
	t.home()
	var free []*Op
	for _, f := range b.fire {
		switch {
		case f.end <= w.n:
			t.doneQoS0(f.op)
		case !f.op.withdrawn:
			f.op.state = opQueued
			t.timeAgain(f.op)
			free = append(free, f.op)
		}
	}
	for _, p := range b.parcels {
		free = append(free, t.returned(p, w.n)...)
	}
	t.free.merge(free)
	t.contend(free)
	var windowed []*Op
	for _, s := range b.sent {
		op := t.ids.get(s.id)
		switch {
		case s.start < w.n || op == nil || op.seq != s.seq || op.state != opSent || op.dup:
		case op.withdrawn:
			t.endFlight(op, Outcome{})
		default:
			windowed = append(windowed, t.unsend(op)) // not a byte of it left
		}
	}
	t.windowed.merge(windowed)
	t.contend(windowed)
	b.reset()
}

// fetch gets the buffer from where the connection's end left it: given back, or never taken by the writer.
func (t *tracker) fetch() written {
	for {
		select {
		case w := <-t.link.wire.back:
			if w.buffer != nil {
				return *w
			}
		case b := <-t.link.wire.unsent:
			return written{buffer: b}
		default:
			return written{}
		}
	}
}

// dropQoS0 ends the QoS 0 messages that wait.
func (t *tracker) dropQoS0(err error) {
	for _, op := range t.free.list() {
		if op.kind == opPublish {
			t.free.remove(op)
			t.endPublish(op, Outcome{Err: err})
		}
	}
}

// mayBeOlder says that the connection, or the next one, may have no words for properties.
func (t *tracker) mayBeOlder() bool {
	if t.link.wire == nil {
		return t.cfg.MinVersion != codec.V5
	}
	return t.limits.version != codec.V5
}

// markStrict tells callers how far they have to wait for a word of admission: two tokens, always; one, when their message
// has properties; none, never.
func (t *tracker) markStrict() {
	level := 0
	switch {
	case t.ending.asked() || t.link.wire != nil && t.limits.strict():
		level = 2
	case !t.cfg.Lenient && t.mayBeOlder():
		level = 1
	}
	for len(t.strict) > level {
		<-t.lax // it is there: nobody else takes any
	}
	for len(t.strict) < level {
		t.strict <- struct{}{}
	}
}
