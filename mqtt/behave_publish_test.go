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

func TestPublishQoS0(t *testing.T) {
	both(t, "B092 online publish arrives with topic, payload, qos 0, no retain, no dup", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "hi")))
		p := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, codec.Publish{Topic: "a/b", Payload: []byte("hi")}, *p)
	})
	both(t, "B093 properties of which none is set are as none", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		m := mqtt.Message{Topic: "a/b", Payload: []byte("hi"), Properties: &mqtt.PublishProperties{}}
		require.NoError(t, s.client.Publish(t.Context(), m))
		p := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, codec.Publish{Topic: "a/b", Payload: []byte("hi")}, *p)
	})
	both(t, "B094 completion carries no answer of the server", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		d, _ := s.inFlight(conn, mqtt.AtMostOnce, "hi")
		require.NoError(t, outcomeOf(t, d))
		r, ended := d.Result()
		require.True(t, ended)
		require.Equal(t, mqtt.Result{}, r)
	})
	both(t, "B095 topic and payload in UTF-8 survive", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		require.NoError(t, s.client.Publish(t.Context(), mqtt.Message{Topic: "中国", Payload: []byte("中国")}))
		p := expectPayload(t, conn, "中国")
		require.Equal(t, "中国", p.Topic)
	})
	for name, payload := range map[string]string{
		"binary": "\x00\xff\x00\x80", "empty": "", "small": strings.Repeat("\x00", 4096), "large": strings.Repeat("\x00\x01", 200_000),
	} {
		both(t, "B096 payload survives: "+name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, payload)))
			expectPayload(t, conn, payload)
		})
	}
	both(t, "B097 publish returns on admission, the delivery ends with the write", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stuck(conn, 1)
		d := s.async(mqtt.AtMostOnce, "one")
		require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "two")))
		openDelivery(t, d)
		unstuck(conn)
		expectPayload(t, conn, "one")
		expectPayload(t, conn, "two")
		require.NoError(t, outcomeOf(t, d))
	})
}

func TestPublishIsCheckedLocally(t *testing.T) {
	topics := map[string]string{
		"empty": "", "wildcard +": "a/+/b", "wildcard #": "a/#", "NUL": "a\x00b", "invalid UTF-8": "a\xff", "surrogate": "a\xed\xa0\x80",
		"65536 bytes": strings.Repeat("t", 65_536),
	}
	for name, topic := range topics {
		both(t, "B099 topic is refused locally: "+name, func(t *testing.T, v mqtt.Version) {
			s, conn := up(t, mqtt.Config{Version: v})
			for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
				var wrong *mqtt.ArgumentError
				require.ErrorAs(t, s.client.Publish(t.Context(), mqtt.Message{Topic: topic, QoS: q}), &wrong)
				require.Equal(t, "Message.Topic", wrong.Name)
				_, err := s.client.PublishAsync(t.Context(), mqtt.Message{Topic: topic, QoS: q})
				require.ErrorAs(t, err, &wrong)
			}
			quiet(t, conn)
			st := s.client.Stats()
			require.Zero(t, st.Out.Admitted)
			require.Zero(t, st.Link.LastPacketID)
		})
	}
	both(t, "B099 the longest topic is sent", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		topic := strings.Repeat("t", 65_535)
		require.NoError(t, s.client.Publish(t.Context(), mqtt.Message{Topic: topic}))
		require.Equal(t, topic, mqtttest.Expect[*codec.Publish](t, conn).Topic)
	})
	both(t, "B099 a QoS that is none is refused locally", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		var wrong *mqtt.ArgumentError
		require.ErrorAs(t, s.client.Publish(t.Context(), message(3, "")), &wrong)
		require.Equal(t, "Message.QoS", wrong.Name)
		quiet(t, conn)
	})
}

func TestPublishKeepsToTheServersPacketSize(t *testing.T) {
	for _, limit := range []int{50, 4000, 4160, 100_000} {
		for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
			bubble(t, fmt.Sprintf("B100 §3.2.2.3.6 a packet above the server's limit of %d fails locally, QoS %d", limit, q), func(t *testing.T) {
				s, conn := up(t, mqtt.Config{}, announcing(codec.ConnAckProperties{MaximumPacketSize: uint32(limit)}))
				payload := limit - packetOverhead(limit, q)
				var over *mqtt.LimitError
				err := s.client.Publish(t.Context(), message(q, strings.Repeat("x", payload+1)))
				require.ErrorAs(t, err, &over)
				require.ErrorIs(t, err, codec.PacketTooLarge)
				requireOnly(t, err, mqtt.ErrNotSent)
				_, err = s.client.PublishAsync(t.Context(), message(q, strings.Repeat("x", payload+1)))
				require.ErrorAs(t, err, &over)
				require.Zero(t, s.client.Stats().Link.LastPacketID)
				s.async(q, strings.Repeat("y", payload))
				expectPayload(t, conn, strings.Repeat("y", payload))
			})
		}
	}
}

// packetOverhead is what a PUBLISH of 5.0 for a/b has beside its payload, in a packet of size bytes.
func packetOverhead(size int, q mqtt.QoS) int {
	n := 1 + 1 + 2 + len("a/b") + 1
	for body := size - 2; body >= 128; body /= 128 {
		n++
	}
	if q > 0 {
		n += 2
	}
	return n
}

func TestPublishOwnsNothingOfTheCaller(t *testing.T) {
	for q := mqtt.AtMostOnce; q <= mqtt.ExactlyOnce; q++ {
		for name, size := range map[string]int{"small": 100, "large": 100_000} {
			bubble(t, fmt.Sprintf("B101 the caller may write to its slices when the call has returned: QoS %d, %s", q, name), func(t *testing.T) {
				s, conn := up(t, mqtt.Config{})
				stuck(conn, 1)
				s.async(mqtt.AtMostOnce, "blocks the writer")
				payload, correlation := []byte(strings.Repeat("x", size)), []byte("id")
				properties := []mqtt.UserProperty{{Key: "k", Value: "v"}}
				m := mqtt.Message{Topic: "a/b", QoS: q, Payload: payload,
					Properties: &mqtt.PublishProperties{CorrelationData: correlation, UserProperties: properties}}
				s.asyncMessage(m)
				clear(payload)
				clear(correlation)
				properties[0].Key = "overwritten"
				m.Properties.ContentType = "overwritten"
				unstuck(conn)
				expectPayload(t, conn, "blocks the writer")
				p := expectPayload(t, conn, strings.Repeat("x", size))
				require.Equal(t, &codec.PublishProperties{CorrelationData: []byte("id"),
					UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}}}, p.Properties)
			})
		}
	}
}

func TestCloseEndsInOrder(t *testing.T) {
	both(t, "B199 graceful close sends DISCONNECT, then tells the end", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		done := later(func() error { return s.client.Close(closing(t, time.Minute)) })
		require.Equal(t, codec.NormalDisconnection, mqtttest.Expect[*codec.Disconnect](t, conn).Code)
		conn.Close()
		require.NoError(t, <-done)
		synctest.Wait()
		require.Equal(t, []string{"Connected", "Disconnected", "Closed"}, kinds(events(s.client)))
	})
}
