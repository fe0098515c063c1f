package mqtttest

import (
	"errors"
	"os"
	"time"
)

// read takes packets off the connection and has each handled, until the connection ends.
func (b *Broker) read(l *link) {
	var in intake
	b.state.do(func(c *core) { in.most = c.cfg.Announce.MaximumPacketSize })
	for over := false; !over; {
		err := in.fill(l.pipe)
		if errors.Is(err, os.ErrDeadlineExceeded) && in.alive(l.pipe) {
			continue
		}
		var hold bool
		b.turn(func(c *core) {
			for _, p := range in.packets {
				c.receive(l, p)
			}
			if err != nil {
				c.lost(l, err, in.refused)
			}
			in.keepAlive, over = l.keepAlive, l.ended
			hold = c.cfg.MaxBacklog > 0 && l.backlog > c.cfg.MaxBacklog
		})
		if hold && !over {
			b.awaitDrain(l)
		}
		in.watch(l.pipe)
	}
}

// awaitDrain waits until the backlog is within its bound.
func (b *Broker) awaitDrain(l *link) {
	for hold := true; hold; {
		select {
		case <-l.drained:
		case <-l.gone:
			return
		}
		b.state.do(func(c *core) { hold = l.backlog > c.cfg.MaxBacklog && !l.ended })
	}
}

// write writes what is to be sent, each batch when it is due, until the connection ends.
func (b *Broker) write(l *link) {
	var next batch
	for {
		var more, over bool
		b.state.do(func(c *core) {
			next, more = l.take(next.bytes)
			if over = l.ended && !more; over {
				c.shut(l)
			}
		})
		switch {
		case over:
			return
		case !more:
			select {
			case <-l.wake:
			case <-l.gone:
				return
			}
		case !l.await(next.due):
			return
		default:
			if _, err := l.pipe.Write(next.bytes); err != nil {
				b.turn(func(c *core) { c.end(l, false) })
				return
			}
		}
	}
}

// await waits until due; false says that the connection was closed before.
func (l *link) await(due time.Time) bool {
	if due.IsZero() {
		return !closed(l.gone)
	}
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.gone:
		return false
	}
}
