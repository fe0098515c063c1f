//go:build !js

package netx

import (
	"bufio"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
)

// once makes one HTTP/1.1 request over a connection that is open. An http.Transport would dial by itself.
type once struct{ raw net.Conn }

// longestAnswer bounds the header of an answer, in bytes.
const longestAnswer = 64 << 10

var errLongAnswer = errors.New("the header of the server's answer is longer than 64 KiB")

// RoundTrip implements http.RoundTripper. What interrupts it is the connection's end.
func (o *once) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Write(o.raw); err != nil {
		return nil, err
	}
	bound := &bounded{from: o.raw, left: longestAnswer}
	in := bufio.NewReaderSize(bound, 1024)
	for {
		answer, err := http.ReadResponse(in, r)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
			return nil, errors.New("the server closed the connection instead of answering")
		case err != nil:
			return nil, err
		case answer.StatusCode >= 200:
			bound.left = math.MaxInt
			answer.Body = refused{answer.Body, o.raw}
			return answer, nil
		case answer.StatusCode == http.StatusSwitchingProtocols:
			bound.left = math.MaxInt
			answer.Body = &upgraded{Conn: o.raw, in: in}
			return answer, nil
		}
	}
}

// refused is the body of an answer that is no agreement. Its own Close would read it to its end, which may never come.
type refused struct {
	io.Reader
	io.Closer // of the connection
}

// bounded reads no more than left bytes.
type bounded struct {
	from io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errLongAnswer
	}
	n, err := b.from.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// upgraded is the connection behind an answer. What came together with the answer is read first.
type upgraded struct {
	net.Conn
	in *bufio.Reader // until it is empty
}

func (u *upgraded) Read(p []byte) (int, error) {
	if u.in == nil {
		return u.Conn.Read(p)
	}
	n := min(len(p), u.in.Buffered())
	if n == 0 {
		u.in = nil
		return u.Conn.Read(p)
	}
	return u.in.Read(p[:n])
}
