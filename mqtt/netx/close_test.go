//go:build !js

package netx

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// deaf dials over TLS a server that does the handshake and then reads nothing, unless the test reads raw.
func deaf(t *testing.T) (conn, raw net.Conn) {
	near, far := net.Pipe()
	return deafOver(t, near, far), far
}

func deafOver(t *testing.T, near, far net.Conn) net.Conn {
	ca := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "broker.example")}, SessionTicketsDisabled: true}
	done := make(chan error, 1)
	go func() { done <- tls.Server(far, config).Handshake() }()
	conn, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{Dialer: over(near), TLS: trusting(ca)})
	require.NoError(t, err)
	require.NoError(t, <-done)
	closing(t, conn)
	closing(t, far)
	return conn
}

// hasty is a connection on which every write deadline passes at once.
type hasty struct{ net.Conn }

func (h hasty) SetWriteDeadline(time.Time) error { return h.Conn.SetWriteDeadline(time.Unix(0, 0)) }

func TestCloseWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // tls.Conn's own Close would take five seconds of the bubble's clock
		conn, _ := deaf(t)
		start := time.Now()
		require.NoError(t, conn.Close())
		require.Zero(t, time.Since(start))
	})
}

func TestCloseWakesWrite(t *testing.T) {
	for _, c := range []struct {
		name string
		dial func(t *testing.T) (conn, raw net.Conn)
	}{
		{"over TLS", deaf},
		{"over TCP", func(t *testing.T) (net.Conn, net.Conn) {
			accepted, release := make(chan net.Conn, 1), make(chan struct{})
			address := listen(t, func(conn net.Conn) {
				accepted <- conn
				<-release
			})
			t.Cleanup(func() { close(release) })
			conn, err := Dial(t.Context(), server(t, "mqtt://"+address), Options{})
			require.NoError(t, err)
			return closing(t, conn), <-accepted
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, raw := c.dial(t)
			wrote := make(chan error, 1)
			go func() {
				_, err := conn.Write(make([]byte, 1<<26)) // more than any socket's buffers
				wrote <- err
			}()
			_, err := raw.Read(make([]byte, 1)) // now the Write is in progress
			require.NoError(t, err)
			require.NoError(t, conn.Close())
			require.Error(t, <-wrote)
		})
	}
}

func TestCloseWakesRead(t *testing.T) {
	ca := newAuthority(t)
	for _, c := range []struct{ name, url, address string }{
		{"over TCP", "mqtt://broker.example", listen(t, echo)},
		{"over TLS", "mqtts://broker.example", listenTLS(t, ca, nil, echo)},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := Dial(t.Context(), server(t, c.url), Options{Dialer: to(c.address), TLS: trusting(ca)})
			require.NoError(t, err)
			requireEcho(t, conn)
			read := make(chan error, 1)
			go func() {
				_, err := conn.Read(make([]byte, 1))
				read <- err
			}()
			require.NoError(t, conn.Close())
			require.ErrorIs(t, <-read, net.ErrClosed)
		})
	}
}

func TestHalfClose(t *testing.T) {
	ca := newAuthority(t)
	beneath := make(chan error, 1)
	answer := func(conn net.Conn) { // reads to the end, then answers
		got, err := io.ReadAll(conn)
		if err == nil {
			conn.Write(append(got, " and bye"...))
		}
		if secure, ok := conn.(*tls.Conn); ok {
			conn = secure.NetConn()
		}
		_, err = conn.Read(make([]byte, 1))
		beneath <- err
	}
	for _, c := range []struct{ name, url, address string }{
		{"over TCP", "mqtt://broker.example", listen(t, answer)},
		{"over TLS", "mqtts://broker.example", listenTLS(t, ca, nil, answer)},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := Dial(t.Context(), server(t, c.url), Options{Dialer: to(c.address), TLS: trusting(ca)})
			require.NoError(t, err)
			closing(t, conn)
			_, err = conn.Write([]byte("hello"))
			require.NoError(t, err)
			require.NoError(t, conn.(HalfCloser).CloseWrite())
			got, err := io.ReadAll(conn)
			require.NoError(t, err)
			require.Equal(t, "hello and bye", string(got))
			require.Equal(t, io.EOF, <-beneath, "the transport beneath has ended too")
			_, err = conn.Write([]byte("more"))
			require.Error(t, err)
			if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
				require.IsType(t, (*net.TCPConn)(nil), secure.NetConn())
			}
		})
	}
}

func TestHalfCloseHasABound(t *testing.T) {
	t.Run("server that doesn't read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn, _ := deaf(t)
			start := time.Now()
			require.ErrorIs(t, conn.(HalfCloser).CloseWrite(), os.ErrDeadlineExceeded)
			require.Equal(t, closeNotifyWait, time.Since(start))
		})
	})
	t.Run("behind a Write that is stuck", func(t *testing.T) {
		near, far := net.Pipe()
		conn := deafOver(t, hasty{near}, far)
		var wg sync.WaitGroup
		wg.Go(func() { conn.Write(make([]byte, 1<<16)) })
		_, err := far.Read(make([]byte, 1)) // now the Write is in progress, and holds what CloseWrite needs
		require.NoError(t, err)
		require.ErrorIs(t, conn.(HalfCloser).CloseWrite(), os.ErrDeadlineExceeded)
		wg.Wait()
	})
	t.Run("closed before", func(t *testing.T) {
		conn, _ := deaf(t)
		require.NoError(t, conn.Close())
		require.ErrorIs(t, conn.(HalfCloser).CloseWrite(), io.ErrClosedPipe)
	})
}

func TestWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := deaf(t)
		start := time.Now()
		require.NoError(t, conn.SetWriteDeadline(start.Add(time.Minute)))
		_, err := conn.Write([]byte("x"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(start))
	})
}
