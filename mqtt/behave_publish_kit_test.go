package mqtt_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// keptSession is a configuration whose session outlives its connections on every version.
func keptSession(v mqtt.Version) mqtt.Config {
	return mqtt.Config{Version: v, Session: mqtt.SessionDurable, ClientID: "kept"}
}

// async admits a message for a/b, and fails the test when it isn't admitted at once.
func (s *scene) async(qos mqtt.QoS, payload string) *mqtt.Delivery {
	s.Helper()
	return s.asyncMessage(message(qos, payload))
}

func (s *scene) asyncMessage(m mqtt.Message) *mqtt.Delivery {
	s.Helper()
	ctx, stop := context.WithTimeout(s.Context(), time.Millisecond)
	defer stop()
	d, err := s.client.PublishAsync(ctx, m)
	require.NoError(s, err)
	return d
}

// inFlight publishes a message and takes it at the server, which doesn't answer.
func (s *scene) inFlight(conn *mqtttest.Conn, qos mqtt.QoS, payload string) (*mqtt.Delivery, *codec.Publish) {
	s.Helper()
	d := s.async(qos, payload)
	return d, expectPayload(s, conn, payload)
}

// refill brings up the next connection as a server does that announces properties.
func (s *scene) refill(present bool, properties *codec.ConnAckProperties) *mqtttest.Conn {
	s.Helper()
	return s.accept(codec.ConnAck{SessionPresent: present, Properties: properties})
}

// announcing is a CONNACK with properties.
func announcing(properties codec.ConnAckProperties) codec.ConnAck {
	return codec.ConnAck{Properties: &properties}
}

// expectNow is Expect for what must be there at once: nothing waits until some timer of the client's moves it.
func expectNow[P codec.Packet](t testing.TB, conn *mqtttest.Conn) P {
	t.Helper()
	start := time.Now()
	p := mqtttest.Expect[P](t, conn)
	require.Zero(t, time.Since(start), "it came late")
	return p
}

// expectPayload takes the next packet, which must be a PUBLISH with that payload.
func expectPayload(t testing.TB, conn *mqtttest.Conn, payload string) *codec.Publish {
	t.Helper()
	p := expectNow[*codec.Publish](t, conn)
	require.Equal(t, payload, string(p.Payload))
	return p
}

// expectRelease takes the next packet, which must be a PUBREL with that identifier.
func expectRelease(t testing.TB, conn *mqtttest.Conn, id uint16) *codec.PubRel {
	t.Helper()
	p := expectNow[*codec.PubRel](t, conn)
	require.Equal(t, id, p.PacketID)
	return p
}

// quiet says that nothing comes for a while, as long as no timer of the client is due.
func quiet(t testing.TB, conn *mqtttest.Conn) {
	t.Helper()
	conn.ExpectNothing(t, time.Second)
}

// reply sends packets from the server.
func reply(t testing.TB, conn *mqtttest.Conn, packets ...codec.Packet) {
	t.Helper()
	require.NoError(t, conn.Send(packets...))
}

// outcomeOf waits for a delivery's outcome.
func outcomeOf(t testing.TB, d *mqtt.Delivery) error {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Minute)
	defer stop()
	err := d.Wait(ctx)
	require.NotErrorIs(t, err, context.DeadlineExceeded, "the delivery has no outcome")
	return err
}

// openDelivery fails the test when a delivery has ended already.
func openDelivery(t testing.TB, d *mqtt.Delivery) {
	t.Helper()
	synctest.Wait()
	_, ended := d.Result()
	require.False(t, ended, "the delivery has ended")
}

// outcomes are the sentinels that tell what became of an admitted message; each bad end is exactly one of them or a refusal.
var outcomes = []error{mqtt.ErrNotSent, mqtt.ErrUncertain, mqtt.ErrKept}

// requireOnly checks that err is one outcome, and not another beside it.
func requireOnly(t testing.TB, err, want error) {
	t.Helper()
	require.ErrorIs(t, err, want)
	for _, other := range outcomes {
		if other != want {
			require.NotErrorIs(t, err, other)
		}
	}
}

// refusedWith gives the *ReasonError of a refusal, which must be no other outcome.
func refusedWith(t testing.TB, err error, code codec.ReasonCode) *mqtt.ReasonError {
	t.Helper()
	refusal, ok := errors.AsType[*mqtt.ReasonError](err)
	require.True(t, ok, "%v is no *ReasonError", err)
	require.ErrorIs(t, err, code)
	for _, other := range outcomes {
		require.NotErrorIs(t, err, other)
	}
	return refusal
}

// stuck has the server stop reading, with room for no more than n bytes on their way.
func stuck(conn *mqtttest.Conn, n int) {
	conn.Pipe().In().SetSize(n)
	conn.Stall()
}

// unstuck ends stuck.
func unstuck(conn *mqtttest.Conn) {
	conn.Pipe().In().SetSize(mqtttest.DefaultPipeSize)
	conn.Resume()
}

// numbered gives a short payload that tells its number.
func numbered(i int) string { return fmt.Sprintf("m%d", i) }

// brokered has a whole broker behind the scene's client.
func brokered(t *testing.T, cfg mqtt.Config, broker mqtttest.BrokerConfig) (*scene, *mqtttest.Broker) {
	t.Helper()
	s := idle(t, cfg)
	broker.Server = s.server
	b := mqtttest.NewBroker(broker)
	t.Cleanup(b.Close)
	require.NoError(t, s.client.Connect(t.Context()))
	return s, b
}
