package pub

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// chunkSize is what a pipe holds.
const chunkSize = 64 << 10

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
