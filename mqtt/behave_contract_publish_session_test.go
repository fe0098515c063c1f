package mqtt_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestContract5(t *testing.T) {
	both(t, "Contract5 sent again in order, with DUP, pipelined, before anything new", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		publishAll(s, 1, 2, 2, 1, 2)
		for i := range 5 {
			expectPayload(t, conn, numbered(i))
		}
		reply(t, conn, &codec.PubRec{PacketID: 3})
		expectRelease(t, conn, 3)
		conn.Close()
		synctest.Wait()
		s.async(mqtt.AtMostOnce, "new")
		s.askSubscribe("x")
		conn = s.resume()
		for i := range 5 { // none is answered
			if i == 2 {
				expectRelease(t, conn, 3)
				continue
			}
			p := expectPayload(t, conn, numbered(i))
			require.True(t, p.Dup)
			require.EqualValues(t, i+1, p.PacketID)
		}
		expectPayload(t, conn, "new")
		takeSubscribe(t, conn)
	})
	both(t, "Contract5 a QoS 0 message that was not written is sent on the next connection", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stuck(conn, 1)
		written := s.async(mqtt.AtMostOnce, "cut off")
		synctest.Wait()
		s.async(mqtt.AtMostOnce, "behind it")
		conn.Reset()
		conn = s.accept()
		require.False(t, expectPayload(t, conn, "cut off").Dup)
		expectPayload(t, conn, "behind it")
		require.NoError(t, outcomeOf(t, written))
	})
	for name, cfg := range map[string]mqtt.Config{"NoOfflineQoS0": {NoOfflineQoS0: true}, "OfflineReject": {Offline: mqtt.OfflineReject}} {
		bubble(t, "Contract5 a QoS 0 message that was not written goes by the offline rule: "+name, func(t *testing.T) {
			s, conn := up(t, cfg)
			stuck(conn, 1)
			with, behind := s.async(mqtt.AtMostOnce, "cut off"), s.async(mqtt.AtMostOnce, "behind it")
			synctest.Wait()
			conn.Reset()
			for _, d := range []*mqtt.Delivery{with, behind} {
				requireOnly(t, outcomeOf(t, d), mqtt.ErrNotSent)
				require.ErrorIs(t, outcomeOf(t, d), mqtt.ErrNotConnected)
			}
			quiet(t, s.resume())
		})
	}
	bubble(t, "Contract5 a QoS 0 message that was written is not sent again", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.inFlight(conn, mqtt.AtMostOnce, "hi")
		conn.Close()
		quiet(t, s.resume())
	})
	for name, c := range limitedConnections {
		bubble(t, "Contract5 what the new connection forbids is uncertain when it had left: "+name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			d := s.asyncMessage(c.message)
			mqtttest.Expect[*codec.Publish](t, conn)
			next := s.async(mqtt.AtLeastOnce, "next")
			conn.Close()
			conn = s.refill(true, &c.limits)
			err := outcomeOf(t, d)
			requireOnly(t, err, mqtt.ErrUncertain)
			require.ErrorIs(t, err, c.code)
			if c.limits.MaximumQoS == nil {
				finish(t, conn, expectPayload(t, conn, "next"))
				require.NoError(t, outcomeOf(t, next))
			}
			quiet(t, conn)
		})
		bubble(t, "Contract5 what the new connection forbids is not sent when it never left: "+name, func(t *testing.T) {
			s := idle(t, mqtt.Config{})
			d := s.asyncMessage(c.message)
			conn := s.connect(announcing(c.limits))
			err := outcomeOf(t, d)
			requireOnly(t, err, mqtt.ErrNotSent)
			require.ErrorIs(t, err, c.code)
			var limit *mqtt.LimitError
			require.ErrorAs(t, err, &limit)
			quiet(t, conn)
			require.Zero(t, s.client.Stats().Link.LastPacketID)
		})
	}
	bubble(t, "Contract5 the identifier of a QoS 2 message that may not be sent again stays taken", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d := s.asyncMessage(mqtt.Message{Topic: "a/b", QoS: mqtt.ExactlyOnce, Retain: true})
		first := mqtttest.Expect[*codec.Publish](t, conn)
		conn.Close()
		conn = s.refill(true, &codec.ConnAckProperties{RetainAvailable: new(false)})
		requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
		reply(t, conn, &codec.PubRec{PacketID: first.PacketID})
		require.Equal(t, codec.Success, expectRelease(t, conn, first.PacketID).Code, "it is still in use")
		reply(t, conn, &codec.PubComp{PacketID: first.PacketID}, &codec.PubRec{PacketID: first.PacketID})
		require.Equal(t, codec.PacketIdentifierNotFound, expectRelease(t, conn, first.PacketID).Code)
	})
}

// limitedConnections are messages and the limits that forbid them.
var limitedConnections = map[string]struct {
	message mqtt.Message
	limits  codec.ConnAckProperties
	code    codec.ReasonCode
}{
	"Maximum QoS": {mqtt.Message{Topic: "a/b", QoS: mqtt.ExactlyOnce}, codec.ConnAckProperties{MaximumQoS: new(codec.AtMostOnce)}, codec.QoSNotSupported},
	"Retain Available": {mqtt.Message{Topic: "a/b", QoS: mqtt.AtLeastOnce, Retain: true},
		codec.ConnAckProperties{RetainAvailable: new(false)}, codec.RetainNotSupported},
	"Maximum Packet Size": {mqtt.Message{Topic: "a/b", QoS: mqtt.ExactlyOnce, Payload: []byte(strings.Repeat("x", 100))},
		codec.ConnAckProperties{MaximumPacketSize: 100}, codec.PacketTooLarge},
}

func TestContract6(t *testing.T) {
	for name, v := range map[string]mqtt.Version{"5": mqtt.V5, "3.1.1": mqtt.V311} {
		bubble(t, "Contract6 session lost: what becomes of each message, on "+name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Version: v})
			one, _ := s.inFlight(conn, mqtt.AtLeastOnce, "one")
			two, _ := s.inFlight(conn, mqtt.ExactlyOnce, "two")
			released, p := s.inFlight(conn, mqtt.ExactlyOnce, "released")
			reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
			expectRelease(t, conn, p.PacketID)
			conn.Close()
			synctest.Wait()
			queued := s.async(mqtt.ExactlyOnce, "queued")
			events(s.client)
			conn = s.accept()
			again := expectPayload(t, conn, "one")
			require.False(t, again.Dup)
			finish(t, conn, again)
			requireOnly(t, outcomeOf(t, two), mqtt.ErrUncertain)
			requireOnly(t, outcomeOf(t, released), mqtt.ErrUncertain)
			finish(t, conn, expectPayload(t, conn, "queued"))
			require.NoError(t, outcomeOf(t, one))
			require.NoError(t, outcomeOf(t, queued))
			quiet(t, conn)
		})
	}
	both(t, "Contract6 one event tells the counts", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		publishAll(s, 1, 1, 1, 2, 2)
		for i := range 5 {
			expectPayload(t, conn, numbered(i))
		}
		conn.Close()
		s.accept()
		synctest.Wait()
		var told []mqtt.EventSessionLost
		for _, e := range events(s.client) {
			if lost, ok := e.(mqtt.EventSessionLost); ok {
				told = append(told, lost)
			}
		}
		require.Len(t, told, 1)
		require.Equal(t, 3, told[0].Republished)
		require.Equal(t, 2, told[0].Uncertain)
	})
	both(t, "Contract6 LostFail: QoS 1 is uncertain too, and nothing is sent again", func(t *testing.T, v mqtt.Version) {
		cfg := keptSession(v)
		cfg.OnSessionLost = mqtt.LostFail
		s, conn := up(t, cfg)
		d, _ := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		conn.Close()
		synctest.Wait()
		openDelivery(t, d)
		conn = s.accept()
		requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
		quiet(t, conn)
	})
	both(t, "Contract6 published again it keeps its place in the order of the calls", func(t *testing.T, v mqtt.Version) {
		cfg := keptSession(v)
		cfg.MaxInFlight = 2
		s, conn := up(t, cfg)
		publishAll(s, 1, 1, 1, 1)
		expectPayload(t, conn, "m0")
		expectPayload(t, conn, "m1")
		conn.Close()
		conn = s.accept()
		for i := range 4 {
			p := expectPayload(t, conn, numbered(i))
			require.False(t, p.Dup)
			finish(t, conn, p)
		}
	})
	for name, end := range map[string]func(s *scene, d *mqtt.Delivery){
		"the client closes": func(s *scene, _ *mqtt.Delivery) { s.client.Abort() },
		"it is withdrawn":   func(s *scene, d *mqtt.Delivery) { d.Withdraw(s.Context()) },
		"it expires":        func(*scene, *mqtt.Delivery) { time.Sleep(20 * time.Second) },
	} {
		bubble(t, "Contract6 waiting to be published again it is uncertain, never not sent, when "+name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Session: mqtt.SessionConnection})
			d := s.asyncMessage(expiring(mqtt.AtLeastOnce, "left", 10*time.Second))
			expectPayload(t, conn, "left")
			s.server.HoldDials(true)
			conn.Close()
			synctest.Wait()
			end(s, d)
			requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
			st := s.client.Stats().Out
			require.Equal(t, mqtt.OutStats{Admitted: 1, Uncertain: 1}, st)
		})
	}
}

func TestContract7(t *testing.T) {
	for q := mqtt.AtLeastOnce; q <= mqtt.ExactlyOnce; q++ {
		both(t, fmt.Sprintf("Contract7 no PUBLISH is sent again on a connection that lives: QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v, KeepAlive: -1})
			s.inFlight(conn, q, "hi")
			conn.ExpectNothing(t, 24*time.Hour)
		})
	}
	both(t, "Contract7 PUBREL is sent again when PUBREC comes again, and not else", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, KeepAlive: -1})
		_, p := s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		for range 2 {
			reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
			expectRelease(t, conn, p.PacketID)
			conn.ExpectNothing(t, 24*time.Hour)
		}
	})
}

func TestContract8(t *testing.T) {
	both(t, "Contract8 one goroutine's messages leave in the order of its calls, whatever their QoS", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		for i := range 200 {
			s.async(mqtt.QoS(i%3), numbered(i))
		}
		for i := range 200 {
			expectPayload(t, conn, numbered(i))
		}
	})
	both(t, "Contract8 QoS 0 doesn't wait behind a closed window, the others keep their order", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, MaxInFlight: 1})
		publishAll(s, 1, 2, 0, 1, 0)
		p := expectPayload(t, conn, "m0")
		expectPayload(t, conn, "m2")
		expectPayload(t, conn, "m4")
		quiet(t, conn)
		finish(t, conn, p)
		finish(t, conn, expectPayload(t, conn, "m1"))
		finish(t, conn, expectPayload(t, conn, "m3"))
	})
	both(t, "Contract8 a subscription doesn't wait behind a closed window either", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v, MaxInFlight: 1})
		publishAll(s, 1, 1)
		expectPayload(t, conn, "m0")
		s.askSubscribe("x")
		takeSubscribe(t, conn)
	})
	both(t, "Contract8 what was called offline leaves in the order of the calls, subscriptions included", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		offlineInOrder(t, s, func() *mqtttest.Conn { return s.connect() })
	})
}
