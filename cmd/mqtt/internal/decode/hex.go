package decode

import (
	"errors"
	"fmt"
	"io"
)

// hexReader reads bytes that are written in hexadecimal. Spaces, line ends, commas, colons and hyphens between the digits mean
// nothing, and nor do 0x and \x in front of them.
type hexReader struct {
	in   io.Reader
	buf  [32 << 10]byte
	at   int64 // how many characters were read
	half bool  // a digit waits in high for its other half
	high byte
}

// Read gives what is there, and waits only when nothing is.
func (h *hexReader) Read(p []byte) (int, error) {
	for {
		n, err := h.in.Read(h.buf[:min(len(p), len(h.buf))])
		out, bad := h.digits(p[:0], h.buf[:n])
		if bad != nil {
			return len(out), bad
		}
		if err == io.EOF && h.half {
			return len(out), errors.New("the last byte has one hexadecimal digit, not two")
		}
		if len(out) > 0 || err != nil {
			return len(out), err
		}
	}
}

func (h *hexReader) digits(out, text []byte) ([]byte, error) {
	for _, c := range text {
		h.at++
		value, ok := digit(c)
		switch {
		case ok && h.half:
			out, h.half = append(out, h.high<<4|value), false
		case ok:
			h.high, h.half = value, true
		case between(c):
			if h.half {
				return out, fmt.Errorf("character %d: a byte has two hexadecimal digits", h.at)
			}
		case (c == 'x' || c == 'X') && h.half && h.high == 0:
			h.half = false // it was the 0 of 0x
		case c == 'x' && !h.half:
			// of \x
		default:
			return out, fmt.Errorf("character %d, %q, is no hexadecimal digit; bytes as they are go with --raw", h.at, rune(c))
		}
	}
	return out, nil
}

func digit(c byte) (value byte, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func between(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', ':', '-', '\\':
		return true
	}
	return false
}
