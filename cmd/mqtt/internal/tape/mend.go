package tape

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// torn is a frame that has no end.
type torn struct {
	start  int64   // of the frame
	blocks []int64 // where each block that is there as a whole ends
	ours   bool    // it is as we write them, and may end at any block
}

// errShort says that the file ends in the middle of a frame.
var errShort = errors.New("ends in the middle")

// mendPacked ends a torn last frame at its last block that ends with a line, and gives the size of what is whole.
func mendPacked(f *os.File, size int64) (int64, error) {
	for at := int64(0); at < size; {
		t, next, err := walk(f, at, size)
		if errors.Is(err, errShort) {
			return endTorn(f, t, size)
		}
		if err != nil {
			return 0, fmt.Errorf("byte %d: %w", at, err)
		}
		at = next
	}
	return size, nil
}

// walk goes over the frame at a place of the file, by the headers of its blocks, and gives the place behind it.
func walk(f io.ReaderAt, at, size int64) (torn, int64, error) {
	t := torn{start: at}
	head := make([]byte, min(size-at, zstd.HeaderMaxSize))
	if _, err := f.ReadAt(head, at); err != nil {
		return t, 0, err
	}
	if begins(head, zstdMagic) {
		return t, 0, errShort
	}
	var h zstd.Header
	if err := h.Decode(head); errors.Is(err, io.ErrUnexpectedEOF) && size-at < zstd.HeaderMaxSize {
		return t, 0, errShort
	} else if err != nil {
		return t, 0, errForeign
	}
	t.ours = !h.HasCheckSum && !h.HasFCS && !h.Skippable
	at += int64(h.HeaderSize)
	if h.Skippable {
		at += int64(h.SkippableSize)
	}
	for last := h.Skippable; !last; {
		var header [4]byte
		if at+3 > size {
			return t, 0, errShort
		}
		if _, err := f.ReadAt(header[:3], at); err != nil {
			return t, 0, err
		}
		bits := binary.LittleEndian.Uint32(header[:])
		length := int64(bits >> 3)
		if kind := bits >> 1 & 3; kind == 1 {
			length = 1 // one byte, repeated
		} else if kind == 3 {
			return t, 0, errShort // no block is so: what follows was never written
		}
		if at += 3 + length; at > size {
			return t, 0, errShort
		}
		t.blocks = append(t.blocks, at)
		last = bits&1 == 1
	}
	if h.HasCheckSum {
		at += 4
	}
	if at > size {
		return t, 0, errShort
	}
	return t, at, nil
}

// endTorn cuts a torn frame and ends it. When the process dies in between, the frame is torn again, and has lost nothing.
func endTorn(f *os.File, t torn, size int64) (int64, error) {
	if len(t.blocks) == 0 {
		return t.start, cut(f, t.start)
	}
	if !t.ours {
		return 0, errForeign
	}
	for i := len(t.blocks) - 1; i >= 0; i-- {
		end := t.blocks[i]
		if !endsWithLine(f, t.start, end) {
			continue
		}
		if err := cut(f, end); err != nil {
			return 0, err
		}
		if _, err := f.WriteAt(lastBlock, end); err != nil {
			return 0, err
		}
		return end + int64(len(lastBlock)), f.Sync()
	}
	return t.start, cut(f, t.start)
}

// endsWithLine says whether what a frame holds up to the end of a block can be read, and ends with a line feed.
func endsWithLine(f io.ReaderAt, start, end int64) bool {
	whole := io.MultiReader(io.NewSectionReader(f, start, end-start), bytes.NewReader(lastBlock))
	d, err := zstd.NewReader(whole, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return false
	}
	defer d.Close()
	var last byte
	buf := make([]byte, 64<<10)
	for {
		n, err := d.Read(buf)
		if n > 0 {
			last = buf[n-1]
		}
		if err != nil {
			return err == io.EOF && last == '\n'
		}
	}
}
