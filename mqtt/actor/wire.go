package actor

import "time"

// wire is the tracker's side of a connection's channels. They are made anew for each connection, so that nothing of an old
// one can be mistaken for news.
type wire struct {
	out     chan<- *outBuffer // to writer, one buffer is out
	unsent  <-chan *outBuffer // the same, to take back what the writer never took
	back    <-chan *written   // from writer, one buffer and one PINGREQ
	answers <-chan *answers   // from reader
	cut     chan<- struct{}   // to pinger: end the connection now
	why     chan<- error      // to supervisor: why the tracker ends this connection
}

// plug is the connection's side of a wire.
type plug struct {
	out     <-chan *outBuffer // from tracker, for the writer
	back    chan<- *written   // to tracker, for the writer
	answers chan<- *answers   // to tracker, for the reader
	cut     <-chan struct{}   // from tracker, for the pinger
	why     <-chan error      // from tracker, for the supervisor
}

func newWire() (*wire, *plug) {
	out, back, answers := make(chan *outBuffer, 1), make(chan *written, 2), make(chan *answers)
	cut, why := make(chan struct{}, 1), make(chan error, 1)
	return &wire{out, out, back, answers, cut, why}, &plug{out, back, answers, cut, why}
}

// reason is why the connection ended: what the tracker ended it for, which is ours, or else what it ended with.
func (p *plug) reason(end error) (why error, ours bool) {
	select {
	case why = <-p.why:
		return why, true
	default:
		return end, false
	}
}

// written is what the writer says when it gives a buffer back, which it lies in, or without one when a PINGREQ has left.
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
