package mqtttest

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// DefaultPipeSize is the room that a connection of a [Server] has for bytes on their way, in each direction.
const DefaultPipeSize = 64 << 10

// PipeConn is one end of an in-memory connection. It is a [net.Conn] as one over TCP is: buffered, with deadlines, with a
// half close, with errors in a [*net.OpError] that unwraps to [net.ErrClosed], [os.ErrDeadlineExceeded], syscall.EPIPE or
// syscall.ECONNRESET, and a plain [io.EOF]. Any goroutine may call its methods.
//
// It waits on channels and timers alone, so that it works in a testing/synctest bubble, where it has to be made in the
// bubble that uses it. It starts no goroutine.
type PipeConn struct {
	in, out             *Flow
	readEnds, writeEnds deadline
	local, remote       addr
}

// Pipe makes a connection with room for size bytes on their way in each direction. With zero or less, each Write waits until
// all of it was read, as in [net.Pipe]. Whoever has an end closes it.
func Pipe(size int) (*PipeConn, *PipeConn) {
	return pipe(size, addr{"mem", "a"}, addr{"mem", "b"})
}

func pipe(size int, a, b addr) (*PipeConn, *PipeConn) {
	there, back := newFlow(size), newFlow(size)
	there.back, back.back = back, there
	return newPipeConn(back, there, a, b), newPipeConn(there, back, b, a)
}

func newPipeConn(in, out *Flow, local, remote addr) *PipeConn {
	return &PipeConn{in: in, out: out, readEnds: newDeadline(), writeEnds: newDeadline(), local: local, remote: remote}
}

// In is the direction that this end reads from: where to make faults in what it gets.
func (p *PipeConn) In() *Flow { return p.in }

// Out is the direction that this end writes to.
func (p *PipeConn) Out() *Flow { return p.out }

// Read gives what is on its way, as much as b takes and the faults of In allow, and waits while that is nothing.
func (p *PipeConn) Read(b []byte) (int, error) { return p.read(b, nil) }

// readContext is Read that ends with ctx too; then the error is ctx's.
func (p *PipeConn) readContext(ctx context.Context, b []byte) (int, error) {
	n, err := p.read(b, ctx.Done())
	if err != nil && ctx.Err() != nil {
		return n, ctx.Err()
	}
	return n, err
}

func (p *PipeConn) read(b []byte, give <-chan struct{}) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, err := p.in.read(b, p.readEnds.passed(), give)
	return n, p.wrap("read", err)
}

// Write returns when all of b is on its way, or with how much of it is. It keeps nothing of b.
func (p *PipeConn) Write(b []byte) (int, error) {
	n, err := p.out.write(b, p.writeEnds.passed())
	return n, p.wrap("write", err)
}

// Close ends both directions for this end. The other end reads what is on its way to it, and then EOF; what was on its way
// to this end is lost, and a Write of the other end gets EPIPE. A Read or Write that waits here gets [net.ErrClosed]. Closing
// again does nothing; Close never waits and never fails.
func (p *PipeConn) Close() error {
	p.out.closeWriter(io.EOF, net.ErrClosed)
	p.in.closeReader(syscall.EPIPE)
	p.readEnds.end()
	p.writeEnds.end()
	return nil
}

// CloseWrite ends writing: the other end reads what is on its way, and then EOF. Reading goes on. It never waits.
func (p *PipeConn) CloseWrite() error {
	p.out.with(func(s *transit) { s.finish(io.EOF, syscall.EPIPE) })
	return nil
}

// Reset is Close as a crash does it: what is on its way is lost in both directions, and the other end gets ECONNRESET.
func (p *PipeConn) Reset() {
	p.out.with(func(s *transit) { s.drop(syscall.ECONNRESET, net.ErrClosed); s.refusal = net.ErrClosed })
	p.in.closeReader(syscall.ECONNRESET)
	p.readEnds.end()
	p.writeEnds.end()
}

// LocalAddr gives the address of this end.
func (p *PipeConn) LocalAddr() net.Addr { return p.local }

// RemoteAddr gives the address of the other end. For a client of a [Server], that is what it dialled.
func (p *PipeConn) RemoteAddr() net.Addr { return p.remote }

// SetDeadline is SetReadDeadline and SetWriteDeadline.
func (p *PipeConn) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}

// SetReadDeadline has Reads, those that wait too, fail with [os.ErrDeadlineExceeded] from t on; the zero time means never.
func (p *PipeConn) SetReadDeadline(t time.Time) error { return p.wrap("set", p.readEnds.set(t)) }

// SetWriteDeadline does the same for Writes. One that fails says how many bytes are on their way.
func (p *PipeConn) SetWriteDeadline(t time.Time) error { return p.wrap("set", p.writeEnds.set(t)) }

// wrap makes err what the net package would give.
func (p *PipeConn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: p.remote.network, Source: p.local, Addr: p.remote, Err: err}
}

// addr names an end.
type addr struct{ network, address string }

// Network is what was dialled, or "mem".
func (a addr) Network() string { return a.network }

// String is the address.
func (a addr) String() string { return a.address }
