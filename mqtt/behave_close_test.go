package mqtt_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// closes calls Close beside the test.
func (s *scene) closes(d time.Duration) <-chan error {
	return later(func() error { return s.client.Close(closing(s.T, d)) })
}

// leftUndone gives what a Close has counted.
func leftUndone(t *testing.T, err error) *mqtt.UnfinishedError {
	t.Helper()
	u := new(mqtt.UnfinishedError)
	require.ErrorAs(t, err, &u)
	return u
}

func TestClose(t *testing.T) {
	both(t, "B199 DISCONNECT, then the events of the end", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := s.closes(time.Minute)
		require.Equal(t, codec.NormalDisconnection, mqtttest.Expect[*codec.Disconnect](t, conn).Code)
		conn.Close()
		require.NoError(t, <-done)
		synctest.Wait()
		all := events(s.client)
		require.Equal(t, []string{"Connected", "Disconnected", "Closed"}, kinds(all))
		require.ErrorIs(t, all[1].(mqtt.EventDisconnected).Err, mqtt.ErrClosed)
		require.ErrorIs(t, all[2].(mqtt.EventClosed).Err, mqtt.ErrClosed)
		require.ErrorIs(t, s.client.Err(), mqtt.ErrClosed)
		require.Equal(t, mqtt.StateClosed, s.client.State())
	})
	both(t, "B200 Close waits for PUBACK, PUBCOMP, SUBACK and UNSUBACK", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		one := later(func() error { return s.client.Publish(soon(t), message(mqtt.AtLeastOnce, "1")) })
		first := mqtttest.Expect[*codec.Publish](t, conn).PacketID
		two := later(func() error { return s.client.Publish(soon(t), message(mqtt.ExactlyOnce, "2")) })
		second := mqtttest.Expect[*codec.Publish](t, conn).PacketID
		sub := s.subscribing(mqtt.Subscription{Filter: "a"})
		subscribe := mqtttest.Expect[*codec.Subscribe](t, conn)
		unsub := s.unsubscribing("b")
		unsubscribe := mqtttest.Expect[*codec.Unsubscribe](t, conn)
		done := s.closes(time.Minute)
		for _, answer := range []codec.Packet{
			&codec.PubAck{PacketID: first}, grantOf(subscribe), &codec.UnsubAck{PacketID: unsubscribe.PacketID, Codes: []codec.ReasonCode{0}},
		} {
			conn.ExpectNothing(t, time.Second)
			pending(t, done)
			send(t, conn, answer)
		}
		conn.ExpectNothing(t, time.Second)
		send(t, conn, &codec.PubRec{PacketID: second})
		mqtttest.Expect[*codec.PubRel](t, conn)
		conn.ExpectNothing(t, time.Second)
		pending(t, done)
		send(t, conn, &codec.PubComp{PacketID: second})
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
		require.NoError(t, <-one)
		require.NoError(t, <-two)
		require.NoError(t, (<-sub).err)
		require.NoError(t, (<-unsub).err)
	})
	both(t, "B200 Close sends what was admitted and waits for its outcome", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, MaxInFlight: 1})
		for _, p := range []string{"1", "2"} {
			_, err := s.client.PublishAsync(soon(t), message(mqtt.AtLeastOnce, p))
			require.NoError(t, err)
		}
		done := s.closes(time.Minute)
		for range 2 {
			send(t, conn, &codec.PubAck{PacketID: mqtttest.Expect[*codec.Publish](t, conn).PacketID})
		}
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
	})
	both(t, "B201 Abort doesn't wait, sends no DISCONNECT, and counts what was left", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, MaxInFlight: 1})
		left, err := s.client.PublishAsync(soon(t), message(mqtt.AtLeastOnce, "left"))
		require.NoError(t, err)
		mqtttest.Expect[*codec.Publish](t, conn)
		queued, err := s.client.PublishAsync(soon(t), message(mqtt.AtLeastOnce, "queued"))
		require.NoError(t, err)
		start := time.Now()
		u := leftUndone(t, s.client.Abort())
		require.Equal(t, start, time.Now())
		require.Equal(t, 1, u.Uncertain)
		require.Equal(t, 1, u.NotSent)
		conn.ExpectClosed(t)
		require.ErrorIs(t, left.Wait(soon(t)), mqtt.ErrUncertain)
		require.ErrorIs(t, queued.Wait(soon(t)), mqtt.ErrNotSent)
		require.ErrorIs(t, s.client.Err(), mqtt.ErrClosed)
	})
	bubble(t, "B200 what the server refuses meanwhile is counted", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		for range 2 {
			_, err := s.client.PublishAsync(soon(t), message(mqtt.AtLeastOnce, "1"))
			require.NoError(t, err)
		}
		one, two := mqtttest.Expect[*codec.Publish](t, conn), mqtttest.Expect[*codec.Publish](t, conn)
		send(t, conn, &codec.PubAck{PacketID: one.PacketID, Code: codec.QuotaExceeded})
		synctest.Wait()
		done := s.closes(time.Minute)
		synctest.Wait()
		send(t, conn, &codec.PubAck{PacketID: two.PacketID, Code: codec.NotAuthorized})
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.Equal(t, &mqtt.UnfinishedError{Refused: 1}, leftUndone(t, <-done), "of what was open when it was called")
	})
	bubble(t, "B202 a client that never connected ends promptly with a QoS 1 that waits: not sent", func(t *testing.T) {
		for _, end := range []func(*mqtt.Client) error{
			(*mqtt.Client).Abort, func(c *mqtt.Client) error { return c.Close(soon(t)) },
		} {
			s := idle(t, mqtt.Config{})
			d, err := s.client.PublishAsync(soon(t), message(mqtt.AtLeastOnce, "1"))
			require.NoError(t, err)
			start := time.Now()
			require.Equal(t, 1, leftUndone(t, end(s.client)).NotSent)
			require.Equal(t, start, time.Now())
			require.ErrorIs(t, d.Wait(soon(t)), mqtt.ErrNotSent)
			require.Zero(t, s.server.Dials())
		}
	})
	both(t, "B203 with nothing to wait for, Close while it retries returns at once", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.server.RefuseDials(errors.New("away"))
		conn.Close()
		elapse(10 * time.Second)
		start := time.Now()
		require.NoError(t, s.client.Close(soon(t)))
		require.Equal(t, start, time.Now())
		dials := s.server.Dials()
		elapse(time.Hour)
		require.Equal(t, dials, s.server.Dials(), "B052 no reconnect")
	})
	both(t, "B203 with something to wait for, it waits for the next connection, within its context", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.server.RefuseDials(errors.New("away"))
		conn.Close()
		synctest.Wait()
		_, err := s.client.PublishAsync(soon(t), message(mqtt.AtLeastOnce, "1"))
		require.NoError(t, err)
		start := time.Now()
		err = <-s.closes(10 * time.Second)
		require.Equal(t, 1, leftUndone(t, err).NotSent)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.WithinDuration(t, start.Add(10*time.Second), time.Now(), 100*time.Millisecond)
	})
	both(t, "B203 and when that comes, what was admitted is sent before the end", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		conn.Close()
		synctest.Wait()
		_, err := s.client.PublishAsync(soon(t), message(mqtt.AtLeastOnce, "1"))
		require.NoError(t, err)
		done := s.closes(time.Minute)
		conn = s.accept()
		send(t, conn, &codec.PubAck{PacketID: mqtttest.Expect[*codec.Publish](t, conn).PacketID})
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
	})
	bubble(t, "B203 after a Connect that failed", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		s.server.RefuseDials(errors.New("away"))
		require.Error(t, s.client.Connect(soon(t)))
		start := time.Now()
		require.NoError(t, s.client.Close(soon(t)))
		require.Equal(t, start, time.Now())
	})
	both(t, "B204 a second Close says the same, without a second event of the end", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		_, err := s.client.PublishAsync(soon(t), message(mqtt.AtLeastOnce, "1"))
		require.NoError(t, err)
		mqtttest.Expect[*codec.Publish](t, conn)
		first := s.client.Close(closing(t, time.Second))
		require.Equal(t, 1, leftUndone(t, first).Uncertain)
		require.Equal(t, first, s.client.Close(soon(t)))
		require.Equal(t, 1, leftUndone(t, s.client.Abort()).Uncertain)
		var closed int
		for e := range s.client.Events() { // which is closed
			if _, ok := e.(mqtt.EventClosed); ok {
				closed++
			}
		}
		require.Equal(t, 1, closed)
	})
	both(t, "B205 after a stream loss the next connection has one PINGREQ at a time, after Close there is none", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, KeepAlive: 100 * time.Second})
		elapse(30 * time.Second)
		conn.Close()
		conn = s.accept()
		born := time.Now()
		for i := range time.Duration(5) {
			mqtttest.Expect[*codec.PingReq](t, conn)
			require.WithinDuration(t, born.Add((i+1)*75*time.Second), time.Now(), time.Second)
			send(t, conn, &codec.PingResp{})
		}
		require.NoError(t, s.client.Close(closing(t, time.Second)))
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.ExpectClosed(t)
	})
	bubble(t, "B207 CloseWith: the words of DISCONNECT as given", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := later(func() error {
			return s.client.CloseWith(soon(t), mqtt.Disconnect{
				Code: codec.DisconnectWithWill, SessionExpiry: new(time.Minute), ReasonString: "tired",
				UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}},
			})
		})
		require.Equal(t, &codec.Disconnect{Code: codec.DisconnectWithWill, Properties: &codec.DisconnectProperties{
			SessionExpiryInterval: new(uint32(60)), ReasonString: "tired", UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}},
		}}, mqtttest.Expect[*codec.Disconnect](t, conn))
		conn.Close()
		require.NoError(t, <-done)
	})
	bubble(t, "B207 on 3.1.1 they are left out", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311})
		done := later(func() error {
			return s.client.CloseWith(soon(t), mqtt.Disconnect{ReasonString: "tired", SessionExpiry: new(time.Minute)})
		})
		raw, err := conn.ReadRaw(soon(t))
		require.NoError(t, err)
		require.Equal(t, []byte{0xe0, 0}, raw)
		conn.Close()
		require.NoError(t, <-done)
	})
	bubble(t, "B207 on 3.1.1 a code that leaves the will ends the connection without DISCONNECT, which would take it back", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311})
		require.NoError(t, s.client.CloseWith(soon(t), mqtt.Disconnect{Code: codec.DisconnectWithWill}))
		conn.ExpectClosed(t)
	})
	bubble(t, "B207 what can't be sent is an error, and nothing was ended", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		require.ErrorAs(t, s.client.CloseWith(soon(t), mqtt.Disconnect{Code: codec.SessionTakenOver}), new(*mqtt.ArgumentError))
		require.Equal(t, mqtt.StateConnected, s.client.State())
		conn.ExpectNothing(t, time.Second)
	})
	both(t, "B210 publish after Close is an error: closed, and not sent", func(t *testing.T, v mqtt.Version) {
		s, _ := up(t, mqtt.Config{Version: v})
		s.client.Abort()
		for _, q := range []mqtt.QoS{0, 1, 2} {
			err := s.client.Publish(soon(t), message(q, "late"))
			require.ErrorIs(t, err, mqtt.ErrClosed)
			require.ErrorIs(t, err, mqtt.ErrNotSent)
			_, err = s.client.PublishAsync(soon(t), message(q, "late"))
			require.ErrorIs(t, err, mqtt.ErrClosed)
		}
	})
	both(t, "B216 nothing is written after DISCONNECT", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, Ack: mqtt.AckManual, KeepAlive: time.Second, PingTimeout: time.Hour})
		send(t, conn, about("a", 1, 1, ""), about("a", 2, 2, ""))
		one, two := take(t, s.client.Messages()), take(t, s.client.Messages())
		done := s.closes(time.Minute)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		one.Ack()
		two.Ack()
		send(t, conn, about("a", 1, 3, ""), &codec.PubRel{PacketID: 9})
		conn.ExpectClosed(t)
		require.Equal(t, 2, leftUndone(t, <-done).Unacknowledged)
	})
}
