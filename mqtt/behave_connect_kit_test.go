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

// patience is longer than anything takes here. Where a client goes on for ever, a test ends after it.
const patience = 48 * time.Hour

// connecting calls Connect beside the test.
func (s *scene) connecting() <-chan error {
	return later(func() error { return s.client.Connect(closing(s.T, patience)) })
}

// dialled takes the next connection and says nothing on it.
func (s *scene) dialled() *mqtttest.Conn {
	s.Helper()
	conn, err := s.server.Accept(closing(s.T, patience))
	require.NoError(s, err)
	return conn
}

// refuse takes the next connection and refuses its CONNECT.
func (s *scene) refuse(code codec.ReasonCode) {
	s.Helper()
	conn := s.dialled()
	conn.Handshake(s, codec.ConnAck{Code: code})
	conn.Close()
}

// told waits until nothing moves any more, and names the events that came since it was asked last.
func (s *scene) told() []string {
	synctest.Wait()
	return kinds(events(s.client))
}

// noDial fails the test when the client dials within d.
func (s *scene) noDial(d time.Duration) {
	s.Helper()
	synctest.Wait()
	before := s.server.Dials()
	time.Sleep(d)
	require.Equal(s, before, s.server.Dials(), "dials within %v", d)
}

// elapse lets d of the bubble's time go by.
func elapse(d time.Duration) { time.Sleep(d) }

// gap is how long it takes until the next connection is dialled, which is answered.
func (s *scene) gap() (time.Duration, *mqtttest.Conn) {
	s.Helper()
	start := time.Now()
	conn := s.dialled()
	took := time.Since(start)
	conn.Handshake(s)
	return took, conn
}

// works proves that publish and subscribe do.
func (s *scene) works(conn *mqtttest.Conn) {
	s.Helper()
	ctx, stop := context.WithCancel(s.Context())
	served := later(func() error { return serve(ctx, conn) })
	_, err := s.client.Subscribe(closing(s.T, time.Minute), mqtt.Subscription{Filter: "works/#"})
	require.NoError(s, err)
	require.NoError(s, s.client.Publish(closing(s.T, time.Minute), message(mqtt.AtLeastOnce, "works")))
	stop()
	require.ErrorIs(s, <-served, context.Canceled)
}

// serve answers what a client asks, until ctx or the connection ends.
func serve(ctx context.Context, conn *mqtttest.Conn) error {
	for {
		packet, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		switch p := packet.(type) {
		case *codec.Subscribe:
			err = conn.Send(&codec.SubAck{PacketID: p.PacketID, Codes: make([]codec.ReasonCode, len(p.Subscriptions))})
		case *codec.Unsubscribe:
			err = conn.Send(&codec.UnsubAck{PacketID: p.PacketID, Codes: make([]codec.ReasonCode, len(p.Filters))})
		case *codec.Publish:
			if p.QoS == codec.AtLeastOnce {
				err = conn.Send(&codec.PubAck{PacketID: p.PacketID})
			}
		case *codec.PingReq:
			err = conn.Send(&codec.PingResp{})
		}
		if err != nil {
			return err
		}
	}
}

// awaitEvent gives the next event of a kind, past others.
func awaitEvent[E mqtt.Event](s *scene) E {
	s.Helper()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case e, open := <-s.client.Events():
			if found, ok := e.(E); ok {
				return found
			}
			require.True(s, open, "the client has ended")
		case <-timer.C:
			s.Fatalf("no %T within an hour", *new(E))
		}
	}
}

// eventsOf picks those of one kind.
func eventsOf[E mqtt.Event](all []mqtt.Event) (found []E) {
	for _, e := range all {
		if e, ok := e.(E); ok {
			found = append(found, e)
		}
	}
	return found
}

// as finds an error of a type, or fails the test.
func as[E error](t *testing.T, err error) E {
	t.Helper()
	found, ok := errors.AsType[E](err)
	require.True(t, ok, "%v is no %T", err, *new(E))
	return found
}

// ended waits for the client's end and tells why it came.
func (s *scene) ended() error {
	s.Helper()
	synctest.Wait()
	select {
	case <-s.client.Done():
	default:
		s.Fatal("the client has not ended")
	}
	return s.client.Err()
}
