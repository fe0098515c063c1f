package mqtt_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestStreamDeclare(t *testing.T) {
	both(t, "Declare does no I/O, and its filters are subscribed on the first connection", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v})
		stream := s.declare("a/+", "b")
		require.Zero(t, s.server.Dials())
		conn := s.connect()
		require.Equal(t, []codec.Subscription{{Filter: "a/+", QoS: 2}, {Filter: "b", QoS: 2}}, grantAll(t, conn, 2, 2))
		send(t, conn, about("a/1", 1, 1, "one"), about("b", 0, 0, "two"))
		require.Equal(t, []string{"one", "two"}, payloads(t, stream.Messages(), 2))
	})
	both(t, "Declare while connected subscribes at once", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.declare("a")
		require.Equal(t, []string{"a"}, filtersOf(mqtttest.Expect[*codec.Subscribe](t, conn)))
	})
	bubble(t, "what matches goes to the stream before the SUBACK too", func(t *testing.T) {
		s := idle(t, mqtt.Config{Session: mqtt.SessionDurable, ClientID: "c"})
		stream := s.declare("a")
		conn := s.connect(codec.ConnAck{SessionPresent: true})
		send(t, conn, about("a", 1, 1, "kept"))
		require.Equal(t, "kept", string(take(t, stream.Messages()).Payload))
		empty(t, s.client.Messages())
	})
	bubble(t, "cfg and filters are copied", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		subs := []mqtt.Subscription{{Filter: "a", QoS: 1, UserProperties: []mqtt.UserProperty{{Key: "k"}}}}
		_, err := s.client.Declare(mqtt.StreamConfig{}, subs...)
		require.NoError(t, err)
		subs[0].Filter, subs[0].UserProperties[0].Key = "x", "x"
		p := mqtttest.Expect[*codec.Subscribe](t, s.connect())
		require.Equal(t, []string{"a"}, filtersOf(p))
		require.Equal(t, "k", p.Properties.UserProperties[0].Key)
	})
	for name, cfg := range map[string]mqtt.StreamConfig{
		"Inbox": {Inbox: mqtt.Bounds{Messages: -1}}, "Overflow": {Overflow: 9}, "Ack": {Ack: 9},
	} {
		bubble(t, "a StreamConfig that can't be is refused: "+name, func(t *testing.T) {
			s := idle(t, mqtt.Config{})
			_, err := s.client.Declare(cfg, mqtt.Subscription{Filter: "a"})
			require.ErrorAs(t, err, new(*mqtt.ArgumentError))
		})
	}
	bubble(t, "on 5.0 a stream's filter bears an identifier of the client's, Messages' none", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.declare("a")
		require.GreaterOrEqual(t, grant(t, conn).Properties.SubscriptionIdentifier, uint32(268_000_000))
		s.subscribing(mqtt.Subscription{Filter: "b"})
		require.Nil(t, grant(t, conn).Properties)
	})
	bubble(t, "where the server has no identifiers, none is asked for (§3.2.2.3.12)", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, codec.ConnAck{Properties: &codec.ConnAckProperties{SubscriptionIdentifiersAvailable: new(false)}})
		s.declare("a")
		require.Nil(t, mqtttest.Expect[*codec.Subscribe](t, conn).Properties)
	})
	bubble(t, "SubscriptionIdentifiers are the user's own: the client's are left out", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		stream, p := s.stream(conn, "a")
		send(t, conn, bearing(about("a", 0, 0, "x"), 5, p.Properties.SubscriptionIdentifier))
		require.Equal(t, []uint32{5}, take(t, stream.Messages()).SubscriptionIdentifiers)
	})
	bubble(t, "each zero field of StreamConfig is Config's", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Ack: mqtt.AckManual, Inbox: mqtt.Bounds{Messages: 2}, Overflow: mqtt.OverflowDropNewest})
		stream, _ := s.stream(conn, "a")
		for _, p := range []string{"1", "2", "3"} {
			send(t, conn, about("a", 0, 0, p))
			synctest.Wait()
		}
		require.Equal(t, []string{"1", "2"}, payloads(t, stream.Messages(), 2))
		empty(t, stream.Messages())
		send(t, conn, about("a", 1, 1, "4"))
		m := take(t, stream.Messages())
		conn.ExpectNothing(t, time.Second)
		require.NoError(t, m.Ack())
		mqtttest.Expect[*codec.PubAck](t, conn)
	})
	bubble(t, "what StreamConfig says beats Config", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Ack: mqtt.AckManual, Inbox: mqtt.Bounds{Messages: 1}, Overflow: mqtt.OverflowDropNewest})
		stream := s.declareAs(mqtt.StreamConfig{Ack: mqtt.AckOnTake, Inbox: mqtt.Bounds{Messages: 2}, Overflow: mqtt.OverflowDropOldest}, "a")
		grant(t, conn)
		for _, p := range []string{"1", "2", "3"} {
			send(t, conn, about("a", 0, 0, p))
			synctest.Wait()
		}
		require.Equal(t, []string{"2", "3"}, payloads(t, stream.Messages(), 2))
		send(t, conn, about("a", 1, 1, "4"))
		take(t, stream.Messages())
		mqtttest.Expect[*codec.PubAck](t, conn)
	})
}

func TestStreamReady(t *testing.T) {
	both(t, "Ready waits for the SUBACK, and tells it to all who ask, again and again", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream := s.declare("a")
		ask := func() ([]mqtt.Grant, error) { return stream.Ready(soon(t)) }
		one, two := begin(ask), begin(ask)
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		conn.ExpectNothing(t, time.Second)
		require.Empty(t, one)
		require.Empty(t, two)
		send(t, conn, grantOf(p, codec.GrantedQoS1))
		want := got[[]mqtt.Grant]{value: []mqtt.Grant{{Filter: "a", QoS: 1, Code: 1}}}
		require.Equal(t, want, <-one)
		require.Equal(t, want, <-two)
		require.Equal(t, want, <-begin(ask))
	})
	both(t, "a refused filter is Ready's error; the others hold, and the stream stays", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		stream := s.declare("a", "b")
		grantAll(t, conn, codec.UnspecifiedError, codec.GrantedQoS1)
		grants, err := stream.Ready(soon(t))
		require.ErrorAs(t, err, new(*mqtt.SubscribeError))
		require.Len(t, grants, 2)
		require.NoError(t, stream.Err())
		send(t, conn, about("b", 0, 0, "still"))
		require.Equal(t, "still", string(take(t, stream.Messages()).Payload))
		conn.Close()
		require.Equal(t, []string{"b"}, filtersOf(mqtttest.Expect[*codec.Subscribe](t, s.accept())))
	})
	bubble(t, "when its context ends Ready does, and the stream goes on", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		stream := s.declare("a")
		_, err := stream.Ready(closing(t, time.Second))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		grant(t, conn)
		_, err = stream.Ready(soon(t))
		require.NoError(t, err)
	})
	bubble(t, "Ready returns when the client ends", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		stream := s.declare("a")
		waiting := begin(func() ([]mqtt.Grant, error) { return stream.Ready(soon(t)) })
		synctest.Wait()
		s.client.Abort()
		require.ErrorIs(t, (<-waiting).err, mqtt.ErrClosed)
		_, err := stream.Ready(soon(t))
		require.ErrorIs(t, err, mqtt.ErrClosed)
	})
	for name, connected := range map[string]bool{"before its SUBSCRIBE left": false, "after": true} {
		bubble(t, "Ready returns when the stream is closed "+name, func(t *testing.T) {
			s := idle(t, mqtt.Config{})
			if connected {
				s.connect()
			}
			stream := s.declare("a")
			waiting := begin(func() ([]mqtt.Grant, error) { return stream.Ready(soon(t)) })
			synctest.Wait()
			stream.Close(closing(t, time.Second))
			require.ErrorIs(t, within(t, time.Second, waiting).err, mqtt.ErrClosed)
		})
	}
	both(t, "Stream is Declare, then Ready", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		r := begin(func() (*mqtt.Stream, error) {
			return s.client.Stream(soon(t), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a"})
		})
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		conn.ExpectNothing(t, time.Second)
		require.Empty(t, r)
		send(t, conn, grantOf(p))
		made := <-r
		require.NoError(t, made.err)
		send(t, conn, about("a", 0, 0, "x"))
		take(t, made.value.Messages())
	})
	both(t, "when a filter is refused Stream closes the stream again: what was granted is unsubscribed", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		r := begin(func() (*mqtt.Stream, error) {
			return s.client.Stream(soon(t), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a"}, mqtt.Subscription{Filter: "b"})
		})
		grantAll(t, conn, codec.UnspecifiedError, codec.GrantedQoS0)
		made := <-r
		require.ErrorAs(t, made.err, new(*mqtt.SubscribeError))
		require.Nil(t, made.value)
		require.Equal(t, []string{"b"}, release(t, conn).Filters)
		conn.Close()
		s.accept().ExpectNothing(t, time.Second)
	})
	bubble(t, "when its context ends before the SUBSCRIBE left, Stream has no effect", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		_, err := s.client.Stream(closing(t, time.Second), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		s.connect().ExpectNothing(t, time.Second)
	})
	both(t, "when its context ends after that, Stream's filter is unsubscribed as soon as the answer is there", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		_, err := s.client.Stream(closing(t, time.Second), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		grant(t, conn)
		require.Equal(t, []string{"a"}, release(t, conn).Filters)
		conn.ExpectNothing(t, time.Second)
		conn.Close()
		s.accept().ExpectNothing(t, time.Second)
	})
	bubble(t, "a context that is over makes no stream", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		_, err := s.client.Stream(over(), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a"})
		require.ErrorIs(t, err, context.Canceled)
		conn.ExpectNothing(t, time.Second)
	})
}
