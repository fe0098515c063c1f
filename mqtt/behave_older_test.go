package mqtt_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// wordy is all that 5.0 alone can say.
type wordy struct {
	cfg         mqtt.Config
	publish     mqtt.PublishProperties
	subscribe   mqtt.Subscription
	unsubscribe mqtt.Unsubscription
	disconnect  mqtt.Disconnect
}

func everyWord(t *testing.T) *wordy {
	w := &wordy{
		publish: mqtt.PublishProperties{
			PayloadFormatIndicator: 1, MessageExpiryInterval: new(time.Hour), TopicAlias: 1, ResponseTopic: "r",
			CorrelationData: []byte("c"), ContentType: "t", UserProperties: ours,
		},
		subscribe: mqtt.Subscription{
			Filter: "f/+", QoS: mqtt.ExactlyOnce, NoLocal: true, RetainAsPublished: true, RetainHandling: mqtt.RetainDontSend, Identifier: 7,
			UserProperties: ours,
		},
		unsubscribe: mqtt.Unsubscription{Filters: []string{"f/+"}, UserProperties: ours},
		disconnect:  mqtt.Disconnect{SessionExpiry: new(time.Hour), ReasonString: "r", UserProperties: ours},
	}
	w.cfg = mqtt.Config{
		SessionExpiry: time.Hour, TopicAliasMaximum: 9, RequestResponseInformation: true, RequestProblemInformation: new(false),
		UserProperties: ours, Subscriptions: []mqtt.Subscription{w.subscribe},
		Will: &mqtt.Will{Topic: "w", Payload: []byte("gone"), QoS: 1, Retain: true, Properties: &mqtt.WillProperties{
			WillDelayInterval: time.Hour, PayloadFormatIndicator: 1, MessageExpiryInterval: new(time.Hour), ContentType: "t",
			ResponseTopic: "r", CorrelationData: []byte("c"), UserProperties: ours,
		}},
	}
	for _, all := range []any{w.publish, w.subscribe, w.unsubscribe, *w.cfg.Will.Properties} {
		for i := range reflect.TypeOf(all).NumField() {
			require.False(t, reflect.ValueOf(all).Field(i).IsZero(), "%T.%s isn't set: this test is to set every field", all, reflect.TypeOf(all).Field(i).Name)
		}
	}
	return w
}

// bare is w with what every version can say alone.
func (w *wordy) bare() *wordy {
	b := &wordy{
		subscribe:   mqtt.Subscription{Filter: w.subscribe.Filter, QoS: w.subscribe.QoS},
		unsubscribe: mqtt.Unsubscription{Filters: w.unsubscribe.Filters},
	}
	will := *w.cfg.Will
	will.Properties = nil
	b.cfg = mqtt.Config{Will: &will, Subscriptions: []mqtt.Subscription{b.subscribe}}
	return b
}

// spoken is all that a client sends that says w: each call once, and what is sent again on a second connection.
func (w *wordy) spoken(t *testing.T, v mqtt.Version) (sent [][]byte) {
	cfg := w.cfg
	cfg.Version, cfg.ClientID, cfg.Username, cfg.Session, cfg.Lenient = v, "c", "u", mqtt.SessionDurable, true
	s := idle(t, cfg)
	connected := s.connecting()
	var conn *mqtttest.Conn
	hear := func(answer codec.Packet) {
		t.Helper()
		raw, err := conn.ReadRaw(soon(t))
		require.NoError(t, err)
		sent = append(sent, raw)
		if answer != nil {
			send(t, conn, answer)
		}
	}
	welcome := func(present bool) {
		t.Helper()
		conn = s.dialled()
		conn.SetVersion(codec.Version(v))
		hear(&codec.ConnAck{SessionPresent: present && v != mqtt.V31})
	}
	welcome(false)
	require.NoError(t, <-connected)
	hear(&codec.SubAck{PacketID: 1, Codes: []codec.ReasonCode{2}})
	for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
		m := message(q, "hi")
		m.Properties = &w.publish
		s.asyncMessage(m)
		hear(nil)
	}
	s.subscribing(w.subscribe)
	hear(&codec.SubAck{PacketID: 4, Codes: []codec.ReasonCode{2}})
	begin(func() ([]mqtt.ReasonCode, error) { return s.client.UnsubscribeWith(soon(t), w.unsubscribe) })
	hear(&codec.UnsubAck{PacketID: 5, Codes: []codec.ReasonCode{0}})
	conn.Close()
	welcome(true)
	hear(&codec.PubAck{PacketID: 2})
	hear(&codec.PubRec{PacketID: 3})
	hear(&codec.PubComp{PacketID: 3})
	later(func() error { return s.client.CloseWith(closing(t, time.Second), w.disconnect) })
	hear(nil)
	conn.Close()
	return sent
}

func TestB257NothingOfFiveOnAnOlderWire(t *testing.T) {
	for _, v := range []mqtt.Version{mqtt.V311, mqtt.V31} {
		bubble(t, fmt.Sprintf("lenient, byte for byte as without the words/v%v", v), func(t *testing.T) {
			w := everyWord(t)
			said, plain := w.spoken(t, v), w.bare().spoken(t, v)
			require.Len(t, said, 12)
			require.Equal(t, plain, said)
		})
	}
}

func TestB258WordsOfFiveAreErrorsOnAnOlderConnection(t *testing.T) {
	for _, v := range []mqtt.Version{mqtt.V311, mqtt.V31} {
		bubble(t, fmt.Sprintf("each call that says one, and none takes effect/v%v", v), func(t *testing.T) {
			w := everyWord(t)
			s, conn := up(t, mqtt.Config{Version: v, ClientID: "c"})
			for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
				fields := reflect.TypeFor[mqtt.PublishProperties]()
				for i := range fields.NumField() {
					p := new(mqtt.PublishProperties)
					reflect.ValueOf(p).Elem().Field(i).Set(reflect.ValueOf(w.publish).Field(i))
					m := message(q, "hi")
					m.Properties = p
					require.ErrorIs(t, s.client.Publish(soon(t), m), mqtt.ErrVersion, fields.Field(i).Name)
				}
			}
			fields := reflect.TypeFor[mqtt.Subscription]()
			for i := range fields.NumField() {
				if name := fields.Field(i).Name; name != "Filter" && name != "QoS" {
					sub := mqtt.Subscription{Filter: "f"}
					reflect.ValueOf(&sub).Elem().Field(i).Set(reflect.ValueOf(w.subscribe).Field(i))
					_, err := s.client.Subscribe(soon(t), sub)
					require.ErrorIs(t, err, mqtt.ErrVersion, name)
				}
			}
			_, err := s.client.UnsubscribeWith(soon(t), w.unsubscribe)
			require.ErrorIs(t, err, mqtt.ErrVersion)
			conn.ExpectNothing(t, time.Second)
			require.Zero(t, s.client.Stats().Link.LastPacketID)
		})
	}
}

func TestReturnCodesOfOlderVersions(t *testing.T) {
	codes := map[byte]codec.ReasonCode{ // §3.2.2.3 of 3.1.1
		1: codec.UnsupportedProtocolVersion, 2: codec.ClientIdentifierNotValid, 3: codec.ServerUnavailable, 4: codec.BadUserNameOrPassword, 5: codec.NotAuthorized,
	}
	for _, v := range []mqtt.Version{mqtt.V311, mqtt.V31} {
		for raw, code := range codes {
			bubble(t, fmt.Sprintf("B012 CONNACK %d is %v, and can be read as it was/v%v", raw, code, v), func(t *testing.T) {
				s := idle(t, mqtt.Config{Version: v, ClientID: "c"})
				done := s.connecting()
				conn := s.dialled()
				mqtttest.Expect[*codec.Connect](t, conn)
				require.NoError(t, conn.SendBytes([]byte{0x20, 2, 0, raw}))
				require.Equal(t, mqtt.ReasonError{Packet: "CONNACK", Code: code, Raw: raw}, *as[*mqtt.ReasonError](t, <-done))
				conn.ExpectClosed(t)
			})
		}
		bubble(t, fmt.Sprintf("B012 CONNACK 6, which has no meaning, refuses all the same/v%v", v), func(t *testing.T) {
			s := idle(t, mqtt.Config{Version: v, ClientID: "c"})
			done := s.connecting()
			conn := s.dialled()
			mqtttest.Expect[*codec.Connect](t, conn)
			require.NoError(t, conn.SendBytes([]byte{0x20, 2, 0, 6}))
			require.Equal(t, mqtt.ReasonError{Packet: "CONNACK", Code: codec.UnspecifiedError, Raw: 6}, *as[*mqtt.ReasonError](t, <-done))
		})
	}
	refusal := []byte{0x90, 4, 0, 1, 0x80, 1}
	bubble(t, "3.1.1: 0x80 in a SUBACK refuses its filter alone", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311})
		done := s.subscribing(mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b", QoS: 1})
		mqtttest.Expect[*codec.Subscribe](t, conn)
		require.NoError(t, conn.SendBytes(refusal))
		grants := as[*mqtt.SubscribeError](t, (<-done).err).Grants
		require.Equal(t, []mqtt.Grant{{Filter: "a", Code: codec.UnspecifiedError}, {Filter: "b", QoS: 1, Code: 1}}, grants)
	})
	bubble(t, "3.1: a SUBACK knows no refusal, and 0x80 is a broken rule", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V31, ClientID: "c"})
		s.subscribing(mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b", QoS: 1})
		mqtttest.Expect[*codec.Subscribe](t, conn)
		require.NoError(t, conn.SendBytes(refusal))
		require.Equal(t, "3.9.3", as[*mqtt.ProtocolError](t, awaitEvent[mqtt.EventDisconnected](s).Err).Section)
	})
	bubble(t, "3.1: an identifier of 24 characters is an error, and with Lenient it is sent", func(t *testing.T) {
		id := "123456789012345678901234"
		require.Equal(t, "ClientID", refusedConfig(t, mqtt.Config{Version: mqtt.V31, ClientID: id}).Field)
		require.Equal(t, id, connectOf(t, mqtt.Config{Version: mqtt.V31, ClientID: id, Lenient: true}).ClientID)
		require.Equal(t, id[:23], connectOf(t, mqtt.Config{Version: mqtt.V31, ClientID: id[:23]}).ClientID)
	})
}
