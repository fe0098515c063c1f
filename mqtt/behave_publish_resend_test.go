package mqtt_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestPublishAcrossConnections(t *testing.T) {
	both(t, "B109 connection dies before PUBACK: resent with the same id, the first call completes", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")) })
		p := mqtttest.Expect[*codec.Publish](t, conn)
		conn.Close()
		pending(t, done)
		conn = s.resume()
		again := mqtttest.Expect[*codec.Publish](t, conn)
		p.Dup = true
		require.Equal(t, p, again)
		pending(t, done)
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		require.NoError(t, <-done)
	})
	both(t, "B112 DUP is set when sent again, and never the first time", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		for q := mqtt.AtLeastOnce; q <= mqtt.ExactlyOnce; q++ {
			_, p := s.inFlight(conn, q, numbered(int(q)))
			require.False(t, p.Dup)
		}
		for range 3 {
			conn.Close()
			conn = s.resume()
			require.True(t, expectPayload(t, conn, "m1").Dup)
			require.True(t, expectPayload(t, conn, "m2").Dup)
		}
	})
	both(t, "B113 what was queued and never written leaves with DUP clear", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		conn.Close()
		synctest.Wait()
		s.async(mqtt.AtLeastOnce, "m1")
		s.async(mqtt.ExactlyOnce, "m2")
		conn = s.resume()
		require.False(t, expectPayload(t, conn, "m1").Dup)
		require.False(t, expectPayload(t, conn, "m2").Dup)
	})
	both(t, "B113 a write cut off: DUP for what some byte of may have arrived, and for no other", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		torn(s, conn)
		conn = s.resume()
		for i, c := range []struct {
			payload string
			dup     bool
		}{{"m0", true}, {"m1", true}, {"m2", true}, {"m3", false}, {"m4", false}} {
			p := expectPayload(t, conn, c.payload)
			require.Equal(t, c.dup, p.Dup, c.payload)
			if c.dup {
				require.EqualValues(t, i+1, p.PacketID)
			}
		}
	})
	both(t, "B110 what was unanswered when the client closed is not sent again", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		d, _ := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		err := s.client.Close(closing(t, time.Second))
		require.ErrorIs(t, err, mqtt.ErrUncertain)
		requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
		require.ErrorIs(t, outcomeOf(t, d), mqtt.ErrClosed)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.ExpectClosed(t)
		time.Sleep(time.Hour)
		require.Equal(t, 1, s.server.Dials())
	})
}

// torn publishes m0 to m4 at QoS 1 and cuts the connection when m0, m1 and a part of m2 were written.
func torn(s *scene, conn *mqtttest.Conn) {
	s.Helper()
	size := len("xx") + len("xxa/b") + len("id") + len("m0")
	if s.cfg.Version == mqtt.V5 {
		size++ // the length of the properties
	}
	stuck(conn, 1)
	for i := range 5 {
		s.async(mqtt.AtLeastOnce, numbered(i))
		synctest.Wait() // m0 alone is with the writer, which is stuck after its first byte
	}
	conn.Pipe().In().CutAfter(3*size - 4)
	unstuck(conn)
	synctest.Wait()
	conn.Close()
}

func TestPublishWithdrawn(t *testing.T) {
	for q, number := range map[mqtt.QoS]string{mqtt.AtLeastOnce: "B111", mqtt.ExactlyOnce: "B126"} {
		both(t, number+" withdrawn after it left: it may arrive, and isn't sent again", func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, keptSession(v))
			d, _ := s.inFlight(conn, q, "hi")
			require.NoError(t, d.Withdraw(t.Context()))
			err := outcomeOf(t, d)
			requireOnly(t, err, mqtt.ErrUncertain)
			require.ErrorIs(t, err, mqtt.ErrWithdrawn)
			conn.Close()
			quiet(t, s.resume())
		})
		both(t, number+" withdrawn before it left: it is never sent", func(t *testing.T, v mqtt.Version) {
			cfg := keptSession(v)
			cfg.MaxInFlight = 1
			s, conn := up(t, cfg)
			_, first := s.inFlight(conn, mqtt.AtLeastOnce, "first")
			d := s.async(q, "never")
			require.NoError(t, d.Withdraw(t.Context()))
			err := outcomeOf(t, d)
			requireOnly(t, err, mqtt.ErrNotSent)
			require.ErrorIs(t, err, mqtt.ErrWithdrawn)
			finish(t, conn, first)
			quiet(t, conn)
			conn.Close()
			quiet(t, s.resume())
			require.EqualValues(t, 1, s.client.Stats().Link.LastPacketID)
		})
		both(t, number+" its identifier and its place stay taken until the answer", func(t *testing.T, v mqtt.Version) {
			cfg := keptSession(v)
			cfg.MaxInFlight = 1
			s, conn := up(t, cfg)
			d, p := s.inFlight(conn, q, "hi")
			require.NoError(t, d.Withdraw(t.Context()))
			s.async(mqtt.AtLeastOnce, "next")
			quiet(t, conn)
			finish(t, conn, p)
			require.NotEqual(t, p.PacketID, expectPayload(t, conn, "next").PacketID)
		})
		both(t, number+" withdrawn offline after it left: it isn't sent again, and its identifier isn't used", func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, keptSession(v))
			d, p := s.inFlight(conn, q, "hi")
			conn.Close()
			synctest.Wait()
			require.NoError(t, d.Withdraw(t.Context()))
			requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
			conn = s.resume()
			s.async(mqtt.AtLeastOnce, "next")
			require.NotEqual(t, p.PacketID, expectPayload(t, conn, "next").PacketID)
			quiet(t, conn)
		})
	}
	both(t, "B126 withdrawn after PUBREC: PUBREL is sent again, until PUBCOMP", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		d, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		require.NoError(t, d.Withdraw(t.Context()))
		conn.Close()
		conn = s.resume()
		expectRelease(t, conn, p.PacketID)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
		synctest.Wait()
		conn.Close()
		quiet(t, s.resume())
		requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
	})
	for q := mqtt.AtLeastOnce; q <= mqtt.ExactlyOnce; q++ {
		bubble(t, fmt.Sprintf("B115 the context of Publish ends offline, after it left: it is still sent again, QoS %d", q), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			ctx, stop := context.WithCancel(t.Context())
			done := later(func() error { return s.client.Publish(ctx, message(q, "hi")) })
			expectPayload(t, conn, "hi")
			conn.Close()
			synctest.Wait()
			stop()
			var open *mqtt.InFlightError
			require.ErrorAs(t, <-done, &open)
			conn = s.resume()
			finish(t, conn, expectPayload(t, conn, "hi"))
			require.NoError(t, outcomeOf(t, open.Delivery))
		})
	}
}
