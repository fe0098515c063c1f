package tape

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/zstd"
)

// lastLine is the last of the blocks up to which a torn frame can be read and ends with a line feed; -1: none is. It reads the frame
// once, where to try each block takes for ever: one message can have thousands.
func (t *torn) lastLine(f io.ReaderAt) int {
	s := &steps{f: f, at: t.start, blocks: t.blocks, good: -1}
	d, err := zstd.NewReader(s, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return len(t.blocks) - 1
	}
	defer d.Close()
	d.WriteTo(s) // an error is where it can't be read any more
	return s.good
}

// steps gives a decoder one block after the other. One that wants the next has written out what it had.
type steps struct {
	f      io.ReaderAt
	at     int64
	blocks []int64
	next   int  // in blocks
	good   int  // the last block with a line's end at its end
	last   byte // that was written out
}

func (s *steps) Read(p []byte) (int, error) {
	if s.next < len(s.blocks) && s.at == s.blocks[s.next] {
		if s.last == '\n' {
			s.good = s.next
		}
		s.next++
	}
	if s.next == len(s.blocks) {
		return 0, io.EOF
	}
	n, err := s.f.ReadAt(p[:min(int64(len(p)), s.blocks[s.next]-s.at)], s.at)
	s.at += int64(n)
	return n, err
}

func (s *steps) Write(p []byte) (int, error) {
	if len(p) > 0 {
		s.last = p[len(p)-1]
	}
	return len(p), nil
}

// endsWithLine says whether what a frame holds up to the end of a block can be read, and ends with a line feed.
func endsWithLine(f io.ReaderAt, start, end int64) bool {
	whole := io.MultiReader(io.NewSectionReader(f, start, end-start), bytes.NewReader(lastBlock))
	d, err := zstd.NewReader(whole, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return false
	}
	defer d.Close()
	var last steps
	_, err = d.WriteTo(&last)
	return err == nil && last.last == '\n'
}
