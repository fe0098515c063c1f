package main_test

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"
)

// witness collects what servers have handed to their subscribers. It may follow one server after the other.
type witness struct {
	state chan seen // one value, or nobody's turn
}

type seen struct {
	messages []packets.Packet
	more     chan struct{} // closed when there is more
}

func newWitness(t testing.TB, s *server) *witness {
	t.Helper()
	w := &witness{state: make(chan seen, 1)}
	w.state <- seen{more: make(chan struct{})}
	w.follow(t, s)
	return w
}

func (w *witness) follow(t testing.TB, s *server) {
	t.Helper()
	require.NoError(t, s.Subscribe("#", 1, func(_ *mochi.Client, _ packets.Subscription, pk packets.Packet) {
		if strings.HasPrefix(pk.TopicName, "$") { // the server speaks of itself
			return
		}
		now := <-w.state
		close(now.more)
		w.state <- seen{append(now.messages, pk), make(chan struct{})}
	}))
}

// await waits until there are n messages, and gives all that there are.
func (w *witness) await(t testing.TB, n int) []packets.Packet {
	t.Helper()
	deadline := time.After(patience)
	for {
		now := <-w.state
		w.state <- now
		if len(now.messages) >= n {
			return slices.Clone(now.messages)
		}
		select {
		case <-now.more:
		case <-deadline:
			t.Fatalf("%d messages came, not %d", len(now.messages), n)
		}
	}
}

// payloads are those of the n messages that came, and not more.
func (w *witness) payloads(t testing.TB, n int) (all []string) {
	t.Helper()
	for _, pk := range w.await(t, n) {
		all = append(all, string(pk.Payload))
	}
	require.Len(t, all, n)
	return all
}

// puppet is a TCP server that answers each packet as it is told; nil ends the connection.
func puppet(t testing.TB, answer func(packet []byte) []byte) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			converse(conn, answer)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-over
	})
	return "mqtt://" + l.Addr().String()
}

// converse answers one connection, until it ends. Packets are short.
func converse(conn net.Conn, answer func(packet []byte) []byte) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(in, head); err != nil {
			return
		}
		packet := append(head, make([]byte, head[1])...)
		if _, err := io.ReadFull(in, packet[2:]); err != nil {
			return
		}
		reply := answer(packet)
		if reply == nil {
			return
		}
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

// refusing answers CONNECT of MQTT 5.0 with a reason code.
func refusing(t testing.TB, code byte) (url string) {
	return puppet(t, func([]byte) []byte { return []byte{0x20, 3, 0, code, 0} })
}

// old speaks MQTT 3.1.1 alone.
func old(t testing.TB) (url string) {
	return puppet(t, func(packet []byte) []byte {
		switch {
		case packet[0]>>4 != 1: // PUBLISH of QoS 0, DISCONNECT
			return []byte{}
		case packet[8] == 5:
			return []byte{0x20, 3, 0, 0x84, 0}
		}
		return []byte{0x20, 2, 0, 0}
	})
}

// numbered are lines from 1 to n.
func numbered(n int) []byte {
	var b []byte
	for i := range n {
		b = append(strconv.AppendInt(b, int64(i+1), 10), '\n')
	}
	return b
}
