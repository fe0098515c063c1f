package actor

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// What the desk hears of connections: an attempt begins, a connection is up or down, another attempt follows or none does.

func (t *tracker) attempting(n attempting) {
	t.idle = false
	t.beginDoubt(n.allowed)
}

func (t *tracker) connected(n linkUp) {
	t.connections++
	t.connack = &n
	t.offline = false
	t.final = false
	if t.abandoned {
		t.endLink(new(codec.Disconnect), errAbandoned)
		return
	}
	t.told = true
	if t.state != StateClosing {
		t.state = StateConnected
	}
	t.log(levelInfo, "connected", "server", n.server, "version", int(n.version), "session present", n.sessionPresent)
	t.tell(EventConnected{n.connack, n.version, n.clientID, n.server, n.attempt})
	t.tellLost()
	t.backlog, t.lastCall = t.epochs.mark(), t.seq
	t.draining = !t.drained()
	t.answerWaiters(nil)
	if t.connect != nil {
		t.connect <- nil
		t.connect = nil
	}
}

// tellLost says what a lost session meant, when it meant anything.
func (t *tracker) tellLost() {
	if t.lost != (EventSessionLost{}) {
		t.tell(t.lost)
		t.lost = EventSessionLost{}
	}
}

func (t *tracker) answerWaiters(err error) {
	for _, w := range t.waiting {
		w <- err
	}
	t.waiting = nil
}

func (t *tracker) disconnected(n linkDown) {
	t.draining = false
	t.part, t.partBy = nil, time.Time{}
	t.hurried = t.hurried || t.bid
	t.final = false
	if !t.told {
		return
	}
	t.told = false
	t.lastError = n.why
	if t.state == StateConnected {
		t.state = StateReconnecting
	}
	if !t.closing {
		t.tellOffline()
	}
	t.tell(EventDisconnected{n.why, t.link.server})
	t.tellLost()
}

func (t *tracker) tellOffline() {
	if !t.offline {
		t.offline = true
		t.tell(EventOffline{})
	}
}

func (t *tracker) missed(n missed) {
	t.lastError = n.err
	t.tellOffline()
	t.tell(EventDisconnected{n.err, n.server})
}

func (t *tracker) retrying(n retrying) {
	t.lastError = n.err
	t.tellOffline()
	t.tell(EventReconnecting{n.attempt, n.delay, n.err})
}

func (t *tracker) redirected(n redirected) {
	t.log(levelInfo, "redirected", "from", n.from, "to", n.to, "for good", n.forGood)
	t.tell(EventRedirected{n.from, n.to, n.forGood})
}

// failed takes that no further attempt follows to the first connection: the client is idle again.
func (t *tracker) failed(n failed) {
	if n.wish != t.connects {
		return // a later Connect is on its way to the supervisor
	}
	t.idle = true
	if n.err == errAbandoned {
		return
	}
	t.lastError = n.err
	t.tellOffline()
	t.failConnect(n.err)
}

func (t *tracker) failConnect(err error) {
	if t.state == StateConnecting {
		t.state = StateIdle
	}
	if t.connect != nil {
		t.connect <- err
		t.connect = nil
	}
}

func (t *tracker) ponged() {
	t.activity.pong = t.activity.came
	if !t.pinged.IsZero() {
		t.measurePing()
	}
}

// measurePing takes the time from PINGREQ to PINGRESP.
func (t *tracker) measurePing() {
	t.rtt = t.activity.pong.Sub(t.pinged)
	t.pinged = time.Time{}
}
