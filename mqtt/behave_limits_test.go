package mqtt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestWhatTheServerSets(t *testing.T) {
	bubble(t, "B253 Server Keep Alive takes the place of KeepAlive, for that connection (§3.2.2.3.14)", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{KeepAlive: 40 * time.Second}, announcing(codec.ConnAckProperties{ServerKeepAlive: new(uint16(20))}))
		for range 3 {
			require.Equal(t, 15*time.Second, pong(t, conn))
		}
		ack, _ := s.client.ConnAck()
		require.Equal(t, 20*time.Second, ack.KeepAlive)
		conn.Close()
		conn = s.dialled()
		require.EqualValues(t, 40, conn.Handshake(t).KeepAlive, "CONNECT says what Config does")
		require.Equal(t, 30*time.Second, pong(t, conn))
	})
	bubble(t, "B253 a longer one, too", func(t *testing.T) {
		_, conn := up(t, mqtt.Config{KeepAlive: 4 * time.Second}, announcing(codec.ConnAckProperties{ServerKeepAlive: new(uint16(20))}))
		require.Equal(t, 15*time.Second, pong(t, conn))
	})
	bubble(t, "B253 Server Keep Alive 0 turns it off, one turns on what was off", func(t *testing.T) {
		_, conn := up(t, mqtt.Config{}, announcing(codec.ConnAckProperties{ServerKeepAlive: new(uint16(0))}))
		conn.ExpectNothing(t, 24*time.Hour)
		_, conn = up(t, mqtt.Config{KeepAlive: -1}, announcing(codec.ConnAckProperties{ServerKeepAlive: new(uint16(60))}))
		require.Equal(t, 45*time.Second, pong(t, conn))
	})
	bubble(t, "B254 MaxPacketSize is announced, what is larger is an error and DISCONNECT 0x95 (§3.1.2.11.4)", func(t *testing.T) {
		s := idle(t, mqtt.Config{MaxPacketSize: 100})
		done := s.connecting()
		conn := s.dialled()
		require.EqualValues(t, 100, conn.Handshake(t).Properties.MaximumPacketSize)
		require.NoError(t, <-done)
		fits := strings.Repeat("x", 100-2-2-len("a/b")-1)
		send(t, conn, about("a/b", 0, 0, fits))
		require.Equal(t, fits, string(take(t, s.client.Messages()).Payload))
		send(t, conn, about("a/b", 0, 0, fits+"x"))
		require.EqualValues(t, 149, mqtttest.Expect[*codec.Disconnect](t, conn).Code)
		require.ErrorIs(t, awaitEvent[mqtt.EventDisconnected](s).Err, codec.PacketTooLarge)
	})
	for name, c := range map[string]struct {
		says codec.ConnAckProperties
		m    mqtt.Message
		code codec.ReasonCode
	}{
		"QoS 2 above Maximum QoS 1": {codec.ConnAckProperties{MaximumQoS: new(codec.AtLeastOnce)}, message(mqtt.ExactlyOnce, ""), codec.QoSNotSupported},
		"QoS 1 above Maximum QoS 0": {codec.ConnAckProperties{MaximumQoS: new(codec.AtMostOnce)}, message(mqtt.AtLeastOnce, ""), codec.QoSNotSupported},
		"Retain":                    {codec.ConnAckProperties{RetainAvailable: new(false)}, mqtt.Message{Topic: "a", Retain: true}, codec.RetainNotSupported},
		"too large":                 {codec.ConnAckProperties{MaximumPacketSize: 50}, message(mqtt.AtLeastOnce, strings.Repeat("x", 50)), codec.PacketTooLarge},
		"an alias":                  {codec.ConnAckProperties{TopicAliasMaximum: 3}, mqtt.Message{Topic: "a", Properties: &mqtt.PublishProperties{TopicAlias: 4}}, codec.TopicAliasInvalid},
	} {
		bubble(t, "B259 what CONNACK rules out is a local error, and takes no identifier: "+name, func(t *testing.T) {
			s, conn := up(t, mqtt.Config{}, announcing(c.says))
			err := s.client.Publish(soon(t), c.m)
			require.Equal(t, c.code, as[*mqtt.LimitError](t, err).Code)
			requireOnly(t, err, mqtt.ErrNotSent)
			conn.ExpectNothing(t, time.Second)
			require.Zero(t, s.client.Stats().Link.LastPacketID)
		})
	}
	bubble(t, "B262 an assigned identifier can be read, and is that of later CONNECTs (§3.2.2.3.7)", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{NoClientID: true}, announcing(codec.ConnAckProperties{AssignedClientIdentifier: "given"}))
		ack, _ := s.client.ConnAck()
		require.Equal(t, [2]string{"given", "given"}, [2]string{ack.ClientID, ack.AssignedClientIdentifier})
		for range 2 {
			conn.Close()
			conn = s.dialled()
			require.Equal(t, "given", conn.Handshake(t).ClientID)
		}
		require.NoError(t, s.client.AwaitConnected(soon(t)))
		ack, _ = s.client.ConnAck()
		require.Equal(t, "given", ack.ClientID)
	})
	bubble(t, "B262 none on 3.1.1: each CONNECT begins a session without a name", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311, NoClientID: true})
		conn.Close()
		c := s.dialled().Handshake(t)
		require.Empty(t, c.ClientID)
		require.True(t, c.CleanStart)
	})
}

func TestOwnAnswers(t *testing.T) { // §3.4.2.1
	bubble(t, "B263 0x80 for QoS 1 goes out in PUBACK, for QoS 2 in PUBREC, and Messages has each once", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{Ack: mqtt.AckManual})
		send(t, conn, about("a", 1, 1, "1"), about("a", 2, 2, "2"))
		for range 2 {
			require.NoError(t, take(t, s.client.Messages()).Reject(codec.UnspecifiedError, ""))
		}
		require.EqualValues(t, 128, mqtttest.Expect[*codec.PubAck](t, conn).Code)
		require.EqualValues(t, 128, mqtttest.Expect[*codec.PubRec](t, conn).Code)
		conn.ExpectNothing(t, time.Second)
	})
	bubble(t, "B264 an answer that can't be sent is an error, and none is sent", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{Ack: mqtt.AckManual})
		send(t, conn, about("a", 1, 1, "1"))
		m := take(t, s.client.Messages())
		require.ErrorAs(t, m.Reject(codec.QuotaExceeded, "U+0000: \x00"), new(*mqtt.ArgumentError))
		require.ErrorAs(t, m.Reject(codec.QuotaExceeded, "", mqtt.UserProperty{Key: "\xff"}), new(*mqtt.ArgumentError))
		conn.ExpectNothing(t, time.Second)
		require.NoError(t, m.Ack())
		require.Equal(t, codec.Success, mqtttest.Expect[*codec.PubAck](t, conn).Code)
	})
	for _, code := range []codec.ReasonCode{codec.Success, codec.SessionTakenOver, codec.TopicFilterInvalid, 0xff} {
		bubble(t, "B265 a code that no PUBACK and no PUBREC may carry is named as such: "+code.String(), func(t *testing.T) {
			s, conn := listening(t, mqtt.Config{Ack: mqtt.AckManual})
			for q := codec.AtLeastOnce; q <= codec.ExactlyOnce; q++ {
				send(t, conn, about("a", q, uint16(q), ""))
				err := take(t, s.client.Messages()).Reject(code, "")
				require.Equal(t, "code", as[*mqtt.ArgumentError](t, err).Name)
				require.ErrorContains(t, err, "PUBACK or PUBREC")
			}
			conn.ExpectNothing(t, time.Second)
		})
	}
}
