//go:build !js

package netx

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func echo(conn net.Conn) { io.Copy(conn, conn) }

func requireEcho(t *testing.T, conn net.Conn) {
	_, err := conn.Write([]byte("ping"))
	require.NoError(t, err)
	got := make([]byte, 4)
	_, err = io.ReadFull(conn, got)
	require.NoError(t, err)
	require.Equal(t, "ping", string(got))
}

func requireDialError(t *testing.T, err error, stage Stage) {
	t.Helper()
	failed, ok := errors.AsType[*DialError](err)
	require.True(t, ok, "%T: %v", err, err)
	require.Equal(t, stage, failed.Stage, err)
	require.NotContains(t, err.Error(), "hush")
}

func TestDial(t *testing.T) {
	address := listen(t, echo)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	for _, c := range []struct{ name, url string }{
		{"B009 no host is localhost", "mqtt://:" + port},
		{"B043 name", "tcp://localhost:" + port},
		{"B043 address", "mqtt://" + address},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := Dial(t.Context(), server(t, c.url), Options{})
			require.NoError(t, err)
			closing(t, conn)
			require.IsType(t, (*net.TCPConn)(nil), conn, "net.Buffers need it as it is")
			requireEcho(t, conn)
		})
	}
}

func TestDialAddress(t *testing.T) {
	for _, c := range []struct{ name, url, want string }{
		{"B034 IPv6", "mqtt://[::1]", "[::1]:1883"},
		{"B034 IPv6 zone", "mqtt://[fe80::1%25lo]:1", "[fe80::1%lo]:1"},
		{"B043 name", "tls://u:p@broker.example/x", "broker.example:8883"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stop := errors.New("stop")
			_, err := Dial(t.Context(), server(t, c.url), Options{Dialer: DialerFunc(
				func(_ context.Context, network, address string) (net.Conn, error) {
					require.Equal(t, []string{"tcp", c.want}, []string{network, address})
					return nil, stop
				})})
			require.ErrorIs(t, err, stop)
			requireDialError(t, err, StageTCP)
		})
	}
}

func TestDialFails(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := l.Addr().String()
	require.NoError(t, l.Close())

	t.Run("B013 refused", func(t *testing.T) {
		_, err := Dial(t.Context(), server(t, "mqtt://u:hush@"+nobody), Options{})
		requireDialError(t, err, StageTCP)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Contains(t, err.Error(), "tcp mqtt://"+nobody+": ")
	})
	t.Run("B014 name without address", func(t *testing.T) {
		unknown := &net.DNSError{Err: "no such host", Name: "broker.example", IsNotFound: true}
		_, err := Dial(t.Context(), server(t, "mqtt://broker.example"), Options{Dialer: DialerFunc(
			func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: unknown}
			})})
		requireDialError(t, err, StageDNS)
		found, ok := errors.AsType[*net.DNSError](err)
		require.True(t, ok)
		require.Same(t, unknown, found)
	})
	t.Run("B014 name that can't exist", func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		_, err := Dial(ctx, server(t, "mqtts://u:hush@host.invalid"), Options{})
		requireDialError(t, err, StageDNS)
	})
	t.Run("B038 scheme that Parse doesn't give", func(t *testing.T) {
		_, err := Dial(t.Context(), &Server{Scheme: "quic", Host: "h", Port: "443"}, Options{})
		wrong, ok := errors.AsType[*URLError](err)
		require.True(t, ok, err)
		require.Contains(t, wrong.Reason, `unknown scheme "quic"`)
	})
	t.Run("dialer without an answer", func(t *testing.T) {
		_, err := Dial(t.Context(), server(t, "mqtts://h"), Options{Dialer: over(nil)})
		requireDialError(t, err, StageTCP)
		require.ErrorIs(t, err, errNoConnection)
	})
}

// spy tells whether a connection was closed.
type spy struct {
	net.Conn
	closed bool
}

func (s *spy) Close() error {
	s.closed = true
	return s.Conn.Close()
}

func TestDialInterrupted(t *testing.T) {
	cause := errors.New("the client ended")

	t.Run("B014 while the name is looked up", func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		slow := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(lookup context.Context, _, _ string) (net.Conn, error) {
			stop(cause)
			<-lookup.Done()
			return nil, lookup.Err()
		}}}
		_, err := Dial(ctx, server(t, "mqtt://u:hush@broker.example"), Options{Dialer: slow})
		requireDialError(t, err, StageDNS)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, cause)
	})
	t.Run("B015 while connecting", func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		own := errors.New("given up")
		_, err := Dial(ctx, server(t, "mqtts://h"), Options{Dialer: DialerFunc(
			func(ctx context.Context, _, _ string) (net.Conn, error) {
				stop(cause)
				<-ctx.Done()
				return nil, own
			})})
		requireDialError(t, err, StageTCP)
		for _, want := range []error{context.Canceled, cause, own} {
			require.ErrorIs(t, err, want)
		}
	})
	t.Run("B015 before net.Dialer begins", func(t *testing.T) {
		ctx, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer stop()
		_, err := Dial(ctx, server(t, "mqtt://127.0.0.1:1"), Options{})
		requireDialError(t, err, StageTCP)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("B015 while a Dialer succeeds", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		near, far := net.Pipe()
		defer far.Close()
		conn := &spy{Conn: near}
		_, err := Dial(ctx, server(t, "mqtt://h"), Options{Dialer: DialerFunc(
			func(context.Context, string, string) (net.Conn, error) {
				stop()
				return conn, nil
			})})
		requireDialError(t, err, StageTCP)
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, conn.closed)
	})
	t.Run("B015 not after Dial has returned", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		conn, err := Dial(ctx, server(t, "mqtt://h"), Options{Dialer: to(listen(t, echo))})
		require.NoError(t, err)
		closing(t, conn)
		stop()
		requireEcho(t, conn)
	})
}

// late is a context whose deadline has passed and whose timer hasn't fired yet.
type late struct{ context.Context }

func (late) Deadline() (time.Time, bool) { return time.Unix(0, 0), true }

func TestInterrupted(t *testing.T) {
	other := errors.New("other")
	timeout := &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
	require.ErrorIs(t, interrupted(late{t.Context()}, timeout), context.DeadlineExceeded)
	require.ErrorIs(t, interrupted(late{t.Context()}, timeout), os.ErrDeadlineExceeded)
	require.Equal(t, other, interrupted(late{t.Context()}, other), "a failure of its own")
	require.Equal(t, timeout, interrupted(t.Context(), timeout), "a timeout of the dialler's own")
	over, stop := context.WithCancel(t.Context())
	stop()
	require.Equal(t, context.Canceled, interrupted(over, context.Canceled), "nothing to add")
}
