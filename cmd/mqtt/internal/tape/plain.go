package tape

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// plain is a file of lines.
type plain struct {
	f   *os.File
	end int64 // of what is whole
}

func newPlain(f *os.File, end int64) (piece, error) { return &plain{f, end}, nil }

func (p *plain) size() int64 { return p.end }

func (p *plain) write(lines []byte, sync bool) error {
	_, err := p.f.WriteAt(lines, p.end)
	if err == nil && sync {
		err = p.f.Sync()
	}
	if err != nil {
		p.f.Truncate(p.end)
		return err
	}
	p.end += int64(len(lines))
	return nil
}

func (p *plain) close() error { return closeWhole(p.f) }

func closeWhole(f *os.File) error {
	err := f.Sync()
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// lineBegin is how each line of a recording begins.
const lineBegin = `{"time":"`

// errForeign says that a file isn't a recording: nothing is cut off from such a one.
var errForeign = errors.New("isn't a recording of mqtt record, and stays as it is; give another name")

// mendPlain cuts off a torn last line, and gives the size of what is whole.
func mendPlain(f *os.File, size int64) (int64, error) {
	head := make([]byte, min(size, int64(len(zstdMagic))))
	if _, err := f.ReadAt(head, 0); err != nil {
		return 0, err
	}
	if bytes.Equal(head, zstdMagic) { // of another name once: who reads it takes all of it for zstd
		return 0, errForeign
	}
	end, err := lastLineFeed(f, size)
	if err != nil || end == size {
		return end, err
	}
	head = make([]byte, min(size-end, int64(len(lineBegin))))
	if _, err := f.ReadAt(head, end); err != nil {
		return 0, err
	}
	if !begins(head, []byte(lineBegin)) {
		return 0, errForeign
	}
	return end, cut(f, end)
}

// begins says whether b is the begin of what was going to be there. What a loss of power leaves is zeros.
func begins(b, what []byte) bool { return bytes.HasPrefix(what, bytes.TrimRight(b, "\x00")) }

func cut(f *os.File, end int64) error {
	if err := f.Truncate(end); err != nil {
		return err
	}
	return f.Sync()
}

// lastLineFeed is where what follows the last line feed begins.
func lastLineFeed(f *os.File, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for end := size; end > 0; {
		start := max(0, end-int64(len(buf)))
		b := buf[:end-start]
		if _, err := f.ReadAt(b, start); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}

// contains says whether r has what in it.
func contains(r io.Reader, what []byte) (bool, error) {
	buf := make([]byte, 64<<10)
	kept := 0 // of what was looked through already, as what may begin there
	for {
		n, err := io.ReadFull(r, buf[kept:])
		n += kept
		if bytes.Contains(buf[:n], what) {
			return true, nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, buf[n-len(what)+1:n])
	}
}
