package mqtt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// after waits for the next packet, which has to be a P, and says how long it took.
func after[P codec.Packet](t *testing.T, conn *mqtttest.Conn) time.Duration {
	t.Helper()
	start := time.Now()
	mqtttest.Expect[P](t, conn)
	return time.Since(start)
}

// pong waits for a PINGREQ and answers it; it says how long it took to come.
func pong(t *testing.T, conn *mqtttest.Conn) time.Duration {
	t.Helper()
	took := after[*codec.PingReq](t, conn)
	require.NoError(t, conn.Send(&codec.PingResp{}))
	return took
}

func TestKeepAlive(t *testing.T) {
	const due = 45 * time.Second // three quarters of the default minute
	both(t, "B267 idle: a PINGREQ every three quarters of KeepAlive, three in a row", func(t *testing.T, v mqtt.Version) {
		_, conn := up(t, mqtt.Config{Version: v})
		for range 3 {
			require.Equal(t, due, pong(t, conn))
		}
	})
	both(t, "B268 no PINGREQ before; no PINGRESP within PingTimeout: the error, and the socket is closed", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		conn.ExpectNothing(t, due-1)
		require.EqualValues(t, 1, after[*codec.PingReq](t, conn))
		conn.ExpectNothing(t, 30*time.Second-1)
		start := time.Now()
		conn.ExpectClosed(t)
		require.EqualValues(t, 1, time.Since(start))
		require.ErrorIs(t, awaitEvent[mqtt.EventDisconnected](s).Err, mqtt.ErrNoPingResp)
	})
	both(t, "B269 PINGRESP in time, if only just: the connection stays", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		for range 50 {
			mqtttest.Expect[*codec.PingReq](t, conn)
			elapse(30*time.Second - 1)
			require.NoError(t, conn.Send(&codec.PingResp{}))
		}
		require.Equal(t, []string{"Connected"}, s.told())
	})
	both(t, "B270 KeepAlive off: no PINGREQ, no timeout", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v, KeepAlive: -1})
		done := s.connecting()
		conn := s.dialled()
		require.Zero(t, conn.Handshake(t).KeepAlive)
		require.NoError(t, <-done)
		conn.ExpectNothing(t, 24*time.Hour)
		s.works(conn)
	})
	both(t, "B273 PINGRESP restarts the schedule", func(t *testing.T, v mqtt.Version) {
		_, conn := up(t, mqtt.Config{Version: v})
		pong(t, conn)
		conn.ExpectNothing(t, due-1)
		require.EqualValues(t, 1, pong(t, conn))
	})
	both(t, "B274 the clock is the bubble's: a day of pings takes no time", func(t *testing.T, v mqtt.Version) {
		_, conn := up(t, mqtt.Config{Version: v})
		start := time.Now()
		for range 24 * time.Hour / due {
			pong(t, conn)
		}
		require.Equal(t, 24*time.Hour, time.Since(start))
	})
	for _, d := range []time.Duration{time.Second - 1, 90_000 * time.Second, 10*time.Second + time.Millisecond} {
		t.Run("B275 bad values are rejected: "+d.String(), func(t *testing.T) {
			require.Equal(t, "KeepAlive", refusedConfig(t, mqtt.Config{KeepAlive: d}).Field)
		})
	}
	t.Run("B275 bad values are rejected: a negative PingTimeout", func(t *testing.T) {
		require.Equal(t, "PingTimeout", refusedConfig(t, mqtt.Config{PingTimeout: -1}).Field)
	})
	for _, c := range []struct {
		keepAlive, timeout, due, patience time.Duration
	}{
		{time.Second, 0, 750 * time.Millisecond, 5 * time.Second},
		{20 * time.Second, 0, 15 * time.Second, 10 * time.Second},
		{time.Minute, 7 * time.Second, 45 * time.Second, 7 * time.Second},
	} {
		bubble(t, "B277 a PINGREQ needs its PINGRESP within PingTimeout: KeepAlive "+c.keepAlive.String(), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{KeepAlive: c.keepAlive, PingTimeout: c.timeout})
			require.Equal(t, c.due, after[*codec.PingReq](t, conn))
			start := time.Now()
			require.ErrorIs(t, awaitEvent[mqtt.EventDisconnected](s).Err, mqtt.ErrNoPingResp)
			require.Equal(t, c.patience, time.Since(start))
		})
	}
	both(t, "B279 the round trip of a ping can be had", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		require.Zero(t, s.client.Stats().Link.PingRoundTrip)
		mqtttest.Expect[*codec.PingReq](t, conn)
		elapse(3 * time.Second)
		require.NoError(t, conn.Send(&codec.PingResp{}))
		s.told()
		require.Equal(t, 3*time.Second, s.client.Stats().Link.PingRoundTrip)
	})
}

// every calls f again and again, until it fails.
func every(d time.Duration, f func() error) <-chan error {
	return later(func() error {
		for {
			if err := f(); err != nil {
				return err
			}
			elapse(d)
		}
	})
}

// drain takes what comes on Messages until the client ends.
func (s *scene) drain() {
	go func() {
		for range s.client.Messages() {
		}
	}()
}

func TestKeepAliveUnderTraffic(t *testing.T) {
	const due = 45 * time.Second
	both(t, "B271 publishing QoS 0 doesn't hide a server that is dead", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		start := time.Now()
		sent := every(time.Second, func() error { return s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "hi")) })
		for {
			p, err := conn.Read(closing(t, time.Hour))
			require.NoError(t, err)
			if p.Type() == codec.TypePingReq {
				break
			}
		}
		require.Equal(t, due, time.Since(start))
		require.ErrorIs(t, awaitEvent[mqtt.EventDisconnected](s).Err, mqtt.ErrNoPingResp)
		require.Equal(t, due+30*time.Second, time.Since(start))
		s.client.Abort()
		require.Error(t, <-sent)
	})
	both(t, "B271 B277 receiving doesn't stand for a PINGRESP that is missing", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		start := time.Now()
		sent := every(time.Second, func() error { return conn.Send(incoming(codec.AtMostOnce, 0, "hi")) })
		s.drain()
		require.Equal(t, due, after[*codec.PingReq](t, conn))
		require.ErrorIs(t, awaitEvent[mqtt.EventDisconnected](s).Err, mqtt.ErrNoPingResp)
		require.Equal(t, due+30*time.Second, time.Since(start))
		require.Error(t, <-sent)
	})
	both(t, "B272 QoS 1 traffic both ways is proof of life enough: no PINGREQ", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		for range 60 {
			elapse(44 * time.Second)
			done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")) })
			p := mqtttest.Expect[*codec.Publish](t, conn) // and no PINGREQ
			require.NoError(t, conn.Send(&codec.PubAck{PacketID: p.PacketID}))
			require.NoError(t, <-done)
		}
		require.Equal(t, due, pong(t, conn))
	})
	both(t, "B276 never more than KeepAlive between two packets of ours, while we only receive", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		sent := every(100*time.Millisecond, func() error { return conn.Send(incoming(codec.AtMostOnce, 0, "hi")) })
		s.drain()
		for range 20 {
			require.LessOrEqual(t, after[*codec.PingReq](t, conn), time.Minute)
			require.NoError(t, conn.Send(&codec.PingResp{}))
		}
		s.client.Abort()
		require.Error(t, <-sent)
	})
	bubble(t, "B276 nor while a PINGRESP is late and PingTimeout is longer than KeepAlive", func(t *testing.T) {
		_, conn := up(t, mqtt.Config{KeepAlive: 10 * time.Second, PingTimeout: time.Minute})
		mqtttest.Expect[*codec.PingReq](t, conn)
		for range 5 {
			require.LessOrEqual(t, after[*codec.PingReq](t, conn), 10*time.Second)
		}
	})
}
