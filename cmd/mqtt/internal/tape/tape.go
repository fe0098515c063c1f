// Package tape keeps messages in files: lines of NDJSON, plain or in zstd, in one piece or in several.
//
// After each Write that returns without an error a file is whole: who kills the process finds each line of that Write in it.
// What a Write that didn't return has left behind is cut off when the file is opened to append to it.
package tape

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// mostBuffer is how much room is kept for the next line, or the next write, when one was large.
const mostBuffer = 4 << 20

// Options say where lines go.
type Options struct {
	Path   string    // of the file; - is Stdout; with .zst at its end, zstd
	Append bool      // go on with a file that is there
	Stdout io.Writer // for -

	// Size and Every bound one piece: its bytes in the file, and the time from its begin to its last write. Zero: no bound. With a
	// bound the pieces are numbered: rec-000001.ndjson of rec.ndjson.
	Size  int64
	Every time.Duration

	Say func(format string, args ...any) // told what had to be mended
}

// Writer writes lines. It is for one goroutine.
type Writer struct {
	o      Options
	piece  piece
	number int // of the piece; 0: there is one alone
	began  time.Time
}

// piece is one file, or what stands for one.
type piece interface {
	write(lines []byte, sync bool) error
	size() int64
	close() error
}

// ErrThere says that a file has something in it already.
var ErrThere = errors.New("is there already")

// errTaken says that somebody else writes to a file: each would overwrite what the other has acknowledged.
var errTaken = errors.New("is written to by another mqtt record; end that, or give another name")

// Create opens what o says. A file that has something in it is ErrThere, unless o says to append.
func Create(o Options) (*Writer, error) {
	w := &Writer{o: o}
	if o.Path == "-" {
		w.piece = stream{out: o.Stdout}
		return w, nil
	}
	if o.Size > 0 || o.Every > 0 {
		last, err := lastPiece(o.Path)
		if err != nil {
			return nil, err
		}
		w.number = max(last, 1)
	}
	return w, w.open()
}

// Write writes whole lines. With sync they are on the disk when it returns. After an error the file has none of them, as far as the
// system lets it.
func (w *Writer) Write(lines []byte, sync bool) error {
	if w.full() {
		if err := w.next(); err != nil {
			return err
		}
	}
	return w.piece.write(lines, sync)
}

// Close closes the file. What was written without sync is on the disk then, too.
func (w *Writer) Close() error { return w.piece.close() }

// Path is where lines go now.
func (w *Writer) Path() string {
	if w.number == 0 {
		return w.o.Path
	}
	return numbered(w.o.Path, w.number)
}

func (w *Writer) full() bool {
	if w.number == 0 || w.piece.size() == 0 {
		return false
	}
	return w.o.Size > 0 && w.piece.size() >= w.o.Size || w.o.Every > 0 && time.Since(w.began) >= w.o.Every
}

func (w *Writer) next() error {
	if err := w.piece.close(); err != nil {
		return err
	}
	w.number++
	return w.open()
}

func (w *Writer) open() error {
	path, flags := w.Path(), os.O_RDWR|os.O_CREATE
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		flags = os.O_WRONLY // who reads from a pipe, too, never hears that the others have gone
	}
	w.began = time.Now()
	f, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return err
	}
	p, err := w.into(f)
	if err != nil {
		f.Close()
		return err
	}
	w.piece = p
	return nil
}

func (w *Writer) into(f *os.File) (piece, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		if packed(f.Name()) {
			return nil, fmt.Errorf("%s isn't a file, which .zst needs", f.Name())
		}
		return stream{f, f}, nil
	}
	if err := lock(f); err != nil {
		return nil, fmt.Errorf("%s %w", f.Name(), err)
	}
	if info, err = f.Stat(); err != nil { // nobody changes it now
		return nil, err
	}
	if info.Size() > 0 && !w.o.Append {
		return nil, fmt.Errorf("%s %w", f.Name(), ErrThere)
	}
	mend, wrap := mendPlain, newPlain
	if packed(f.Name()) {
		mend, wrap = mendPacked, newPacked
	}
	end, err := mend(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	if cut := info.Size() - end; cut > 0 && w.o.Say != nil {
		w.o.Say("%s: %d bytes at its end are cut off: they were written when an earlier run was killed, and not acknowledged", f.Name(), cut)
	}
	if info.Size() == 0 {
		syncDirectory(filepath.Dir(f.Name()))
	}
	return wrap(f, end)
}

// packed says whether a file of that name is in zstd.
func packed(path string) bool { return strings.HasSuffix(path, ".zst") }

// syncDirectory has a new file's name outlive a loss of power, where the system can.
func syncDirectory(path string) {
	if d, err := os.Open(path); err == nil {
		d.Sync()
		d.Close()
	}
}

// stream is standard output, a pipe or a device: what was written there can't be taken back.
type stream struct {
	out io.Writer
	in  io.Closer // nil: not ours
}

func (s stream) size() int64 { return 0 }

func (s stream) write(lines []byte, _ bool) error {
	_, err := s.out.Write(lines)
	if errors.Is(err, syscall.EPIPE) {
		return app.ErrPipe
	}
	return err
}

func (s stream) close() error {
	if s.in == nil {
		return nil
	}
	return s.in.Close()
}
