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

func TestRequestEndsWithTheClient(t *testing.T) {
	bubble(t, "Contract18 Close doesn't wait for answers, and ends the calls", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		var calls []<-chan got[*mqtt.Received]
		for range 100 {
			calls = append(calls, s.asking(t.Context(), question(mqtt.AtLeastOnce, "x")))
		}
		for range calls {
			asked(t, conn, "x")
		}
		closed := later(func() error { return s.client.Close(soon(t)) })
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-closed)
		for _, call := range calls {
			err := (<-call).err
			require.ErrorIs(t, err, mqtt.ErrClosed)
			for _, outcome := range outcomes {
				require.NotErrorIs(t, err, outcome)
			}
		}
	})
	bubble(t, "Contract18 Close waits for the request as for any message", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		p := mqtttest.Expect[*codec.Publish](t, conn)
		closed := later(func() error { return s.client.Close(soon(t)) })
		pending(t, closed)
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-closed)
		require.ErrorIs(t, (<-call).err, mqtt.ErrClosed)
	})
	bubble(t, "a request without PUBACK is uncertain, too", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		mqtttest.Expect[*codec.Publish](t, conn)
		s.client.Abort()
		err := (<-call).err
		require.ErrorIs(t, err, mqtt.ErrClosed)
		requireOnly(t, err, mqtt.ErrUncertain)
	})
	bubble(t, "while the response topic is asked for", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		mqtttest.Expect[*codec.Subscribe](t, conn)
		s.client.Abort()
		require.ErrorIs(t, (<-call).err, mqtt.ErrClosed)
	})
	bubble(t, "before the first connection", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "x"))
		settled()
		s.client.Abort()
		err := (<-call).err
		require.ErrorIs(t, err, mqtt.ErrClosed)
		requireOnly(t, err, mqtt.ErrNotSent)
	})
	bubble(t, "and after it there is none", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		s.acquainted(conn)
		s.client.Abort()
		for _, c := range []*mqtt.Client{s.client, idleEnded(t)} {
			_, err := c.Request(t.Context(), question(mqtt.AtLeastOnce, "x"))
			require.ErrorIs(t, err, mqtt.ErrClosed)
			requireOnly(t, err, mqtt.ErrNotSent)
		}
	})
	bubble(t, "a client that gives up says why", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{Attempts: -1}})
		s.acquainted(conn)
		call := s.asking(t.Context(), question(mqtt.AtMostOnce, "x"))
		asked(t, conn, "x")
		settled()
		conn.Close()
		err := (<-call).err
		require.NotErrorIs(t, err, mqtt.ErrClosed)
		<-s.client.Done()
		require.ErrorContains(t, s.client.Err(), "EOF")
		require.ErrorContains(t, err, "EOF")
	})
	bubble(t, "a durable session doesn't keep the response topic", func(t *testing.T) {
		s, conn := up(t, keptSession(mqtt.V5))
		topic := s.acquainted(conn)
		closed := later(func() error { return s.client.Close(soon(t)) })
		require.Equal(t, []string{topic}, release(t, conn).Filters)
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-closed)
	})
	bubble(t, "and a Close without a connection doesn't wait for that", func(t *testing.T) {
		s, conn := up(t, keptSession(mqtt.V5))
		s.acquainted(conn)
		conn.Close()
		settled()
		start := time.Now()
		require.NoError(t, s.client.Close(t.Context()))
		require.Zero(t, time.Since(start))
	})
}

// idleEnded is a client that ended before it did anything.
func idleEnded(t *testing.T) *mqtt.Client {
	c := idle(t, mqtt.Config{}).client
	c.Abort()
	return c
}

func TestRequestNeedsVersion5(t *testing.T) {
	bubble(t, "at once where no other is allowed, also with Lenient", func(t *testing.T) {
		for _, lenient := range []bool{false, true} {
			s := idle(t, mqtt.Config{Version: mqtt.V311, Lenient: lenient})
			_, err := s.client.Request(t.Context(), question(mqtt.AtLeastOnce, "x"))
			require.ErrorIs(t, err, mqtt.ErrVersion)
			requireOnly(t, err, mqtt.ErrNotSent)
		}
	})
	old := func(t *testing.T, lenient bool) *scene {
		s := idle(t, mqtt.Config{Lenient: lenient})
		call := s.asking(t.Context(), question(mqtt.AtLeastOnce, "early"))
		unanswered(t, call)
		s.connectOld(s.connecting())
		err := (<-call).err
		require.ErrorIs(t, err, mqtt.ErrVersion)
		requireOnly(t, err, mqtt.ErrNotSent)
		return s
	}
	bubble(t, "when the server knows no better", func(t *testing.T) {
		for _, lenient := range []bool{false, true} {
			s := old(t, lenient)
			_, err := s.client.Request(t.Context(), question(mqtt.AtLeastOnce, "x"))
			require.ErrorIs(t, err, mqtt.ErrVersion)
			s.client.Abort()
		}
	})
	bubble(t, "on a later connection that is older, and its properties are never left out", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Lenient: true})
		s.acquainted(conn)
		conn.Close()
		settled()
		queued := s.asking(t.Context(), question(mqtt.AtLeastOnce, "queued"))
		settled()
		conn = s.connectOld(nil)
		require.ErrorIs(t, (<-queued).err, mqtt.ErrVersion)
		grant(t, conn)
		_, err := s.client.Request(t.Context(), question(mqtt.AtLeastOnce, "x"))
		require.ErrorIs(t, err, mqtt.ErrVersion)
		quiet(t, conn)
	})
}

// connectOld has the server refuse 5.0, and takes the connection of 3.1.1 that follows.
func (s *scene) connectOld(connecting <-chan error) *mqtttest.Conn {
	s.Helper()
	s.refuse(codec.UnsupportedProtocolVersion)
	conn := s.accept()
	if connecting != nil {
		require.NoError(s, <-connecting)
	}
	require.Equal(s, codec.V311, conn.Version())
	return conn
}

func TestRequestsStandForThemselves(t *testing.T) {
	bubble(t, "LatestOnly gives up no request and no answer for another of its topic", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{LatestOnly: true})
		s.acquainted(conn)
		conn.Close()
		settled()
		var calls []<-chan got[*mqtt.Received]
		for i := range 3 {
			calls = append(calls, s.asking(t.Context(), question(mqtt.AtLeastOnce, numbered(i))))
			settled()
		}
		request := &mqtt.Received{Message: mqtt.Message{Properties: &mqtt.PublishProperties{ResponseTopic: "ask"}}}
		answer := later(func() error {
			return s.client.Reply(context.Background(), request, mqtt.Message{Payload: []byte("answer"), QoS: mqtt.AtLeastOnce})
		})
		settled()
		conn = s.accept()
		grant(t, conn)
		for i, call := range calls {
			reply(t, conn, answering(asked(t, conn, numbered(i)), "y"))
			replied(t, call, "y")
		}
		asked(t, conn, "answer")
		require.NoError(t, <-answer)
	})
}
