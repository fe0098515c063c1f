package tape

import (
	"errors"
	"fmt"
	"io"
	"os"
)

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

// errDamaged says that a frame in the middle of a file can't be walked over: what is behind it was acknowledged.
var errDamaged = errors.New("is damaged, and goes on behind that; it stays as it is: give another name")

// endTorn cuts a torn frame and ends it. When the process dies in between, the frame is torn again, and has lost nothing.
func endTorn(f *os.File, t torn, size int64) (int64, error) {
	if !t.ours {
		return 0, errForeign
	}
	if another, err := frameBehind(f, t.start, size); err != nil {
		return 0, err
	} else if another {
		return 0, fmt.Errorf("byte %d: %w", t.start, errDamaged)
	}
	for i := t.lastLine(f); i >= 0; i-- {
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

// frameBehind says whether a frame of ours begins behind the begin of one.
func frameBehind(f io.ReaderAt, start, size int64) (bool, error) {
	return contains(io.NewSectionReader(f, start+1, size-start-1), frameBegin)
}
