package mqtt_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestRequestContext(t *testing.T) {
	bubble(t, "over before the response topic is granted: nothing is sent", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		ctx, stop := context.WithCancel(t.Context())
		call := s.asking(ctx, question(mqtt.AtLeastOnce, "x"))
		sub := mqtttest.Expect[*codec.Subscribe](t, conn)
		settled()
		stop()
		err := (<-call).err
		require.ErrorIs(t, err, context.Canceled)
		requireOnly(t, err, mqtt.ErrNotSent)
		reply(t, conn, grantOf(sub))
		quiet(t, conn)
		again := s.asking(t.Context(), question(mqtt.AtLeastOnce, "y"))
		reply(t, conn, answering(asked(t, conn, "y"), "z")) // the response topic is there by now
		replied(t, again, "z")
	})
	bubble(t, "over before the message left: it never leaves", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{MaxInFlight: 1})
		s.acquainted(conn)
		_, p := s.inFlight(conn, mqtt.AtLeastOnce, "before it")
		ctx, stop := context.WithCancel(t.Context())
		call := s.asking(ctx, question(mqtt.AtLeastOnce, "x"))
		settled()
		stop()
		err := (<-call).err
		require.ErrorIs(t, err, context.Canceled)
		requireOnly(t, err, mqtt.ErrNotSent)
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		quiet(t, conn)
	})
	bubble(t, "over when it had left: uncertain until the server's answer, and not sent again", func(t *testing.T) {
		s, conn := up(t, keptSession(mqtt.V5))
		s.acquainted(conn)
		ctx, stop := context.WithCancel(t.Context())
		call := s.asking(ctx, question(mqtt.AtLeastOnce, "x"))
		mqtttest.Expect[*codec.Publish](t, conn)
		stop()
		err := (<-call).err
		require.ErrorIs(t, err, context.Canceled)
		requireOnly(t, err, mqtt.ErrUncertain)
		conn.Close()
		quiet(t, s.resume())
	})
	bubble(t, "over in the outbox's door", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Outbox: mqtt.Bounds{Messages: 1}})
		s.acquainted(conn)
		s.inFlight(conn, mqtt.AtLeastOnce, "before it")
		_, err := s.client.Request(closing(t, time.Second), question(mqtt.AtLeastOnce, "x"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		requireOnly(t, err, mqtt.ErrNotSent)
	})
}

func TestRequestOffline(t *testing.T) {
	bubble(t, "before the first connection it waits for that", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		unanswered(t, call)
		conn := s.connect()
		grant(t, conn)
		reply(t, conn, answering(asked(t, conn, "x"), "y"))
		replied(t, call, "y")
	})
	bubble(t, "or for its context", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		_, err := s.client.Request(closing(t, time.Minute), question(mqtt.AtLeastOnce, "x"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		requireOnly(t, err, mqtt.ErrNotSent)
	})
	for name, cfg := range map[string]mqtt.Config{"OfflineReject": {Offline: mqtt.OfflineReject}, "NoOfflineQoS0": {NoOfflineQoS0: true}} {
		bubble(t, name+" refuses it, before the first and between connections", func(t *testing.T) {
			s := idle(t, cfg)
			ask := func() {
				t.Helper()
				_, err := s.client.Request(soon(t), question(mqtt.AtMostOnce, "x"))
				require.ErrorIs(t, err, mqtt.ErrNotConnected)
				requireOnly(t, err, mqtt.ErrNotSent)
			}
			ask()
			conn := s.connect()
			s.acquainted(conn)
			conn.Close()
			settled()
			ask()
		})
	}
	bubble(t, "between connections it is queued, and leaves behind the response topic", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		topic := s.acquainted(conn)
		conn.Close()
		settled()
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		settled()
		conn = s.accept()
		require.Equal(t, []string{topic}, filtersOf(grant(t, conn)))
		reply(t, conn, answering(asked(t, conn, "x"), "y"))
		replied(t, call, "y")
	})
	bubble(t, "a first request between connections, of which the next begins anew", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		conn.Close()
		settled()
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		settled()
		conn = s.accept()
		grant(t, conn)
		reply(t, conn, answering(asked(t, conn, "x"), "y"))
		replied(t, call, "y")
	})
}

func TestRequestReconnects(t *testing.T) {
	bubble(t, "the session is kept: the request is sent again, and answered once", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		mqtttest.Expect[*codec.Publish](t, conn)
		conn.Close()
		conn = s.resume()
		p := asked(t, conn, "x")
		require.True(t, p.Dup)
		reply(t, conn, answering(p, "y"))
		replied(t, call, "y")
		quiet(t, conn)
	})
	bubble(t, "the answer comes on another connection", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		p := asked(t, conn, "x")
		conn.Close()
		conn = s.resume()
		unanswered(t, call)
		reply(t, conn, answering(p, "y"))
		replied(t, call, "y")
	})
	for name, cfg := range map[string]mqtt.Config{"": {}, ", also with NoResubscribe": {NoResubscribe: true}} {
		bubble(t, "the session is lost: the response topic is subscribed again, and the context decides"+name, func(t *testing.T) {
			s, conn := up(t, cfg)
			topic := s.acquainted(conn)
			call := s.asking(closing(t, time.Hour), question(mqtt.AtMostOnce, "lost"))
			asked(t, conn, "lost")
			conn.Close()
			conn = s.accept()
			require.Equal(t, []string{topic}, filtersOf(grant(t, conn)))
			other := s.asking(t.Context(), question(mqtt.AtMostOnce, "x"))
			reply(t, conn, answering(asked(t, conn, "x"), "y"))
			replied(t, other, "y")
			require.ErrorIs(t, (<-call).err, context.DeadlineExceeded)
		})
	}
	bubble(t, "the session is lost: a QoS 2 request that had left ends the call as uncertain", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.ExactlyOnce, "x"))
		mqtttest.Expect[*codec.Publish](t, conn)
		conn.Close()
		s.accept()
		requireOnly(t, (<-call).err, mqtt.ErrUncertain)
	})
	bubble(t, "the connection is lost before the response topic was granted: it is asked for again", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		first := mqtttest.Expect[*codec.Subscribe](t, conn)
		conn.Close()
		conn = s.accept()
		require.Equal(t, filtersOf(first), filtersOf(grant(t, conn)))
		reply(t, conn, answering(asked(t, conn, "x"), "y"))
		replied(t, call, "y")
	})
}

func TestRequestResponseTopicRefused(t *testing.T) {
	bubble(t, "all that wait get the refusal, and the next asks again", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		var calls []<-chan got[*mqtt.Received]
		for range 10 {
			calls = append(calls, s.asking(t.Context(), question(mqtt.AtLeastOnce, "x")))
		}
		sub := mqtttest.Expect[*codec.Subscribe](t, conn)
		settled()
		reply(t, conn, grantOf(sub, codec.NotAuthorized))
		for _, call := range calls {
			err := (<-call).err
			refused := as[*mqtt.SubscribeError](t, err)
			require.Equal(t, sub.Subscriptions[0].Filter, refused.Grants[0].Filter)
			require.ErrorIs(t, err, codec.NotAuthorized)
		}
		settled()
		require.Len(t, s.client.Stats().Streams, 1, "nothing of it stays")
		quiet(t, conn)
		require.NotEqual(t, sub.Subscriptions[0].Filter, s.acquainted(conn))
	})
	bubble(t, "by a new connection: those that wait hear of it, and the next asks again", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		topic := s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		asked(t, conn, "x")
		conn.Close()
		conn = s.accept()
		grant(t, conn, codec.NotAuthorized)
		require.ErrorIs(t, (<-call).err, codec.NotAuthorized)
		require.NotEqual(t, topic, s.acquainted(conn))
		require.Len(t, s.client.Stats().Streams, 2)
	})
	bubble(t, "by a new connection, and nobody waits", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		topic := s.acquainted(conn)
		conn.Close()
		conn = s.accept()
		grant(t, conn, codec.NotAuthorized)
		settled()
		require.NotEqual(t, topic, s.acquainted(conn))
		require.Len(t, s.client.Stats().Streams, 2)
	})
}

func TestRequestResponseInformationChanges(t *testing.T) {
	info := func(text string) codec.ConnAck {
		return codec.ConnAck{SessionPresent: true, Properties: &codec.ConnAckProperties{ResponseInformation: text}}
	}
	start := func(t *testing.T) (*scene, *mqtttest.Conn, string) {
		first := info("old")
		first.SessionPresent = false
		s, conn := up(t, mqtt.Config{RequestResponseInformation: true}, first)
		topic := s.acquainted(conn)
		require.Contains(t, topic, "old/")
		return s, conn, topic
	}
	bubble(t, "the next request moves there, and the old topic ends with those that wait there", func(t *testing.T) {
		s, conn, old := start(t)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		p := asked(t, conn, "x")
		conn.Close()
		conn = s.accept(info("new"))
		settled()
		require.Contains(t, s.acquainted(conn), "new/")
		unanswered(t, call)
		reply(t, conn, answering(p, "y"))
		replied(t, call, "y")
		require.Equal(t, []string{old}, release(t, conn).Filters)
		quiet(t, conn)
		require.Len(t, s.client.Stats().Streams, 2)
	})
	bubble(t, "the last that leaves ends it, too", func(t *testing.T) {
		s, conn, old := start(t)
		ctx, stop := context.WithCancel(t.Context())
		call := s.asking(ctx, question(mqtt.AtLeastOnce, "x"))
		asked(t, conn, "x")
		conn.Close()
		conn = s.accept(info("new"))
		settled()
		stop()
		require.ErrorIs(t, (<-call).err, context.Canceled)
		require.Equal(t, []string{old}, release(t, conn).Filters)
	})
	bubble(t, "and when nobody waits, the next request does", func(t *testing.T) {
		s, conn, old := start(t)
		conn.Close()
		conn = s.accept(info("new"))
		settled()
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		require.Equal(t, []string{old}, release(t, conn).Filters)
		require.Contains(t, grant(t, conn).Subscriptions[0].Filter, "new/")
		reply(t, conn, answering(asked(t, conn, "x"), "y"))
		replied(t, call, "y")
	})
	bubble(t, "while the old topic waits for its connection", func(t *testing.T) {
		s, conn, _ := start(t)
		conn.Close()
		settled()
		conn = s.accept(info("new"))
		settled()
		conn.Close()
		conn = s.accept(info("newer"))
		settled()
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		release(t, conn)
		require.Contains(t, grant(t, conn).Subscriptions[0].Filter, "newer/")
		reply(t, conn, answering(asked(t, conn, "x"), "y"))
		replied(t, call, "y")
	})
	bubble(t, "an unchanged one changes nothing", func(t *testing.T) {
		s, conn, old := start(t)
		conn.Close()
		conn = s.accept(info("old"))
		settled()
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		p := asked(t, conn, "x")
		require.Equal(t, old, p.Properties.ResponseTopic)
		reply(t, conn, answering(p, "y"))
		replied(t, call, "y")
	})
}
