package actor

import "time"

// wire is what a connection's processes and the tracker share of channels. It is made anew for each connection, so that
// nothing of an old one can be mistaken for news.
type wire struct {
	out     chan *outBuffer // tracker -> writer, one buffer is out
	back    chan written    // writer -> tracker, one buffer and one PINGREQ
	answers chan answers    // reader -> tracker
	cut     chan struct{}   // tracker -> closer: end the connection now
	why     chan error      // tracker -> supervisor: why the tracker ends this connection
}

func newWire() *wire {
	return &wire{
		out:     make(chan *outBuffer, 1),
		back:    make(chan written, 2),
		answers: make(chan answers),
		cut:     make(chan struct{}, 1),
		why:     make(chan error, 1),
	}
}

// written is what the writer says when it gives a buffer back, or without one when a PINGREQ has left.
type written struct {
	buffer *outBuffer
	n      int // bytes of it that the operating system took
	at     time.Time
}

// activity is what the pinger asks the tracker for.
type activity struct {
	left, came time.Time // the last packet each way
	pong       time.Time // the last PINGRESP
	held       time.Time // when reading last waited for our own application; now while it does
}

// outBuffer is one write: encoded packets, and what has to be known of them when it comes back.
type outBuffer struct {
	bytes []byte
	fire  []fired // QoS 0 operations, in order: done when written
	sent  []sent  // QoS 1 and 2, in order: looked at only when the write failed
	acks  int
	last  bool // nothing follows: half-close and wait for the server's end
}

type fired struct {
	op  *Op
	end int // where in bytes it ends
}

type sent struct {
	id    uint16
	seq   uint64
	start int // where in bytes it begins
}

func (b *outBuffer) reset() {
	clear(b.fire)
	b.bytes, b.fire, b.sent, b.acks = b.bytes[:0], b.fire[:0], b.sent[:0], 0
	if cap(b.bytes) > keptBuffer {
		b.bytes = nil // an idle connection holds no large buffer
	}
	if cap(b.fire) > 1024 {
		b.fire = nil
	}
	if cap(b.sent) > 1024 {
		b.sent = nil
	}
}
