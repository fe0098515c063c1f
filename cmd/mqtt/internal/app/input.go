package app

import (
	"context"
	"fmt"
	"io"
)

// Input reads ahead in a goroutine of its own, so that the end of a context interrupts who waits for it. A read that never
// returns is left behind then, and what it brings isn't used.
type Input struct {
	ctx  context.Context
	name string
	full <-chan chunk
	free chan<- []byte

	held []byte // the chunk that is being read
	rest []byte // what is left of it
	err  error  // what comes after it
}

type chunk struct {
	bytes []byte
	err   error
}

// chunkSize is what a pipe holds.
const chunkSize = 64 << 10

// NewInput begins to read r, which errors call by name. It is for what may bring nothing for long, as standard input.
func NewInput(ctx context.Context, r io.Reader, name string) *Input {
	full, free := make(chan chunk), make(chan []byte, 2)
	free <- make([]byte, chunkSize)
	free <- make([]byte, chunkSize)
	go fill(ctx, r, full, free)
	return &Input{ctx: ctx, name: name, full: full, free: free}
}

func fill(ctx context.Context, r io.Reader, full chan<- chunk, free <-chan []byte) {
	for {
		var buf []byte
		select {
		case buf = <-free:
		case <-ctx.Done():
			return
		}
		n, err := r.Read(buf)
		select {
		case full <- chunk{buf[:n], err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Read gives the context's cause once that has ended.
func (in *Input) Read(p []byte) (int, error) {
	for len(in.rest) == 0 {
		if in.err != nil {
			return 0, in.err
		}
		if err := in.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

func (in *Input) more() error {
	if in.held != nil {
		in.free <- in.held[:chunkSize] // there are two, and places for two
		in.held = nil
	}
	select {
	case c := <-in.full:
		in.held, in.rest, in.err = c.bytes, c.bytes, c.err
		if c.err != nil && c.err != io.EOF {
			in.err = fmt.Errorf("reading %s: %w", in.name, c.err)
		}
		return nil
	case <-in.ctx.Done():
		return context.Cause(in.ctx)
	}
}
