package mqtt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// ours and theirs are User Properties whose order and duplicates count.
var (
	ours   = []mqtt.UserProperty{{Key: "b", Value: "2"}, {Key: "a", Value: ""}, {Key: "b", Value: "2"}, {Key: "b", Value: "1"}, {}}
	theirs = []codec.UserProperty{{Key: "b", Value: "2"}, {Key: "a", Value: ""}, {Key: "b", Value: "2"}, {Key: "b", Value: "1"}, {}}
)

// said are a server's words beside a Reason Code.
var said = &codec.ReasonProperties{ReasonString: "because", UserProperties: theirs}

func TestUserPropertiesToTheServer(t *testing.T) {
	bubble(t, "B260 of CONNECT, a will and what Config subscribes", func(t *testing.T) {
		s := idle(t, mqtt.Config{
			UserProperties: ours, Will: &mqtt.Will{Topic: "w", Properties: &mqtt.WillProperties{UserProperties: ours}},
			Subscriptions: []mqtt.Subscription{{Filter: "f", UserProperties: ours}},
		})
		s.connecting()
		conn := s.dialled()
		c := conn.Handshake(t)
		require.Equal(t, theirs, c.Properties.UserProperties)
		require.Equal(t, theirs, c.Will.Properties.UserProperties)
		require.Equal(t, theirs, grant(t, conn).Properties.UserProperties)
	})
	bubble(t, "B260 of PUBLISH, SUBSCRIBE, UNSUBSCRIBE and DISCONNECT", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
			m := message(q, "hi")
			m.Properties = &mqtt.PublishProperties{UserProperties: ours}
			s.asyncMessage(m)
			require.Equal(t, theirs, expectPayload(t, conn, "hi").Properties.UserProperties)
		}
		s.subscribing(mqtt.Subscription{Filter: "f", UserProperties: ours})
		require.Equal(t, theirs, grant(t, conn).Properties.UserProperties)
		begin(func() ([]mqtt.ReasonCode, error) {
			return s.client.UnsubscribeWith(soon(t), mqtt.Unsubscription{Filters: []string{"f"}, UserProperties: ours})
		})
		require.Equal(t, theirs, mqtttest.Expect[*codec.Unsubscribe](t, conn).UserProperties)
		later(func() error {
			return s.client.CloseWith(closing(t, time.Second), mqtt.Disconnect{UserProperties: ours})
		})
		require.Equal(t, theirs, mqtttest.Expect[*codec.Disconnect](t, conn).Properties.UserProperties)
	})
	bubble(t, "B260 of PUBACK and PUBREC", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{Ack: mqtt.AckManual})
		send(t, conn, about("a", 1, 1, ""), about("a", 2, 2, ""))
		for range 2 {
			require.NoError(t, take(t, s.client.Messages()).Reject(codec.QuotaExceeded, "because", ours...))
		}
		require.Equal(t, said, mqtttest.Expect[*codec.PubAck](t, conn).Properties)
		require.Equal(t, said, mqtttest.Expect[*codec.PubRec](t, conn).Properties)
	})
}

// A server that was asked for no words sends none but in CONNACK, DISCONNECT and PUBLISH (§3.1.2.11.7).
func TestWordsFromTheServer(t *testing.T) {
	for name, cfg := range map[string]mqtt.Config{"": {}, ", also when it was asked for none": {RequestProblemInformation: new(false)}} {
		words := func(t *testing.T, err error, packet string, code codec.ReasonCode) {
			t.Helper()
			r := as[*mqtt.ReasonError](t, err)
			require.Equal(t, mqtt.ReasonError{Packet: packet, Code: code, Raw: byte(code), ReasonString: "because", UserProperties: ours}, *r)
		}
		bubble(t, "B260 of a CONNACK that accepts"+name, func(t *testing.T) {
			s, _ := up(t, cfg, announcing(codec.ConnAckProperties{ReasonString: "because", UserProperties: theirs}))
			ack, _ := s.client.ConnAck()
			require.Equal(t, "because", ack.ReasonString)
			require.Equal(t, ours, ack.UserProperties)
		})
		bubble(t, "B260 of a CONNACK that refuses"+name, func(t *testing.T) {
			s := idle(t, cfg)
			done := s.connecting()
			answer := announcing(codec.ConnAckProperties{ReasonString: "because", UserProperties: theirs})
			answer.Code = codec.Banned
			conn := s.dialled()
			require.Equal(t, cfg.RequestProblemInformation, conn.Handshake(t, answer).Properties.RequestProblemInformation)
			words(t, <-done, "CONNACK", codec.Banned)
		})
		bubble(t, "B260 of DISCONNECT"+name, func(t *testing.T) {
			s, conn := up(t, cfg)
			send(t, conn, &codec.Disconnect{Code: codec.NotAuthorized, Properties: &codec.DisconnectProperties{ReasonString: "because", UserProperties: theirs}})
			conn.Close()
			words(t, awaitEvent[mqtt.EventDisconnected](s).Err, "DISCONNECT", codec.NotAuthorized)
			words(t, s.ended(), "DISCONNECT", codec.NotAuthorized)
		})
		bubble(t, "B260 of PUBLISH"+name, func(t *testing.T) {
			s, conn := listening(t, cfg)
			m := about("a", 0, 0, "")
			m.Properties = &codec.PublishProperties{UserProperties: theirs}
			send(t, conn, m)
			require.Equal(t, ours, take(t, s.client.Messages()).Properties.UserProperties)
		})
		if name != "" {
			continue // there a server has no words for answers
		}
		bubble(t, "B260 of PUBACK, PUBREC and PUBCOMP, and of a PUBREL", func(t *testing.T) {
			s, conn := up(t, cfg)
			refused := s.asyncMessage(message(mqtt.AtLeastOnce, "1"))
			send(t, conn, &codec.PubAck{PacketID: expectPayload(t, conn, "1").PacketID, Code: codec.QuotaExceeded, Properties: said})
			words(t, refused.Wait(soon(t)), "PUBACK", codec.QuotaExceeded)
			refused = s.asyncMessage(message(mqtt.ExactlyOnce, "2"))
			send(t, conn, &codec.PubRec{PacketID: expectPayload(t, conn, "2").PacketID, Code: codec.QuotaExceeded, Properties: said})
			words(t, refused.Wait(soon(t)), "PUBREC", codec.QuotaExceeded)
			done := s.asyncMessage(message(mqtt.ExactlyOnce, "3"))
			send(t, conn, &codec.PubRec{PacketID: expectPayload(t, conn, "3").PacketID})
			send(t, conn, &codec.PubComp{PacketID: mqtttest.Expect[*codec.PubRel](t, conn).PacketID, Properties: said})
			require.NoError(t, done.Wait(soon(t)))
			result, _ := done.Result()
			require.Equal(t, "because", result.ReasonString)
			require.Equal(t, ours, result.UserProperties)
			send(t, conn, about("a", 2, 9, "4"))
			require.Equal(t, "4", string(take(t, s.client.Messages()).Payload))
			mqtttest.Expect[*codec.PubRec](t, conn)
			send(t, conn, &codec.PubRel{PacketID: 9, Properties: said})
			require.Equal(t, codec.Success, mqtttest.Expect[*codec.PubComp](t, conn).Code)
		})
		bubble(t, "B260 of SUBACK and UNSUBACK", func(t *testing.T) {
			s, conn := up(t, cfg)
			granted := s.subscribing(mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b"})
			p := mqtttest.Expect[*codec.Subscribe](t, conn)
			send(t, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{0, codec.NotAuthorized}, Properties: said})
			var refused *mqtt.SubscribeError
			got := <-granted
			require.ErrorAs(t, got.err, &refused)
			for _, g := range append(got.value, refused.Grants...) {
				require.Equal(t, "because", g.ReasonString)
				require.Equal(t, ours, g.UserProperties)
			}
			done := later(func() error { return s.client.Unsubscribe(soon(t), "a") })
			u := mqtttest.Expect[*codec.Unsubscribe](t, conn)
			send(t, conn, &codec.UnsubAck{PacketID: u.PacketID, Codes: []codec.ReasonCode{codec.NotAuthorized}, Properties: said})
			require.ErrorAs(t, <-done, &refused)
			require.Equal(t, "because", refused.Grants[0].ReasonString)
			require.Equal(t, ours, refused.Grants[0].UserProperties)
		})
	}
}

func TestSessionExpiryAtDisconnect(t *testing.T) { // §3.14.2.2.2
	expiry := func(t *testing.T, cfg mqtt.Config, d time.Duration) *uint32 {
		s, conn := up(t, cfg)
		later(func() error { return s.client.CloseWith(closing(t, time.Second), mqtt.Disconnect{SessionExpiry: &d}) })
		p := mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		if p.Properties == nil {
			return nil
		}
		return p.Properties.SessionExpiryInterval
	}
	for name, d := range map[string]time.Duration{"shorter": time.Second, "longer": time.Hour, "none": 0, "for ever": mqtt.SessionExpiryNever} {
		bubble(t, "B207 the session's expiry is changed: "+name, func(t *testing.T) {
			require.EqualValues(t, d/time.Second, *expiry(t, mqtt.Config{SessionExpiry: time.Minute}, d))
			require.EqualValues(t, d/time.Second, *expiry(t, mqtt.Config{Session: mqtt.SessionDurable, ClientID: "c"}, d))
		})
	}
	bubble(t, "B207 one that ends with its connection can't be given more, and zero says what is so already", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Session: mqtt.SessionConnection})
		err := s.client.CloseWith(soon(t), mqtt.Disconnect{SessionExpiry: new(time.Second)})
		require.Equal(t, "Disconnect.SessionExpiry", as[*mqtt.ArgumentError](t, err).Name)
		require.Equal(t, mqtt.StateConnected, s.client.State())
		conn.ExpectNothing(t, time.Second)
		if got := expiry(t, mqtt.Config{Session: mqtt.SessionConnection}, 0); got != nil {
			require.Zero(t, *got)
		}
	})
}
