package actor

import "time"

// alarm is a process's timer. It has no memory before it is set: many a client never does.
type alarm struct{ timer *time.Timer }

// rings is the case of the process's select: nil, and so never taken, before it is set.
func (a *alarm) rings() <-chan time.Time {
	if a.timer == nil {
		return nil
	}
	return a.timer.C
}

// set has it ring after d, and no more at what was set before.
func (a *alarm) set(d time.Duration) {
	if a.timer == nil {
		a.timer = time.NewTimer(d)
		return
	}
	a.timer.Reset(d)
}

func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}
