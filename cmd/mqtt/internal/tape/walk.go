package tape

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// torn is a frame that has no end.
type torn struct {
	start  int64   // of the frame
	blocks []int64 // where each block that is there as a whole ends
	ours   bool    // as far as it is there, it is as we write them, and may end at any block
}

// errShort says that the file ends in the middle of a frame.
var errShort = errors.New("ends in the middle")

// walk goes over the frame at a place of the file, by the headers of its blocks, and gives the place behind it.
func walk(f io.ReaderAt, at, size int64) (torn, int64, error) {
	t := torn{start: at, ours: true}
	h, err := frameHeader(f, at, size)
	if err != nil {
		return t, 0, err
	}
	t.ours = !h.HasCheckSum && !h.HasFCS && !h.Skippable
	at += int64(h.HeaderSize)
	if h.Skippable {
		at += int64(h.SkippableSize)
	}
	for last := h.Skippable; !last; {
		if at, last, err = block(f, at, size); err != nil {
			return t, 0, err
		}
		t.blocks = append(t.blocks, at)
	}
	if h.HasCheckSum {
		at += 4
	}
	if at > size {
		return t, 0, errShort
	}
	return t, at, nil
}

// frameHeader reads how a frame begins.
func frameHeader(f io.ReaderAt, at, size int64) (h zstd.Header, err error) {
	head := make([]byte, min(size-at, zstd.HeaderMaxSize))
	if _, err := f.ReadAt(head, at); err != nil {
		return h, err
	}
	if begins(head, zstdMagic) {
		return h, errShort
	}
	err = h.Decode(head)
	if errors.Is(err, io.ErrUnexpectedEOF) && size-at < zstd.HeaderMaxSize {
		return h, errShort
	} else if err != nil {
		return h, errForeign
	}
	return h, nil
}

// block reads the header of a block, and says where it ends and whether it is the last of its frame (RFC 8878 §3.1.1.2).
func block(f io.ReaderAt, at, size int64) (end int64, last bool, err error) {
	var header [4]byte
	if at+3 > size {
		return 0, false, errShort
	}
	if _, err := f.ReadAt(header[:3], at); err != nil {
		return 0, false, err
	}
	bits := binary.LittleEndian.Uint32(header[:])
	length := int64(bits >> 3)
	switch bits >> 1 & 3 {
	case 1:
		length = 1 // one byte, repeated
	case 3:
		return 0, false, errShort // no block is so: what follows was never written
	}
	end = at + 3 + length
	if end > size {
		return 0, false, errShort
	}
	return end, bits&1 == 1, nil
}
