package actor

import "github.com/sluicemq/sluice/mqtt/codec"

// orders are what the tracker tells the supervisor: one slot, so that it never waits.
type orders struct {
	to      chan<- *order
	unheard <-chan *order // the same slot, to take back what was not heard
}

// order is what the supervisor is to do; what is zero isn't asked for.
type order struct {
	wish      wish
	reconnect bool
	end       error // of the client: for this reason
}

// wish is for the n-th Connect: that it begins, or that its caller has gone. The later takes the place of an earlier one.
type wish struct {
	n    uint64
	on   bool
	anew bool // the one whose place it took wasn't heard: that a caller has gone
}

// after is what is to be heard when old was not. The failure of an attempt that was given up is not that of the next Connect.
func (w wish) after(old wish) wish {
	switch {
	case w.n == 0:
		return old
	case old.n != 0:
		w.anew = w.on && (old.anew || !old.on)
	}
	return w
}

// give adds to what was not heard yet.
func (o *orders) give(next order) {
	select {
	case old := <-o.unheard:
		next.wish = next.wish.after(old.wish)
		if next.end == nil {
			next.end = old.end
		}
		next.reconnect = next.reconnect || old.reconnect
	default:
	}
	o.to <- &next // the slot is free: nobody else fills it
}

type connectAsk struct{ reply chan<- error }

func (q connectAsk) answer(t *tracker) {
	switch {
	case t.closing:
		q.reply <- ErrClosed
	case t.state != StateIdle:
		q.reply <- ErrConnected
	default:
		t.connect, t.state, t.abandoned, t.idle = q.reply, StateConnecting, false, false
		t.connects++
		t.orders.give(order{wish: wish{n: t.connects, on: true}})
	}
}

// connectStop says that the caller of Connect has gone.
type connectStop struct {
	asked chan<- error
	reply chan<- struct{}
}

func (q connectStop) answer(t *tracker) {
	if t.connect == q.asked {
		t.connect, t.abandoned = nil, true
		if t.state == StateConnecting {
			t.state = StateIdle
		}
		t.orders.give(order{wish: wish{n: t.connects}})
	}
	q.reply <- struct{}{}
}

type awaitAsk struct {
	reply chan<- error
	leave bool
}

func (q awaitAsk) answer(t *tracker) {
	switch {
	case q.leave:
		for i, w := range t.waiting {
			if w == q.reply {
				t.waiting = append(t.waiting[:i], t.waiting[i+1:]...)
				break
			}
		}
	case t.closing:
		q.reply <- ErrClosed
	case t.link.wire != nil && !t.final:
		q.reply <- nil
	default:
		t.waiting = append(t.waiting, q.reply)
	}
}

// reconnectAsk has the connection replaced at once.
type reconnectAsk struct{ reply chan<- error }

func (q reconnectAsk) answer(t *tracker) {
	switch {
	case t.closing:
		q.reply <- ErrClosed
		return
	case t.state == StateIdle:
		q.reply <- ErrNotConnected
		return
	}
	t.orders.give(order{reconnect: true})
	t.endLink(&codec.Disconnect{}, errReconnect)
	t.waiting = append(t.waiting, q.reply)
}
