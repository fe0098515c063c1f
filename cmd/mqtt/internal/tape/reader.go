package tape

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
)

// zstdMagic begins a frame of zstd.
var zstdMagic = []byte{0x28, 0xB5, 0x2F, 0xFD}

// Reader reads a recording, plain or in zstd, whatever its name. It is for one goroutine.
type Reader struct {
	name   string
	in     io.Closer
	source source
	zstd   *zstd.Decoder // nil: plain
	text   *bufio.Reader
	long   []byte // a line that doesn't fit text's buffer
	most   int    // bytes of a line
	line   int
}

// LineError says which line of which file is wrong.
type LineError struct {
	Path string
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s, line %d: %v", e.Path, e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// Open opens a file; - is stdin, which stays open. The end of ctx ends the wait for what comes through a pipe.
func Open(ctx context.Context, path string, stdin io.Reader) (*Reader, error) {
	r := &Reader{name: path, most: ndjson.LongestLine}
	in := stdin
	if path == "-" {
		r.name = "standard input"
	} else {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		r.in, in = f, f
	}
	if f, ok := in.(*os.File); ok && !regular(f) {
		in = app.NewInput(ctx, in, r.name)
	}
	r.source.Reader = in
	r.text = bufio.NewReaderSize(&r.source, 256<<10)
	head, _ := r.text.Peek(len(zstdMagic)) // an error comes again
	if !bytes.Equal(head, zstdMagic) {
		return r, nil
	}
	var err error
	if r.zstd, err = zstd.NewReader(r.text, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20)); err != nil {
		r.Close()
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	r.text = bufio.NewReaderSize(r.zstd, 256<<10)
	return r, nil
}

// regular says whether a file has all that it will bring, so that no read waits.
func regular(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// Name is what people call what is read.
func (r *Reader) Name() string { return r.name }

// Line is the number of the line that Next gave last.
func (r *Reader) Line() int { return r.line }

// Next gives the next message, or io.EOF. Empty lines are passed over. What is wrong in a line is a *LineError.
func (r *Reader) Next() (*ndjson.Record, error) {
	for {
		r.line++
		text, err := r.next()
		if len(bytes.TrimSpace(text)) == 0 && err == nil {
			continue
		}
		if err == io.EOF && len(bytes.TrimSpace(text)) == 0 {
			return nil, io.EOF
		}
		if err != nil && err != io.EOF {
			return nil, r.Wrong(err)
		}
		record, broken := ndjson.Parse(text)
		if broken != nil && err == io.EOF {
			broken = fmt.Errorf("it is the last line, and cut short (%w)", broken)
		}
		if broken != nil {
			return nil, r.Wrong(broken)
		}
		return record, nil
	}
}

// Wrong is an error about the line that Next gave last.
func (r *Reader) Wrong(err error) error { return &LineError{r.name, r.line, err} }

// next reads up to a line feed. It is valid until the next call.
func (r *Reader) next() ([]byte, error) {
	if r.long = r.long[:0]; cap(r.long) > mostBuffer {
		r.long = nil
	}
	for {
		part, err := r.text.ReadSlice('\n')
		if err == nil && len(r.long) == 0 {
			return part, nil
		}
		if len(r.long)+len(part) > r.most {
			return nil, fmt.Errorf("is longer than %d bytes; no message is", r.most)
		}
		r.long = append(r.long, part...)
		if err != bufio.ErrBufferFull {
			return r.long, r.told(err)
		}
	}
}

// told is err in words, where it is the decompressor's and not one of reading.
func (r *Reader) told(err error) error {
	if err == nil || err == io.EOF || r.zstd == nil || r.source.err != nil && r.source.err != io.EOF {
		return err
	}
	return fmt.Errorf("the file was cut short, or is damaged (%w); what is before this line could be read, and `mqtt record --append` mends what a "+
		"killed run has left", err)
}

// source keeps the error that it gave.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

// Close closes the file.
func (r *Reader) Close() {
	if r.zstd != nil {
		r.zstd.Close()
	}
	if r.in != nil {
		r.in.Close()
	}
}
