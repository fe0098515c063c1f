package mqtt_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestPublishQoS1(t *testing.T) {
	both(t, "B102 completion on PUBACK", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")) })
		p := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, codec.Publish{Topic: "a/b", Payload: []byte("hi"), QoS: codec.AtLeastOnce, PacketID: p.PacketID}, *p)
		require.NotZero(t, p.PacketID)
		pending(t, done)
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		require.NoError(t, <-done)
	})
	both(t, "B102 the result tells the identifier that the answer was for", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.inFlight(conn, mqtt.AtLeastOnce, "other")
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		require.NoError(t, outcomeOf(t, d))
		r, _ := d.Result()
		require.Equal(t, mqtt.Result{PacketID: p.PacketID, Code: codec.Success}, r)
	})
	both(t, "B105 a PUBACK without a code is success", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		require.NoError(t, conn.SendBytes([]byte{0x40, 2, byte(p.PacketID >> 8), byte(p.PacketID)}))
		require.NoError(t, outcomeOf(t, d))
		r, _ := d.Result()
		require.Equal(t, codec.Success, r.Code)
	})
	bubble(t, "B104 PUBACK 0x10, no matching subscribers, is success", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.NoMatchingSubscribers})
		require.NoError(t, outcomeOf(t, d))
		r, _ := d.Result()
		require.Equal(t, codec.NoMatchingSubscribers, r.Code)
		require.EqualValues(t, 1, s.client.Stats().Out.Done)
	})
	for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
		for _, retain := range []bool{false, true} {
			both(t, fmt.Sprintf("B106 the retain flag is as asked: QoS %d, %t", q, retain), func(t *testing.T, v mqtt.Version) {
				s, conn := up(t, mqtt.Config{Version: v})
				s.asyncMessage(mqtt.Message{Topic: "a/b", QoS: q, Retain: retain})
				p := mqtttest.Expect[*codec.Publish](t, conn)
				require.Equal(t, retain, p.Retain)
				require.False(t, p.Dup)
				require.Equal(t, codec.QoS(q), p.QoS)
			})
		}
	}
	bubble(t, "B114 an unanswered message is not sent again while its connection lives", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{KeepAlive: -1})
		s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		s.inFlight(conn, mqtt.ExactlyOnce, "hi")
		conn.ExpectNothing(t, 24*time.Hour)
	})
	bubble(t, "B116 the result has the answer's reason string and user properties", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		words := &codec.ReasonProperties{ReasonString: "so be it", UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "w"}}}
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Properties: words})
		require.NoError(t, outcomeOf(t, d))
		r, _ := d.Result()
		require.Equal(t, mqtt.Result{PacketID: p.PacketID, ReasonString: "so be it",
			UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "w"}}}, r)
	})
}

func TestPublishQoS1Refused(t *testing.T) {
	refuse := func(t *testing.T, code codec.ReasonCode) (*scene, *mqtttest.Conn, *mqtt.Delivery) {
		s, conn := up(t, mqtt.Config{})
		d, p := s.inFlight(conn, mqtt.AtLeastOnce, "hi")
		words := &codec.ReasonProperties{ReasonString: "no", UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}}}
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: code, Properties: words})
		return s, conn, d
	}
	for _, code := range []codec.ReasonCode{codec.UnspecifiedError, codec.ImplementationSpecificError, codec.NotAuthorized,
		codec.TopicNameInvalid, codec.PacketIdentifierInUse, codec.QuotaExceeded, codec.PayloadFormatInvalid} {
		bubble(t, fmt.Sprintf("B103 PUBACK 0x%02X fails the call with code and text", byte(code)), func(t *testing.T) {
			_, _, d := refuse(t, code)
			refusal := refusedWith(t, outcomeOf(t, d), code)
			require.Equal(t, &mqtt.ReasonError{Packet: "PUBACK", Code: code, Raw: byte(code), ReasonString: "no",
				UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}}}, refusal)
			r, _ := d.Result()
			require.Equal(t, code, r.Code)
			require.Equal(t, "no", r.ReasonString)
		})
	}
	bubble(t, "B103 Publish returns the refusal", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")) })
		p := expectPayload(t, conn, "hi")
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID, Code: codec.QuotaExceeded})
		refusedWith(t, <-done, codec.QuotaExceeded)
	})
	bubble(t, "B103 a refused message is forgotten: not sent again, and its place is free", func(t *testing.T) {
		s, conn, d := refuse(t, codec.QuotaExceeded)
		require.Error(t, outcomeOf(t, d))
		st := s.client.Stats().Out
		require.Equal(t, mqtt.OutStats{Admitted: 1, Refused: 1}, st)
		conn.Close()
		quiet(t, s.resume())
	})
	bubble(t, "B103 completion happens once, though the answer comes twice", func(t *testing.T) {
		s, conn, d := refuse(t, codec.QuotaExceeded)
		require.Error(t, outcomeOf(t, d))
		reply(t, conn, &codec.PubAck{PacketID: 1})
		quiet(t, conn)
		refusedWith(t, outcomeOf(t, d), codec.QuotaExceeded)
		require.Equal(t, mqtt.OutStats{Admitted: 1, Refused: 1}, s.client.Stats().Out)
	})
}

func TestPublishGivenUpByItsContext(t *testing.T) {
	for q := mqtt.AtLeastOnce; q <= mqtt.ExactlyOnce; q++ {
		both(t, fmt.Sprintf("B115 giving up ends the waiting alone, and a late answer is taken: QoS %d", q), func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v, MaxInFlight: 1})
			ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
			defer stop()
			start := time.Now()
			err := s.client.Publish(ctx, message(q, "hi"))
			require.Equal(t, 5*time.Second, time.Since(start))
			var open *mqtt.InFlightError
			require.ErrorAs(t, err, &open)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			openDelivery(t, open.Delivery)

			p := expectPayload(t, conn, "hi")
			s.async(q, "next")
			quiet(t, conn) // the window's one place is taken
			finish(t, conn, p)
			require.NoError(t, outcomeOf(t, open.Delivery))
			finish(t, conn, expectPayload(t, conn, "next"))
			require.NoError(t, s.client.Flush(t.Context()))
		})
	}
}

// finish answers a PUBLISH to its end, as a server does that takes it.
func finish(t testing.TB, conn *mqtttest.Conn, p *codec.Publish) {
	t.Helper()
	switch p.QoS {
	case codec.AtLeastOnce:
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
	case codec.ExactlyOnce:
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
	}
}
