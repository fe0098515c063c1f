package netx

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall/js"
	"time"
)

const (
	maxUnread   = 64 << 20               // bytes that may have come and not been read
	maxBuffered = 256 << 10              // bytes that JavaScript may hold before a Write waits
	maxMessage  = 64 << 10               // bytes of one message that we send; a longer Write is several
	firstLook   = 2 * time.Millisecond   // between two looks at what JavaScript holds: nothing tells when it left,
	lastLook    = 100 * time.Millisecond // and each look doubles the time to the next
)

// ErrUnread means that more than 64 MiB had come from the server and not been read. A socket of JavaScript can't be told to
// wait, so the connection ends instead of taking ever more memory. What came before that can still be read.
var ErrUnread = errors.New("more than 64 MiB came that nobody has read, and JavaScript has no way to make a server wait")

var errTextCame = &FrameError{Reason: "the server sent a text message, and MQTT is binary (§6.0.0-1)"}

// socket is one of JavaScript's that carries messages. None of its methods waits.
type socket interface {
	send(bytes js.Value) // a Uint8Array, which is the caller's again afterwards; throws when the socket has no way to send
	buffered() int       // bytes that send took and that haven't left yet
	shut()               // no more events, and the end of the connection
}

// socketConn is a net.Conn over a socket. What comes stays with JavaScript until Read copies it, straight into p.
type socketConn struct {
	socket           socket
	address          socketAddress
	inflow           chan *inflow  // one, taken out and put back
	outflow          chan js.Value // one, taken out and put back: what Write sends from
	came             chan struct{} // a signal
	ended            chan struct{} // closed at the end, whoever brought it
	reading, writing deadline
}

// inflow is what came and hasn't been read.
type inflow struct {
	messages []js.Value // each a Uint8Array
	first    int        // bytes of the first message that were read
	bytes    int
	end      error // after the messages; nil as long as there is none
}

var _ PairWriter = (*socketConn)(nil)

func newSocketConn(s socket, address string) *socketConn {
	c := &socketConn{
		socket: s, address: socketAddress(address),
		inflow: make(chan *inflow, 1), outflow: make(chan js.Value, 1),
		came: make(chan struct{}, 1), ended: make(chan struct{}),
		reading: newDeadline(), writing: newDeadline(),
	}
	c.inflow <- new(inflow)
	c.outflow <- uint8Array(maxMessage)
	return c
}

// uint8Array makes one, of a length or over an ArrayBuffer.
func uint8Array(of any) js.Value { return js.Global().Get("Uint8Array").New(of) }

// deliver is for the socket's event of a message, which holds up all of JavaScript: it doesn't wait.
func (c *socketConn) deliver(data js.Value) {
	if data.Type() == js.TypeString {
		c.finish(errTextCame)
		return
	}
	message := uint8Array(data)
	in := <-c.inflow
	if in.end == nil {
		in.messages = append(in.messages, message)
		in.bytes += message.Length()
	}
	over := in.bytes > maxUnread
	c.inflow <- in
	if over {
		c.finish(ErrUnread)
	}
	signal(c.came)
}

// finish ends the connection for a reason. The first reason counts, and what came before it is still read.
func (c *socketConn) finish(why error) {
	in := <-c.inflow
	first := in.end == nil
	if first {
		in.end = why
		close(c.ended)
	}
	c.inflow <- in
	if first {
		c.socket.shut()
		signal(c.came)
	}
}

// Read copies what is there, of as many messages as fit.
func (c *socketConn) Read(p []byte) (int, error) {
	for {
		limit := c.reading.get()
		if limit.passed() {
			return 0, c.failed("read", os.ErrDeadlineExceeded)
		}
		n, err := c.take(p)
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		select {
		case <-c.came:
		case <-limit.moved:
		case <-limit.after():
		}
	}
}

// take is Read without the waiting.
func (c *socketConn) take(p []byte) (n int, err error) {
	in := <-c.inflow
	n = in.read(p)
	if n == 0 && in.end != nil && len(p) > 0 {
		err = in.end
	}
	if in.bytes > 0 || in.end != nil { // for others that read
		signal(c.came)
	}
	c.inflow <- in
	if err != nil && err != io.EOF {
		err = c.failed("read", err)
	}
	return n, err
}

func (in *inflow) read(p []byte) (n int) {
	for n < len(p) && len(in.messages) > 0 {
		message := in.messages[0]
		if in.first > 0 {
			message = message.Call("subarray", in.first)
		}
		m := js.CopyBytesToGo(p[n:], message)
		n, in.first, in.bytes = n+m, in.first+m, in.bytes-m
		if m == message.Length() {
			in.messages[0] = js.Value{} // it is JavaScript's to forget
			in.messages, in.first = in.messages[1:], 0
		}
	}
	return n
}

// Write hands p over as one message, or as few as maxMessage makes of it, and waits while JavaScript holds too much.
func (c *socketConn) Write(p []byte) (n int, err error) { return c.WriteTwo(p, nil) }

// WriteTwo is Write of b behind a.
func (c *socketConn) WriteTwo(a, b []byte) (n int, err error) {
	out := <-c.outflow // another Write is over when its deadline has passed, which is ours too
	defer func() { c.outflow <- out }()
	for first := true; first || len(a)+len(b) > 0; first = false {
		if err := c.room(); err != nil {
			return n, c.failed("write", err)
		}
		m := js.CopyBytesToJS(out, a)
		a = a[m:]
		if len(a) == 0 && len(b) > 0 {
			more := js.CopyBytesToJS(out.Call("subarray", m), b)
			m, b = m+more, b[more:]
		}
		if err := thrown(func() { c.socket.send(out.Call("subarray", 0, m)) }); err != nil {
			return n, c.failed("write", err)
		}
		n += m
	}
	return n, nil
}

// room waits until a message may be sent. Timers of a page in the background come a minute late: what has left meanwhile
// counts as having left in time.
func (c *socketConn) room() error {
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		limit := c.writing.get()
		late, waited := limit.passed(), pause > firstLook
		switch {
		case c.over():
			return c.why()
		case c.socket.buffered() <= maxBuffered && (waited || !late):
			return nil
		case late:
			return os.ErrDeadlineExceeded
		}
		select {
		case <-time.After(pause):
		case <-limit.moved:
		case <-limit.after():
		case <-c.ended:
		}
	}
}

func (c *socketConn) over() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// why is the reason of the end.
func (c *socketConn) why() error {
	in := <-c.inflow
	defer func() { c.inflow <- in }()
	return in.end
}

// Close drops what wasn't read. What was written still leaves, for JavaScript sends it before the end.
func (c *socketConn) Close() error {
	c.finish(net.ErrClosed)
	in := <-c.inflow
	*in = inflow{end: net.ErrClosed}
	c.inflow <- in
	return nil
}

// LocalAddr is the server's URL too: JavaScript tells nothing of addresses.
func (c *socketConn) LocalAddr() net.Addr { return c.address }

// RemoteAddr is the server's URL.
func (c *socketConn) RemoteAddr() net.Addr { return c.address }

// SetDeadline moves both deadlines.
func (c *socketConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline moves the deadline of Read, also of one that waits.
func (c *socketConn) SetReadDeadline(t time.Time) error { return c.setDeadline(c.reading, t) }

// SetWriteDeadline moves the deadline of Write, also of one that waits.
func (c *socketConn) SetWriteDeadline(t time.Time) error { return c.setDeadline(c.writing, t) }

func (c *socketConn) setDeadline(d deadline, t time.Time) error {
	if c.over() {
		return c.failed("set", c.why())
	}
	d.set(t)
	return nil
}

func (c *socketConn) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: c.address.Network(), Addr: c.address, Err: err}
}

// socketAddress is a URL.
type socketAddress string

// Network is "websocket".
func (socketAddress) Network() string { return "websocket" }

// String is the URL without credentials and query.
func (a socketAddress) String() string { return string(a) }

// thrown gives what f throws.
func thrown(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case js.Error:
			err = fmt.Errorf("JavaScript: %w", r)
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default: // one is there already
	}
}
