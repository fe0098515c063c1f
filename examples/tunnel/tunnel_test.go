package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

const transcript = `hello through the tunnel
the tunnel is cut
hello through another one
`

func TestTunnel(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), "%s", &out)
	require.Equal(t, transcript, out.String())
}

// dug is a tunnel to a server that does what serve does. Gate and server end with the test.
func dug(t *testing.T, serve func(net.Conn)) (*tunnel, *gate) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if conn, err := l.Accept(); err == nil {
			defer conn.Close()
			serve(conn)
		}
	}()
	user, public, err := newIdentity()
	require.NoError(t, err)
	g, err := openGate(public, map[string]string{"inside:1": l.Addr().String()})
	require.NoError(t, err)
	t.Cleanup(func() {
		l.Close()
		g.close()
		<-served
	})
	return &tunnel{g.address, login(user, g.key)}, g
}

func through(t *testing.T, serve func(net.Conn)) net.Conn {
	way, _ := dug(t, serve)
	conn, err := way.DialContext(t.Context(), "tcp", "inside:1")
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func until(conn net.Conn) { io.Copy(io.Discard, conn) }

func TestWhatAConnectionNeeds(t *testing.T) {
	t.Run("Close wakes a Read", func(t *testing.T) {
		conn := through(t, until)
		read := make(chan error, 1)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			read <- err
		}()
		require.NoError(t, conn.Close())
		require.Error(t, <-read)
	})
	t.Run("a deadline ends a Read, and a Write that nobody reads", func(t *testing.T) {
		conn := through(t, until)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
		_, err := conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)

		stop := make(chan struct{})
		conn = through(t, func(net.Conn) { <-stop })
		defer close(stop)
		require.NoError(t, conn.SetWriteDeadline(time.Now().Add(50*time.Millisecond)))
		_, err = conn.Write(make([]byte, 64<<20))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
	t.Run("a deadline that nothing waits for ends nothing", func(t *testing.T) {
		conn := through(t, func(conn net.Conn) { io.Copy(conn, conn) })
		require.NoError(t, conn.SetWriteDeadline(time.Now().Add(time.Hour)))
		_, err := conn.Write([]byte("x"))
		require.NoError(t, err)
		_, err = io.ReadFull(conn, make([]byte, 1))
		require.NoError(t, err)
	})
	t.Run("CloseWrite ends one direction", func(t *testing.T) {
		conn := through(t, func(conn net.Conn) {
			until(conn)
			conn.Write([]byte("all"))
		})
		require.NoError(t, conn.(*tunnelled).CloseWrite())
		said, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Equal(t, "all", string(said))
	})
}

func TestTheGateRefuses(t *testing.T) {
	way, g := dug(t, until)
	_, err := way.DialContext(t.Context(), "tcp", "outside:1")
	require.ErrorContains(t, err, "nobody is there")

	stranger, _, err := newIdentity()
	require.NoError(t, err)
	_, err = (&tunnel{g.address, login(stranger, g.key)}).DialContext(t.Context(), "tcp", "inside:1")
	require.ErrorContains(t, err, "unable to authenticate")

	_, other, err := newIdentity()
	require.NoError(t, err)
	wrong := *way.config
	wrong.HostKeyCallback = ssh.FixedHostKey(other)
	_, err = (&tunnel{g.address, &wrong}).DialContext(t.Context(), "tcp", "inside:1")
	require.ErrorContains(t, err, "host key mismatch")
}

func TestTheEndOfAContextEndsTheHandshake(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	user, public, err := newIdentity()
	require.NoError(t, err)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	_, err = (&tunnel{silent.Addr().String(), login(user, public)}).DialContext(ctx, "tcp", "inside:1")
	require.Error(t, err)
	require.Error(t, ctx.Err())
}
