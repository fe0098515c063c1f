package pub

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// input reads ahead in a goroutine of its own, so that the end of a context interrupts who waits for it. A read that never
// returns is left behind then, and what it brings isn't used.
type input struct {
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

// newInput reads r, which errors call by name.
func newInput(ctx context.Context, r io.Reader, name string) *input {
	full, free := make(chan chunk), make(chan []byte, 2)
	free <- make([]byte, chunkSize)
	free <- make([]byte, chunkSize)
	go fill(ctx, r, full, free)
	return &input{ctx: ctx, name: name, full: full, free: free}
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
func (in *input) Read(p []byte) (int, error) {
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

func (in *input) more() error {
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

// splitter gives the pieces of an input that a byte ends. The last one needs no such end.
type splitter struct {
	in     *bufio.Reader
	end    byte
	most   int  // bytes that a piece may have
	first  byte // that a piece has which is longer than the buffer, spaces left out; 0: any
	number int  // of the last piece, from 1
	long   []byte
}

func newSplitter(in io.Reader, end byte, most int) *splitter {
	return &splitter{in: bufio.NewReaderSize(in, chunkSize), end: end, most: most}
}

var (
	errLong  = errors.New("too long")     // a piece is larger than may be
	errFirst = errors.New("begins wrong") // a long piece doesn't have its first byte, so the rest of it isn't read
)

// next gives a piece without its end, valid until the next call; io.EOF after the last one.
func (s *splitter) next() ([]byte, error) {
	piece, err := s.in.ReadSlice(s.end)
	if err == bufio.ErrBufferFull {
		piece, err = s.longPiece(piece)
	}
	switch {
	case err == io.EOF && len(piece) > 0:
	case err == errLong, err == errFirst:
		s.number++
		return nil, err
	case err != nil:
		return nil, err
	default:
		piece = piece[:len(piece)-1]
	}
	s.number++
	if len(piece) > s.most {
		return nil, errLong
	}
	return piece, nil
}

// longPiece puts together what doesn't fit the buffer.
func (s *splitter) longPiece(begin []byte) ([]byte, error) {
	if text := bytes.TrimSpace(begin); s.first != 0 && (len(text) == 0 || text[0] != s.first) {
		return nil, errFirst
	}
	s.long = append(s.long[:0], begin...)
	for {
		part, err := s.in.ReadSlice(s.end)
		if len(s.long)+len(part) > s.most+1 {
			return nil, errLong
		}
		s.long = append(s.long, part...)
		if err != bufio.ErrBufferFull {
			return s.long, err
		}
	}
}
