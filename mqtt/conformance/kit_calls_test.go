package conformance

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

// async publishes a message for a/b, which must be taken over at once.
func (s *scene) async(qos mqtt.QoS, payload string) *mqtt.Delivery {
	s.Helper()
	return s.asyncMessage(mqtt.Message{Topic: "a/b", QoS: qos, Payload: []byte(payload)})
}

func (s *scene) asyncMessage(m mqtt.Message) *mqtt.Delivery {
	s.Helper()
	ctx, stop := context.WithTimeout(s.Context(), time.Millisecond)
	defer stop()
	d, err := s.client.PublishAsync(ctx, m)
	require.NoError(s, err)
	return d
}

// inFlight publishes a message for a/b and takes it at the server, which doesn't answer.
func (s *scene) inFlight(conn *mqtttest.Conn, qos mqtt.QoS, payload string) (*mqtt.Delivery, *codec.Publish) {
	s.Helper()
	d := s.async(qos, payload)
	p := expectNow[*codec.Publish](s, conn)
	require.Equal(s, payload, string(p.Payload))
	return d, p
}

// released takes a message of QoS 2 as far as its PUBREL.
func (s *scene) released(conn *mqtttest.Conn, payload string) (*mqtt.Delivery, uint16) {
	s.Helper()
	d, p := s.inFlight(conn, mqtt.ExactlyOnce, payload)
	reply(s, conn, &codec.PubRec{PacketID: p.PacketID})
	require.Equal(s, p.PacketID, expectNow[*codec.PubRel](s, conn).PacketID)
	return d, p.PacketID
}

// subscribing calls Subscribe beside the test and takes the SUBSCRIBE.
func (s *scene) subscribing(conn *mqtttest.Conn, subs ...mqtt.Subscription) (*codec.Subscribe, <-chan granted) {
	s.Helper()
	done := make(chan granted, 1)
	client := s.client
	go func() {
		grants, err := client.Subscribe(s.Context(), subs...)
		done <- granted{grants, err}
	}()
	return expectNow[*codec.Subscribe](s, conn), done
}

// granted is what Subscribe has returned.
type granted struct {
	grants []mqtt.Grant
	err    error
}

// subscribe subscribes a filter on Messages, granted as asked.
func (s *scene) subscribe(conn *mqtttest.Conn, filter string, qos mqtt.QoS) {
	s.Helper()
	p, done := s.subscribing(conn, mqtt.Subscription{Filter: filter, QoS: qos})
	reply(s, conn, &codec.SubAck{PacketID: p.PacketID, Codes: []codec.ReasonCode{codec.ReasonCode(qos)}})
	require.NoError(s, (<-done).err)
}

// unsubscribing calls Unsubscribe beside the test and takes the UNSUBSCRIBE.
func (s *scene) unsubscribing(conn *mqtttest.Conn, filters ...string) (*codec.Unsubscribe, <-chan error) {
	s.Helper()
	client := s.client
	done := later(func() error { return client.Unsubscribe(s.Context(), filters...) })
	return expectNow[*codec.Unsubscribe](s, conn), done
}

// next takes the next message off Messages, which must be there at once.
func (s *scene) next() *mqtt.Received {
	s.Helper()
	start := time.Now()
	select {
	case m, open := <-s.client.Messages():
		require.True(s, open, "the client has ended")
		require.Zero(s, time.Since(start), "it came late")
		return m
	case <-time.After(time.Second):
		s.Fatal("no message has come")
		return nil
	}
}

// none says that no message waits on Messages.
func (s *scene) none() {
	s.Helper()
	select {
	case m := <-s.client.Messages():
		s.Fatalf("a message has come: %s %q", m.Topic, m.Payload)
	case <-time.After(time.Second):
	}
}

// later runs a blocking call beside the test and gives its error when it comes.
func later(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// waiting fails the test when a call has returned already.
func waiting[T any](t testing.TB, done <-chan T) {
	t.Helper()
	synctest.Wait()
	select {
	case v := <-done:
		t.Fatalf("the call has returned: %v", v)
	default:
	}
}

// outcome waits for a delivery's outcome.
func outcome(t testing.TB, d *mqtt.Delivery) error {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Minute)
	defer stop()
	err := d.Wait(ctx)
	require.NotErrorIs(t, err, context.DeadlineExceeded, "the delivery has no outcome")
	return err
}

// undecided fails the test when a delivery has ended already.
func undecided(t testing.TB, d *mqtt.Delivery) {
	t.Helper()
	synctest.Wait()
	_, ended := d.Result()
	require.False(t, ended, "the delivery has ended")
}

// elapse lets d of the bubble's time go by.
func elapse(d time.Duration) { time.Sleep(d) }
