package actor

import (
	"context"
	"time"
)

// doubt is whose session the server has. A CONNECT makes the server forget a session that is over, and begin another; a
// process that dies before it has noted so leaves a store that speaks of the old one, and the next process is told that there
// is a session. So the store knows of a CONNECT before it leaves, until it knows what followed from it. Who finds that record
// asks for all filters again, and takes no new message for one of the old session.
type doubt struct {
	noted   bool            // the store has the record, or will have it
	noting  uint64          // with this batch
	allowed chan<- struct{} // an attempt waits for that
	told    uint64          // the connection for which the dispatcher has told what the store is to forget
	settled uint64          // the batch with which the store knows what followed from CONNECT
}

// askLeave makes the channel on which an attempt hears that the store knows of its CONNECT: nil without a store.
func (s *supervisor) askLeave() (allow chan<- struct{}, allowed <-chan struct{}) {
	if s.cfg.Write == nil {
		return nil, nil
	}
	leave := make(chan struct{}, 1)
	return leave, leave
}

// doubtPatience bounds how long a CONNECT waits for the store: one that hangs doesn't keep the client from its server.
const doubtPatience = time.Second

// mayConnect waits until the store knows that a CONNECT is to leave.
func (a *attempt) mayConnect(ctx context.Context) {
	if a.allowed == nil {
		return
	}
	patience := time.NewTimer(doubtPatience)
	defer patience.Stop()
	select {
	case <-a.allowed:
	case <-patience.C:
	case <-ctx.Done():
	}
}

// beginDoubt has the store know that a CONNECT is to leave, and the attempt that it may.
func (t *tracker) beginDoubt(allowed chan<- struct{}) {
	if allowed == nil {
		return
	}
	if !t.doubt.noted {
		t.doubt.noted, t.doubt.noting = true, t.open.number
		t.open.set([]byte{doubtRecord}, func(v []byte) []byte { return append(v, recordVersion) })
	}
	t.doubt.allowed = allowed
	t.allow(t.isSafe(t.doubt.noting))
}

// allow lets the attempt that waits go on. It does so, too, when the store has failed.
func (t *tracker) allow(yes bool) {
	if yes && t.doubt.allowed != nil {
		t.doubt.allowed <- struct{}{} // there is room: each attempt has its own
		t.doubt.allowed = nil
	}
}

// endDoubt takes the record back in the batch by which the store knows the last of what followed from CONNECT. That comes from
// here, and from the dispatcher.
func (t *tracker) endDoubt() {
	if t.doubt.noted && t.link.wire != nil && t.doubt.told == t.link.gen {
		t.doubt.noted = false
		t.open.remove([]byte{doubtRecord})
		if !t.link.sessionPresent {
			t.doubt.settled = t.open.number
		}
	}
}

// inDoubt says that a crash would leave a store that knows of another session than this one. Meanwhile nothing is subscribed:
// what came for it, a later process might take for something of the old session.
func (t *tracker) inDoubt() bool {
	return t.doubt.noted && !t.link.sessionPresent || !t.isSafe(t.doubt.settled)
}
