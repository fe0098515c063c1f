package mqtttest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestServerAcceptsInTheOrderOfDials(t *testing.T) {
	s := mqtttest.NewServer()
	defer s.Close()
	for _, address := range []string{"a:1", "b:2", "c:3"} {
		conn, err := s.DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		require.Equal(t, address, conn.RemoteAddr().String())
		require.Equal(t, "tcp", conn.RemoteAddr().Network())
	}
	for _, want := range []string{"a:1", "b:2", "c:3"} {
		c, err := s.Accept(t.Context())
		require.NoError(t, err)
		network, address := c.Address()
		require.Equal(t, "tcp", network)
		require.Equal(t, want, address)
	}
	require.Equal(t, 3, s.Dials())
}

func TestServerAcceptWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mqtttest.NewServer()
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		_, err := s.Accept(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		accepted := make(chan error, 2)
		for range 2 {
			go func() { _, err := s.Accept(t.Context()); accepted <- err }()
		}
		synctest.Wait()
		dial(t, s, codec.V5)
		require.NoError(t, <-accepted)
		s.Close()
		s.Close()
		require.ErrorIs(t, <-accepted, net.ErrClosed)
	})
}

func TestServerRefuseDials(t *testing.T) {
	s := mqtttest.NewServer()
	defer s.Close()
	boom := errors.New("no route")
	s.RefuseDials(boom)
	_, err := s.DialContext(t.Context(), "tcp", "a:1")
	require.ErrorIs(t, err, boom)
	s.RefuseDials(nil)
	dial(t, s, codec.V5)
	require.Equal(t, 2, s.Dials(), "refused ones count")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = s.DialContext(ctx, "tcp", "a:1")
	require.ErrorIs(t, err, context.Canceled)
}

func TestServerHoldDials(t *testing.T) {
	boom := errors.New("no route")
	for _, tc := range []struct {
		name string
		then func(*mqtttest.Server)
		want error
	}{
		{"let go", func(s *mqtttest.Server) { s.HoldDials(false) }, nil},
		{"refused", func(s *mqtttest.Server) { s.RefuseDials(boom) }, boom},
		{"closed", func(s *mqtttest.Server) { s.Close() }, syscall.ECONNREFUSED},
		{"context over", func(*mqtttest.Server) { time.Sleep(time.Hour) }, context.DeadlineExceeded},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := mqtttest.NewServer()
				defer s.Close()
				s.HoldDials(true)
				s.HoldDials(true)
				ctx, stop := context.WithTimeout(t.Context(), time.Minute)
				defer stop()
				dialled := make(chan error, 1)
				go func() { _, err := s.DialContext(ctx, "tcp", "a:1"); dialled <- err }()
				synctest.Wait()
				require.Empty(t, dialled)
				tc.then(s)
				require.ErrorIs(t, <-dialled, tc.want)
			})
		})
	}
}

func TestServerCloseEndsConnections(t *testing.T) {
	s := mqtttest.NewServer()
	accepted, waiting := dial(t, s, codec.V5), dial(t, s, codec.V5)
	c, err := s.Accept(t.Context())
	require.NoError(t, err)
	s.Close()
	accepted.closed()
	waiting.closed()
	_, err = c.Read(t.Context())
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = s.DialContext(t.Context(), "tcp", "a:1")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	_, err = s.Accept(t.Context())
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestServerPrepare(t *testing.T) {
	s := mqtttest.NewServer()
	defer s.Close()
	s.Prepare(func(p *mqtttest.PipeConn) { p.In().CutAfter(3) })
	c := dial(t, s, codec.V5)
	n, err := c.conn.Write([]byte("12345"))
	require.Equal(t, 3, n)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	s.Prepare(nil)
	c = dial(t, s, codec.V5)
	_, err = c.conn.Write([]byte("12345"))
	require.NoError(t, err)
}

func TestConnResetIsNoticed(t *testing.T) {
	s := mqtttest.NewServer()
	defer s.Close()
	c := dial(t, s, codec.V5)
	sc, err := s.Accept(t.Context())
	require.NoError(t, err)
	require.NoError(t, sc.SendBytes([]byte{0xD0}))
	sc.Reset()
	_, err = c.conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.NotErrorIs(t, err, io.EOF)
}
