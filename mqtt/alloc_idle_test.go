//go:build !race

package mqtt_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// idleBytes is what the heap and the stacks of a connection may take that does nothing, with all of its processes. Other tests leave
// stacks behind that serve again, so that some clients seem to take less.
const idleBytes = 39 << 10

func TestAnIdleConnectionTakesMemory(t *testing.T) {
	const n = 500
	clients := make([]*mqtt.Client, n)
	before := resting()
	for i := range clients {
		conn := &acceptingConn{closed: make(chan struct{})}
		client, err := mqtt.New(mqtt.Config{
			Servers: []string{"mqtt://server"},
			Dialer:  dials(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
		})
		require.NoError(t, err)
		defer client.Abort()
		require.NoError(t, client.Connect(t.Context()))
		clients[i] = client
	}
	taken := (resting() - before) / n
	t.Logf("%d bytes", taken)
	require.Less(t, taken, int64(idleBytes))
}

// resting is what heap and stacks take when nothing goes on.
func resting() int64 {
	var m runtime.MemStats
	for range 3 { // stacks shrink by half each time
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// acceptingConn accepts the connection, says nothing more, and has no memory worth speaking of.
type acceptingConn struct {
	accepted bool // of the one who reads
	closed   chan struct{}
}

func (c *acceptingConn) Read(b []byte) (int, error) {
	if !c.accepted {
		c.accepted = true
		return copy(b, []byte{0x20, 3, 0, 0, 0}), nil
	}
	<-c.closed
	return 0, io.EOF
}

func (c *acceptingConn) Write(b []byte) (int, error) { return len(b), nil }

func (c *acceptingConn) Close() error {
	close(c.closed)
	return nil
}

func (c *acceptingConn) LocalAddr() net.Addr              { return nil }
func (c *acceptingConn) RemoteAddr() net.Addr             { return nil }
func (c *acceptingConn) SetDeadline(time.Time) error      { return nil }
func (c *acceptingConn) SetReadDeadline(time.Time) error  { return nil }
func (c *acceptingConn) SetWriteDeadline(time.Time) error { return nil }
