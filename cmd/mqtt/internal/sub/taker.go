package sub

import (
	"context"
	"errors"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// taker takes messages and hands them to the workers.
type taker struct {
	settings *settings
	format   format
	job      *job
	in       <-chan *mqtt.Received // from ahead; nil: it has ended
	events   <-chan mqtt.Event     // from who watches the client
	answer   <-chan error          // from who subscribes: once, when the server has answered
	hangup   <-chan struct{}       // closed when nobody reads standard output any more; nil: never
	work     chan<- *batch         // to the workers
	done     <-chan brought        // from the workers

	// owned by run
	lost    bool              // the connection
	closed  *mqtt.EventClosed // the client has
	now     *batch            // being gathered
	spare   []*batch
	busy    int // batches that the workers have
	count   int // messages that were not left out
	last    time.Time
	silence *time.Timer      // --idle, from the server's answer on
	until   time.Time        // when an end from outside has taken --drain; zero: there is none
	drained <-chan time.Time // fires then, and ends waiting for the workers; nil: never
	ended   bool
	failed  bool  // a worker has
	ending  error // why, when ended
}

// run returns when it is done: nil when it has what it was to get, else why not.
func (t *taker) run(ctx context.Context) error {
	t.now = new(batch)
	t.silence = time.NewTimer(0)
	t.silence.Stop()
	defer t.silence.Stop()
	over := ctx.Done()
	for !t.ended || t.busy > 0 || t.now.taken > 0 {
		if t.now.taken > 0 && t.dropping() {
			t.now.reset()
			continue
		}
		in, work := t.in, t.work
		if t.ended || t.now.full(t.job.limits) {
			in = nil // room first
		}
		if t.now.taken == 0 {
			work = nil // nothing to do
		}
		if t.takeReady(in) {
			continue
		}
		select {
		case m, open := <-in:
			t.take(m, open)
		case work <- t.now:
			t.busy++
			t.now = t.fresh()
		case d := <-t.done:
			t.finish(d)
		case e := <-t.events:
			t.hear(e)
		case err := <-t.answer:
			t.answered(err)
		case <-t.silence.C:
			t.quiet()
		case <-t.hangup:
			t.hangup = nil
			t.end(app.ErrPipe)
		case <-over:
			over = nil
			t.cut(context.Cause(ctx))
		case <-t.drained:
			return t.overdue()
		}
	}
	return t.ending
}

// takeReady takes a message that is there already: gathering goes before all else.
func (t *taker) takeReady(in <-chan *mqtt.Received) bool {
	select {
	case m, open := <-in:
		t.take(m, open)
		return true
	default:
		return false
	}
}

func (t *taker) take(m *mqtt.Received, open bool) {
	if !open {
		t.in = nil
		t.endOfAll()
		return
	}
	t.last = time.Now()
	t.now.taken++
	if t.settings.retainedOnly && !m.Retain {
		t.now.left = append(t.now.left, m)
		t.end(nil)
		return
	}
	if t.leftOut(m) {
		if m.QoS > 0 {
			t.now.left = append(t.now.left, m)
		}
		return
	}
	t.now.messages, t.now.times = append(t.now.messages, m), append(t.now.times, t.last)
	t.now.text = t.format(t.now.text, m, t.last)
	t.now.ends = append(t.now.ends, len(t.now.text))
	if t.count++; t.count == t.settings.count {
		t.end(nil)
	}
}

func (t *taker) leftOut(m *mqtt.Received) bool {
	if m.Retain && t.settings.noRetained && !t.settings.asPublished {
		return true
	}
	for _, filter := range t.settings.drop {
		if codec.Match(filter, m.Topic) {
			return true
		}
	}
	return false
}

func (t *taker) fresh() *batch {
	if n := len(t.spare); n > 0 {
		b := t.spare[n-1]
		t.spare = t.spare[:n-1]
		return b
	}
	return new(batch)
}

func (t *taker) finish(d brought) {
	t.busy--
	d.batch.reset()
	t.spare = append(t.spare, d.batch)
	if d.err != nil {
		t.ending, t.ended, t.failed = first(t.ending, d.err), true, true
	}
}

// first keeps the reason that a script has to know.
func first(was, is error) error {
	if was == nil || errors.Is(was, app.ErrInterrupted) {
		return is
	}
	return was
}

// dropping says that what isn't with a worker yet isn't to be brought anywhere, so that the server has it still.
func (t *taker) dropping() bool { return t.failed || errors.Is(t.ending, app.ErrPipe) }

// end ends the taking, with the first reason that there is.
func (t *taker) end(err error) {
	if !t.ended {
		t.ended, t.ending = true, err
	}
}

// cut is the end from outside. The workers get --drain for what they have.
func (t *taker) cut(cause error) {
	if errors.Is(cause, app.ErrInterrupted) && t.settings.count == 0 {
		t.end(nil)
	} else {
		t.end(cause)
	}
	t.until = t.settings.lastMoment()
	t.drained = time.After(t.settings.app.Drain)
}

// overdue is the end when the workers are late.
func (t *taker) overdue() error {
	if t.job.kill != nil {
		t.job.kill()
	}
	if t.ending == nil {
		return app.ErrInterrupted
	}
	return t.ending
}

// answered is told what came of the subscriptions.
func (t *taker) answered(err error) {
	t.answer = nil
	if err != nil || t.settings.subscribeOnly {
		t.end(err)
		return
	}
	t.last = time.Now()
	if t.settings.idle > 0 {
		t.silence.Reset(time.Duration(t.settings.idle))
	}
}

// quiet ends the taking when nothing has come for --idle. Time without a connection doesn't count.
func (t *taker) quiet() {
	if t.lost {
		t.last = time.Now()
	}
	if left := time.Duration(t.settings.idle) - time.Since(t.last); left > 0 {
		t.silence.Reset(left)
		return
	}
	t.end(nil)
}
