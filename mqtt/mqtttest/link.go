package mqtttest

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// link is one connection of a Broker.
type link struct {
	conn *Conn // fixed
	pipe *PipeConn

	wake    chan struct{} // capacity 1, a signal to the writer: there is something to write, or the end
	drained chan struct{} // capacity 1, a signal to the reader: the backlog got smaller
	gone    chan struct{} // closed when the connection is

	// What follows belongs to whoever has the Broker's state.
	version   codec.Version // zero before CONNECT
	auth      authentication
	session   *session      // nil before CONNECT was accepted; it may have another link by now
	keepAlive time.Duration // how long the client may be silent; 0: as long as it likes
	ended     bool          // no packet counts any more, either way
	shut      bool          // gone is closed
	goodbye   bool          // DISCONNECT came that takes back the will
	mute      bool          // what is sent is lost: the connection is cut after this packet

	out     []batch // what the writer has to write
	spare   []byte  // a buffer that the writer has written
	backlog int     // bytes in out

	window  int         // how many deliveries may be open
	open    int         // deliveries that were sent on this link and aren't finished
	resend  []*delivery // of an earlier connection, to be sent again
	most    uint32      // the client's Maximum Packet Size; 0: no limit
	aliases aliasesOut

	unfinished int               // QoS 1 and 2 messages of the client that aren't answered, as Receive Maximum counts them
	counted    map[uint16]bool   // those of them with QoS 2
	named      map[uint16]string // the client's topic aliases
}

// batch is a part of the stream to the client that leaves at once.
type batch struct {
	due     time.Time // zero: now
	bytes   []byte
	answers int // QoS 1 and 2 messages that are finished with these bytes
}

func newLink(c *Conn) *link {
	return &link{
		conn:    c,
		pipe:    c.pipe,
		wake:    make(chan struct{}, 1),
		drained: make(chan struct{}, 1),
		gone:    make(chan struct{}),
		counted: map[uint16]bool{},
		named:   map[uint16]string{},
	}
}

func (l *link) clientID() string {
	if l.session == nil {
		return ""
	}
	return l.session.id
}

// tail is the batch for what leaves after delay.
func (l *link) tail(delay time.Duration) *batch {
	var due time.Time
	if delay > 0 {
		due = time.Now().Add(delay)
	}
	if n := len(l.out); n > 0 && l.out[n-1].due.Equal(due) {
		return &l.out[n-1]
	}
	l.out = append(l.out, batch{due: due, bytes: l.spare[:0]})
	l.spare = nil
	return &l.out[len(l.out)-1]
}

// append encodes p into what leaves after delay. What is larger than the client takes is left out (§3.1.2.11.4).
func (l *link) append(p codec.Packet, delay time.Duration, answers int) (fate, error) {
	b := l.tail(delay)
	bytes, err := p.Append(b.bytes, l.version)
	if err != nil {
		return lost, err
	}
	size := len(bytes) - len(b.bytes)
	if l.most > 0 && size > int(l.most) {
		return tooLarge, nil
	}
	b.bytes = bytes
	b.answers += answers
	l.backlog += size
	signal(l.wake)
	return sent, nil
}

// take gives the writer its next batch, and takes back the bytes of the last.
func (l *link) take(written []byte) (next batch, more bool) {
	if written != nil && cap(written) <= keepBuffer {
		l.spare = written[:0]
	}
	if len(l.out) == 0 {
		return batch{}, false
	}
	next, l.out = l.out[0], l.out[1:]
	l.backlog -= len(next.bytes)
	l.unfinished -= next.answers
	signal(l.drained)
	return next, true
}

// keepBuffer is the largest buffer, in bytes, that is kept for the next batch.
const keepBuffer = 256 << 10
