package mqtt_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// host takes the next connection, which has to be to that host, and says nothing on it.
func (s *scene) host(name string) *mqtttest.Conn {
	s.Helper()
	conn := s.dialled()
	_, address := conn.Address()
	require.Equal(s, name+":1883", address)
	return conn
}

func TestSeveralServers(t *testing.T) {
	three := mqtt.Config{Servers: []string{"mqtt://a", "mqtt://b", "mqtt://c"}, Backoff: mqtt.Backoff{NoJitter: true}}
	both(t, "B049 a first server that fails leads to the second, at once", func(t *testing.T, v mqtt.Version) {
		cfg := three
		cfg.Version = v
		s := idle(t, cfg)
		done, start := s.connecting(), time.Now()
		s.host("a").Close()
		conn := s.host("b")
		conn.Handshake(t)
		require.NoError(t, <-done)
		require.Zero(t, time.Since(start))
		require.Equal(t, "mqtt://b:1883", awaitEvent[mqtt.EventConnected](s).Server)
	})
	bubble(t, "B049 each server is spoken to as its own scheme says", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtt://a", "mqtts://b", "tcp://c:7"}})
		done := s.connecting()
		s.host("a").Close()
		conn := s.dialled()
		_, address := conn.Address()
		require.Equal(t, "b:8883", address)
		first := make([]byte, 3)
		_, err := conn.Pipe().Read(first)
		require.NoError(t, err)
		require.Equal(t, []byte{0x16, 3}, first[:2], "a TLS handshake record")
		conn.Close()
		conn = s.dialled()
		_, address = conn.Address()
		require.Equal(t, "c:7", address)
		conn.Handshake(t)
		require.NoError(t, <-done)
	})
	bubble(t, "Connect fails when each server was tried once in vain", func(t *testing.T) {
		s := idle(t, three)
		s.server.RefuseDials(errUnreachable)
		require.ErrorIs(t, s.client.Connect(t.Context()), errUnreachable)
		require.Equal(t, 3, s.server.Dials())
		s.noDial(time.Hour)
		require.Error(t, s.client.Connect(t.Context()))
		require.Equal(t, 6, s.server.Dials(), "each of them again")
	})
	bubble(t, "a refusal that is the server's own leads to the next", func(t *testing.T) {
		s := idle(t, three)
		done := s.connecting()
		s.host("a").Handshake(t, codec.ConnAck{Code: codec.ServerUnavailable})
		s.host("b").Handshake(t)
		require.NoError(t, <-done)
	})
	bubble(t, "a refusal that no retry can mend ends Connect", func(t *testing.T) {
		s := idle(t, three)
		done := s.connecting()
		s.host("a").Handshake(t, codec.ConnAck{Code: codec.NotAuthorized})
		require.ErrorIs(t, <-done, codec.NotAuthorized)
		s.noDial(time.Hour)
	})
	bubble(t, "RetryFirst: a delay after each round, not after each server", func(t *testing.T) {
		cfg := three
		cfg.RetryFirst = true
		s := idle(t, cfg)
		done, start := s.connecting(), time.Now()
		for _, round := range []time.Duration{0, 1, 3} {
			for _, name := range []string{"a", "b", "c"} {
				s.host(name).Close()
				require.Equal(t, round*time.Second, time.Since(start))
			}
		}
		s.host("a").Handshake(t)
		require.NoError(t, <-done)
	})
	bubble(t, "a lost connection: the same server first, then the others", func(t *testing.T) {
		s := idle(t, three)
		done := s.connecting()
		s.host("a").Close()
		lost := s.host("b")
		lost.Handshake(t)
		require.NoError(t, <-done)
		lost.Close()
		for _, name := range []string{"b", "c", "a"} {
			s.host(name).Close()
		}
		s.host("b").Handshake(t)
		require.NoError(t, s.client.AwaitConnected(t.Context()))
	})
	bubble(t, "each server gets what its own URL says", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtt://ann:1@a", "mqtt://bob:2@b"}})
		s.connecting()
		for _, name := range []string{"ann", "bob"} {
			conn := s.dialled()
			require.Equal(t, name, mqtttest.Expect[*codec.Connect](t, conn).Username)
			conn.Close()
		}
	})
}

func TestHostWithSeveralAddresses(t *testing.T) {
	t.Run("B068 all addresses of a host are tried within one attempt", func(t *testing.T) {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		accepted := later(func() error {
			conn, err := l.Accept()
			if err != nil {
				return err
			}
			defer conn.Close()
			io.CopyN(io.Discard, conn, 2)
			_, err = conn.Write([]byte{0x20, 2, 0, 5}) // not authorized, in the words of 3.1.1
			return err
		})
		_, port, _ := net.SplitHostPort(l.Addr().String())
		names := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go answerDNS(ours, [][4]byte{{127, 0, 0, 2}, {127, 0, 0, 3}, {127, 0, 0, 1}})
			return theirs, nil
		}}
		var tried []string
		dialer := &net.Dialer{Resolver: names, Control: func(_, address string, _ syscall.RawConn) error {
			tried = append(tried, address)
			return nil
		}}
		_, err = mqtt.Connect(t.Context(), "mqtt://broker.example:"+port, mqtt.Config{Dialer: dialer})
		require.ErrorIs(t, err, codec.NotAuthorized)
		require.Equal(t, 1, as[*mqtt.ConnectError](t, err).Attempt)
		require.Equal(t, []string{"127.0.0.2:" + port, "127.0.0.3:" + port, "127.0.0.1:" + port}, tried)
		require.NoError(t, <-accepted)
	})
}

// answerDNS answers one question over TCP (RFC 1035 §4.2.2): one for addresses of IPv4 with addresses, any other with none.
func answerDNS(conn net.Conn, addresses [][4]byte) {
	defer conn.Close()
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	question := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, question); err != nil {
		return
	}
	end := 12 // of the header
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5 // the root's label, type, class
	if question[end-3] != 1 {
		addresses = nil
	}
	answer := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, byte(len(addresses)), 0, 0, 0, 0}, question[12:end]...)
	for _, a := range addresses {
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, a[0], a[1], a[2], a[3])
	}
	conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
}
