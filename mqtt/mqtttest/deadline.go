package mqtttest

import (
	"net"
	"time"
)

// deadline is the end of waiting that SetReadDeadline or SetWriteDeadline sets.
type deadline struct{ alarm slot[alarm] }

type alarm struct {
	timer *time.Timer   // nil when none runs
	past  chan struct{} // closed when the deadline has passed; those who wait keep it when the deadline moves
	over  bool          // the connection is closed: no deadline any more
}

func newDeadline() deadline {
	return deadline{newSlot(alarm{past: make(chan struct{})})}
}

// passed gives the channel that is closed when the deadline has passed.
func (d deadline) passed() (past <-chan struct{}) {
	d.alarm.do(func(a *alarm) { past = a.past })
	return past
}

// set moves the deadline to t; the zero time means none.
func (d deadline) set(t time.Time) (err error) {
	d.alarm.do(func(a *alarm) { err = a.set(t) })
	return err
}

// end stops the timer for good. A deadline that has passed is forgotten: from now on the connection is closed, and nothing
// else.
func (d deadline) end() {
	d.alarm.do(func(a *alarm) {
		a.stop()
		a.past, a.over = make(chan struct{}), true
	})
}

func (a *alarm) set(t time.Time) error {
	if a.over {
		return net.ErrClosed
	}
	a.stop()
	if closed(a.past) {
		a.past = make(chan struct{})
	}
	past, wait := a.past, time.Until(t)
	switch {
	case t.IsZero():
	case wait > 0:
		a.timer = time.AfterFunc(wait, func() { close(past) })
	default:
		close(past)
	}
	return nil
}

// stop stops the timer; one that has fired is waited for, so that it can't close past a second time.
func (a *alarm) stop() {
	if a.timer != nil && !a.timer.Stop() {
		<-a.past
	}
	a.timer = nil
}
