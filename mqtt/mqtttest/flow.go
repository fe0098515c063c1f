package mqtttest

import (
	"math/rand/v2"
	"net"
	"syscall"
)

// Flow is one direction of a connection made by [Pipe]: the bytes that one end has written and the other hasn't read yet.
// Its methods make the faults that a network makes. Any goroutine may call them at any time.
type Flow struct {
	back     *Flow // the other direction of the same connection; fixed before use
	state    slot[transit]
	writing  chan struct{} // capacity 1: held by the one Write that is at work, so that Writes don't mix
	readable chan struct{} // capacity 1, a signal to Reads: look again
	writable chan struct{} // capacity 1, a signal to Writes: look again
}

func newFlow(size int) *Flow {
	return &Flow{
		state:    newSlot(transit{size: max(size, 0)}),
		writing:  make(chan struct{}, 1),
		readable: make(chan struct{}, 1),
		writable: make(chan struct{}, 1),
	}
}

// SetSize makes room for n bytes that are written and not yet read. Zero or less: each Write waits until all of it was
// read, as in [net.Pipe]. What is on its way stays, and a Write that waits for its reader goes on waiting.
func (f *Flow) SetSize(n int) {
	f.with(func(s *transit) { s.size = max(n, 0) })
}

// Chunk lets each Read get at most n bytes. Zero or less: no bound.
func (f *Flow) Chunk(n int) {
	f.with(func(s *transit) { s.chunk, s.random = max(n, 0), nil })
}

// ChunkRandom lets each Read get at most 1 to n bytes, the bound drawn anew each time from a source seeded with seed. Zero
// or less: no bound.
func (f *Flow) ChunkRandom(n int, seed uint64) {
	f.with(func(s *transit) { s.chunk, s.random = max(n, 0), rand.New(rand.NewPCG(seed, seed)) })
}

// Stall keeps back what is written, and the end of writing too, until Resume. Writes go on until the room is full. A reset
// and a Close of the reader's own end are noticed all the same.
func (f *Flow) Stall() { f.with(func(s *transit) { s.stalled = true }) }

// Resume ends Stall.
func (f *Flow) Resume() { f.with(func(s *transit) { s.stalled = false }) }

// Buffered says how many bytes were written and not yet read.
func (f *Flow) Buffered() (n int) {
	f.state.do(func(s *transit) { n = s.len() })
	return n
}

// CutAfter breaks the connection as soon as n more bytes were written in this direction. Their reader gets them and then
// ECONNRESET; the Write that goes beyond the bound says how much of it got through. In the other direction the connection
// breaks at once, and what was on its way is lost. Zero or less: it breaks now.
func (f *Flow) CutAfter(n int) {
	if n <= 0 {
		f.breakHere()
		return
	}
	f.with(func(s *transit) { s.bounded, s.left = true, n })
}

// breakHere is what happens where CutAfter said.
func (f *Flow) breakHere() {
	f.with(func(s *transit) { s.finish(syscall.ECONNRESET, syscall.ECONNRESET) })
	f.back.with(func(s *transit) { s.drop(syscall.ECONNRESET, syscall.ECONNRESET) })
}

// closeWriter is the end of the end that writes; what is on its way can still be read.
func (f *Flow) closeWriter(end, refusal error) {
	f.with(func(s *transit) { s.finish(end, refusal); s.refusal = refusal })
}

// closeReader is the end of the end that reads; what is on its way is lost.
func (f *Flow) closeReader(refusal error) {
	f.with(func(s *transit) { s.drop(net.ErrClosed, refusal); s.end = net.ErrClosed })
}

// with changes the state, then has everybody look again.
func (f *Flow) with(change func(*transit)) {
	f.state.do(change)
	signal(f.readable)
	signal(f.writable)
}
