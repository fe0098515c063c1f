package netx

import "time"

// deadline is a moment that can be moved while somebody waits for it: one, taken out and put back.
type deadline chan moment

// moment is when a deadline passes.
type moment struct {
	at    time.Time     // zero for never
	moved chan struct{} // closed when it isn't this one any more
}

func newDeadline() deadline {
	d := make(deadline, 1)
	d <- moment{moved: make(chan struct{})}
	return d
}

func (d deadline) set(at time.Time) {
	close((<-d).moved)
	d <- moment{at: at, moved: make(chan struct{})}
}

func (d deadline) get() moment {
	m := <-d
	d <- m
	return m
}

func (m moment) passed() bool { return !m.at.IsZero() && !time.Now().Before(m.at) }

// after tells when the moment has come: never, when it is zero.
func (m moment) after() <-chan time.Time {
	if m.at.IsZero() {
		return nil
	}
	return time.After(time.Until(m.at))
}
