package retained

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// longest is the longest line in bytes: more than the largest packet is as base64.
const longest = 512 << 20

// lines reads a file line by line.
type lines struct {
	in     *bufio.Reader
	number int // of the line that was read last
	closes []func()
	line   []byte
}

func source(a *app.App, file string) (*lines, error) {
	f := a.Stdin
	l := &lines{}
	if file != "-" {
		var err error
		if f, err = os.Open(file); err != nil {
			return nil, app.Fail(app.ExitFailed, "%w", err)
		}
		l.closes = append(l.closes, func() { f.Close() })
	}
	var in io.Reader = f
	if compressed(file) {
		z, err := zstd.NewReader(f)
		if err != nil {
			l.Close()
			return nil, app.Fail(app.ExitFailed, "%s: %w", file, err)
		}
		in, l.closes = z, append(l.closes, z.Close)
	}
	l.in = bufio.NewReaderSize(in, 64<<10)
	return l, nil
}

// Close closes what source opened.
func (l *lines) Close() {
	for _, c := range l.closes {
		c()
	}
}

// next is the next line without its end, until io.EOF. It is good until the next call.
func (l *lines) next() ([]byte, error) {
	l.number++
	l.line = l.line[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		l.line = append(l.line, part...)
		switch {
		case err == nil, err == io.EOF && len(l.line) > 0:
			return bytes.TrimSpace(l.line), nil
		case len(l.line) > longest:
			return nil, app.Fail(app.ExitFailed, "line %d is longer than any message can be", l.number)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}
