package mqtttest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// stubborn is a client that sends itself QoS 2 messages, one at a time, over connections that are cut at random.
type stubborn struct {
	t    *testing.T
	b    *mqtttest.Broker
	v    codec.Version
	r    *rand.Rand
	conn *client
	held map[uint16]bool
	got  []string
}

// reconnect tries until CONNACK has come, with a new fault each time.
func (s *stubborn) reconnect() {
	for {
		if s.conn != nil {
			s.conn.conn.Close()
		}
		synctest.Wait()
		from, n := codec.Side(s.r.IntN(2)), s.r.IntN(30)+1
		if s.r.IntN(2) == 0 {
			s.b.CutBefore(from, 0, n)
		} else {
			s.b.CutAfter(from, 0, n)
		}
		s.conn = dial(s.t, s.b, s.v)
		p := &codec.Connect{ClientID: "me"}
		durable(p)
		if s.try(p) != nil {
			continue
		}
		if _, err := s.conn.read(); err == nil {
			return
		}
	}
}

func (s *stubborn) try(p codec.Packet) error {
	bytes, err := p.Append(nil, s.v)
	require.NoError(s.t, err)
	_, err = s.conn.conn.Write(bytes)
	return err
}

// until reads and answers until a packet of that type came.
func (s *stubborn) until(want codec.Type) error {
	for {
		p, err := s.conn.read()
		if err != nil {
			return err
		}
		switch p := p.(type) {
		case *codec.Publish:
			if !s.held[p.PacketID] {
				s.held[p.PacketID] = true
				s.got = append(s.got, string(p.Payload))
			}
			err = s.try(&codec.PubRec{PacketID: p.PacketID})
		case *codec.PubRel:
			delete(s.held, p.PacketID)
			err = s.try(&codec.PubComp{PacketID: p.PacketID})
		}
		if err != nil || p.Type() == want {
			return err
		}
	}
}

// persist repeats f over new connections until it succeeds.
func (s *stubborn) persist(f func(again bool) error) {
	for again := false; ; again = true {
		if f(again) == nil {
			return
		}
		s.reconnect()
	}
}

func (s *stubborn) publish(payload string) {
	s.persist(func(again bool) error {
		p := publish(2, 1, "t", payload)
		p.Dup = again
		if err := s.try(p); err != nil {
			return err
		}
		return s.until(codec.TypePubRec)
	})
	s.persist(func(bool) error {
		if err := s.try(&codec.PubRel{PacketID: 1}); err != nil {
			return err
		}
		return s.until(codec.TypePubComp)
	})
}

// TestExactlyOnceOverRandomFaults holds the Broker to exactly once both ways, whatever packet or byte a connection ends at.
func TestExactlyOnceOverRandomFaults(t *testing.T) { // §4.3.3, §4.4
	overVersions(t, func(t *testing.T, v codec.Version) {
		r := rand.New(rand.NewPCG(uint64(v), 1))
		srv := mqtttest.NewServer()
		srv.Prepare(func(p *mqtttest.PipeConn) {
			p.In().ChunkRandom(9, r.Uint64())
			p.Out().ChunkRandom(9, r.Uint64())
			if r.IntN(4) == 0 {
				p.In().CutAfter(r.IntN(200) + 1)
			}
			if r.IntN(4) == 0 {
				p.Out().CutAfter(r.IntN(200) + 1)
			}
		})
		b := broker(t, mqtttest.BrokerConfig{Server: srv})
		s := &stubborn{t: t, b: b, v: v, r: r, held: map[uint16]bool{}}
		s.reconnect()
		s.persist(func(bool) error {
			if err := s.try(&codec.Subscribe{PacketID: 2, Subscriptions: []codec.Subscription{{Filter: "t", QoS: 2}}}); err != nil {
				return err
			}
			return s.until(codec.TypeSubAck)
		})
		var want []string
		for i := range 300 {
			want = append(want, fmt.Sprint(i))
			s.publish(want[i])
		}
		s.persist(func(bool) error {
			if len(s.got) == len(want) && b.Stats().InFlight == 0 {
				return nil
			}
			if err := s.try(&codec.PingReq{}); err != nil {
				return err
			}
			if err := s.until(codec.TypePingResp); err != nil {
				return err
			}
			return fmt.Errorf("not yet")
		})
		require.Equal(t, want, payloads(b))
		require.Equal(t, want, s.got)
		require.Greater(t, b.Connections(), 30, "the run had its faults")
		require.Empty(t, b.Violations())
		s.conn.conn.Close()
	})
}

func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V5, "me")
		two := func(st mqtttest.BrokerStats) bool { return st.Received == 2 }
		ctx, stop := context.WithCancel(t.Context())
		waited := make(chan error, 2)
		go func() { waited <- b.Await(t.Context(), two) }()
		c.send(publish(0, 0, "a", "1"))
		synctest.Wait()
		require.Empty(t, waited)
		c.send(publish(0, 0, "a", "2"))
		require.NoError(t, <-waited)
		require.NoError(t, b.Await(ctx, two), "it is so already")
		stop()
		require.NoError(t, b.Await(t.Context(), two))
		never := func(mqtttest.BrokerStats) bool { return false }
		require.ErrorIs(t, b.Await(ctx, never), context.Canceled)
		go func() { waited <- b.Await(t.Context(), never) }()
		synctest.Wait()
		b.Close()
		require.ErrorIs(t, <-waited, net.ErrClosed)
	})
}

func TestBrokerClose(t *testing.T) {
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		watcher, _ := connect(t, b, v, "watcher", durable)
		watcher.subscribe("#", 1)
		c, _ := connect(t, b, v, "me", willing)
		stuck, _ := connect(t, b, v, "stuck", durable)
		stuck.subscribe("big", 0)
		b.Delay(1 << 50)
		require.NoError(t, b.Publish(*publish(0, 0, "big", "x")))
		c.send(publish(1, 1, "a", "x"))
		synctest.Wait()
		b.Close()
		b.Close()
		c.closed()
		stuck.closed()
		watcher.closed()
		require.Equal(t, []string{"x"}, payloads(b), "what was recorded can still be asked for")
		require.Zero(t, b.Stats().Open)
		require.Zero(t, b.Drop())
		require.NoError(t, b.Publish(*publish(0, 0, "a", "x")))
		_, err := b.DialContext(t.Context(), "tcp", "x:1")
		require.Error(t, err)
	})
}

func TestBrokerCloseEndsWritersThatAreStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mqtttest.NewServer()
		s.Prepare(func(p *mqtttest.PipeConn) { p.Out().SetSize(100) })
		b := broker(t, mqtttest.BrokerConfig{Server: s, MaxBacklog: 10})
		c, _ := connect(t, b, codec.V311, "me")
		c.subscribe("#", 0)
		for range 100 {
			require.NoError(t, b.Publish(*publish(0, 0, "a", "some bytes")))
		}
		synctest.Wait()
		b.Close()
		for {
			if _, err := c.read(); err != nil {
				break
			}
		}
		c.conn.Close()
	})
}
