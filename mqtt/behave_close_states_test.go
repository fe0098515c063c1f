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

// stage is a state that a client can be in.
type stage struct {
	name  string
	cfg   mqtt.Config
	reach func(s *scene)
}

// stages brings a client into every state. What it leaves behind ends with the client.
func stages() []stage {
	connecting := func(s *scene) {
		later(func() error { return s.client.Connect(context.Background()) })
		synctest.Wait()
	}
	return []stage{
		{name: "never connected", reach: func(*scene) {}},
		{name: "dialling", reach: func(s *scene) { s.server.HoldDials(true); connecting(s) }},
		{name: "waiting for CONNACK", reach: connecting},
		{name: "waiting to retry the first attempt", cfg: mqtt.Config{RetryFirst: true}, reach: func(s *scene) {
			s.server.RefuseDials(errors.New("away"))
			connecting(s)
		}},
		{name: "after a Connect that failed", reach: func(s *scene) {
			s.server.RefuseDials(errors.New("away"))
			connecting(s)
		}},
		{name: "up", reach: func(s *scene) { s.connect() }},
		{name: "up, at a server that doesn't read", reach: func(s *scene) {
			conn := s.connect()
			conn.Stall()
			for range 10 {
				_, err := s.client.PublishAsync(soon(s.T), message(mqtt.AtMostOnce, string(make([]byte, 60_000))))
				require.NoError(s, err)
			}
			synctest.Wait()
		}},
		{name: "up, at a server that doesn't answer", reach: func(s *scene) {
			conn := s.connect()
			for _, q := range []mqtt.QoS{1, 2} {
				_, err := s.client.PublishAsync(soon(s.T), message(q, ""))
				require.NoError(s, err)
				mqtttest.Expect[*codec.Publish](s, conn)
			}
			s.declare("a")
			mqtttest.Expect[*codec.Subscribe](s, conn)
		}},
		{name: "up, with a consumer that has stopped", reach: func(s *scene) {
			conn := s.connect()
			s.client.Messages()
			flood(s.T, conn, 1, 1, 10)
			flood(s.T, conn, 0, 1, 2000)
		}},
		{name: "up, with a message that is not acknowledged", cfg: mqtt.Config{Ack: mqtt.AckManual}, reach: func(s *scene) {
			conn := s.connect()
			flood(s.T, conn, 1, 1, 1)
			take(s.T, s.client.Messages())
		}},
		{name: "down, waiting to retry", reach: func(s *scene) {
			conn := s.connect()
			s.server.RefuseDials(errors.New("away"))
			conn.Reset()
			elapse(10 * time.Second)
		}},
		{name: "down, dialling", reach: func(s *scene) {
			conn := s.connect()
			s.server.HoldDials(true)
			conn.Reset()
			elapse(10 * time.Second)
		}},
		{name: "down, waiting for CONNACK, with messages in flight and queued", reach: func(s *scene) {
			conn := s.connect()
			for range 2 {
				_, err := s.client.PublishAsync(soon(s.T), message(mqtt.AtLeastOnce, ""))
				require.NoError(s, err)
			}
			mqtttest.Expect[*codec.Publish](s, conn)
			conn.Reset()
			_, err := s.client.PublishAsync(soon(s.T), message(mqtt.ExactlyOnce, ""))
			require.NoError(s, err)
			elapse(10 * time.Second)
		}},
		{name: "never connected, with callers at the door of a full outbox", cfg: mqtt.Config{Outbox: mqtt.Bounds{Messages: 2}}, reach: publishing},
		{name: "never connected, with a full outbox of the size that admits at once", cfg: mqtt.Config{Outbox: mqtt.Bounds{Messages: 2048}}, reach: publishing},
		{name: "down, with callers at the door of a full outbox", cfg: mqtt.Config{Outbox: mqtt.Bounds{Messages: 2}}, reach: func(s *scene) {
			conn := s.connect()
			s.server.RefuseDials(errors.New("away"))
			conn.Reset()
			publishing(s)
		}},
		{name: "never connected, and waiting to be", cfg: mqtt.Config{Offline: mqtt.OfflineWait}, reach: publishing},
		{name: "draining", reach: func(s *scene) {
			conn := s.connect()
			_, err := s.client.PublishAsync(soon(s.T), message(mqtt.AtLeastOnce, ""))
			require.NoError(s, err)
			mqtttest.Expect[*codec.Publish](s, conn)
			s.closes(time.Hour)
			synctest.Wait()
		}},
		{name: "waiting for the server to close", reach: func(s *scene) {
			conn := s.connect()
			s.closes(time.Hour)
			mqtttest.Expect[*codec.Disconnect](s, conn)
		}},
		{name: "ended", reach: func(s *scene) { s.connect(); s.client.Abort() }},
		{name: "ended by the server", reach: func(s *scene) {
			send(s.T, s.connect(), &codec.Disconnect{Code: codec.SessionTakenOver})
			<-s.client.Done()
		}},
	}
}

// publishing has callers publish until there is no room.
func publishing(s *scene) {
	for q := range mqtt.QoS(3) {
		later(func() error {
			for {
				if _, err := s.client.PublishAsync(context.Background(), message(q, "")); err != nil {
					return err
				}
			}
		})
	}
	synctest.Wait()
}

// eachStage runs a subtest for every state and each way to end a client: it says how long that may take. A goroutine that is
// left fails the bubble.
func eachStage(t *testing.T, name string, f func(s *scene, end func() error, within time.Duration)) {
	t.Helper()
	for how, end := range map[string]struct {
		within time.Duration
		call   func(*mqtt.Client) error
	}{
		"Close within 10 s":       {10 * time.Second, func(c *mqtt.Client) error { return c.Close(timed(10 * time.Second)) }},
		"Close that is cut short": {0, func(c *mqtt.Client) error { return c.Close(over()) }},
		"Abort":                   {0, (*mqtt.Client).Abort},
		"CloseWith that is cancelled": {time.Second, func(c *mqtt.Client) error {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			return c.CloseWith(ctx, mqtt.Disconnect{Code: codec.DisconnectWithWill})
		}},
	} {
		for _, st := range stages() {
			bubble(t, name+"/"+how+"/"+st.name, func(t *testing.T) {
				s := idle(t, st.cfg)
				st.reach(s)
				f(s, func() error { return end.call(s.client) }, end.within)
			})
		}
	}
}

// timed is a context of d that nobody cancels.
func timed(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	context.AfterFunc(ctx, cancel)
	return ctx
}

// grace is what an end may take beyond its context: DISCONNECT gets 10 ms to leave in.
const grace = 100 * time.Millisecond

func TestCloseInEveryState(t *testing.T) {
	eachStage(t, "Regression14 B203 B213 it returns within its context", func(s *scene, end func() error, within time.Duration) {
		start := time.Now()
		err := end()
		require.LessOrEqual(s, time.Since(start), within+grace)
		if err != nil {
			require.Empty(s, leftUndone(s.T, err).Hook)
		}
		<-s.client.Done()
		require.Equal(s, mqtt.StateClosed, s.client.State())
	})
	eachStage(t, "Regression14 B215 the channels are closed when it returns", func(s *scene, end func() error, _ time.Duration) {
		end()
		for range s.client.Events() { // what was told, and then the end
		}
		for _, st := range s.client.Stats().Streams {
			ended(s.T, st.Stream.Messages())
		}
		ended(s.T, s.client.Messages())
	})
	eachStage(t, "B211 every call that waits returns", func(s *scene, end func() error, within time.Duration) {
		calls := waiting(s)
		synctest.Wait()
		end()
		synctest.Wait()
		for name, done := range calls {
			select {
			case err := <-done:
				if err != nil && !errors.Is(err, context.Canceled) {
					require.NotErrorIs(s, err, context.DeadlineExceeded, name)
				}
			default:
				s.Errorf("%s still waits", name)
			}
		}
	})
}

// waiting calls everything that can wait.
func waiting(s *scene) map[string]<-chan error {
	ctx := context.Background()
	calls := map[string]func() error{
		"Publish at QoS 0": func() error { return s.client.Publish(ctx, message(0, "")) },
		"Publish at QoS 1": func() error { return s.client.Publish(ctx, message(1, "")) },
		"Publish at QoS 2": func() error { return s.client.Publish(ctx, message(2, "")) },
		"Subscribe":        func() error { _, err := s.client.Subscribe(ctx, mqtt.Subscription{Filter: "a"}); return err },
		"Unsubscribe":      func() error { return s.client.Unsubscribe(ctx, "a") },
		"Stream": func() error {
			_, err := s.client.Stream(ctx, mqtt.StreamConfig{}, mqtt.Subscription{Filter: "b"})
			return err
		},
		"Connect":        func() error { return s.client.Connect(ctx) },
		"AwaitConnected": func() error { return s.client.AwaitConnected(ctx) },
		"Reconnect":      func() error { return s.client.Reconnect(ctx) },
		"Flush":          func() error { return s.client.Flush(ctx) },
		"Messages":       func() error { exhaust(s.client.Messages()); return nil },
		"Events":         func() error { exhaust(s.client.Events()); return nil },
		"All":            func() error { s.client.All(ctx)(func(*mqtt.Received) bool { return true }); return nil },
		"Done":           func() error { <-s.client.Done(); return nil },
		"Close":          func() error { s.client.Close(ctx); return nil },
	}
	if d, err := s.client.PublishAsync(closing(s.T, time.Second), message(2, "")); err == nil {
		calls["Delivery.Wait"] = func() error { return d.Wait(ctx) }
		calls["Delivery.Done"] = func() error { <-d.Done(); return nil }
	}
	if stream, err := s.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "c"}); err == nil {
		calls["Stream.Ready"] = func() error { _, err := stream.Ready(ctx); return err }
		calls["Stream.Messages"] = func() error { exhaust(stream.Messages()); return nil }
		calls["Stream.All"] = func() error { stream.All(ctx)(func(*mqtt.Received) bool { return true }); return nil }
		other, _ := s.client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: "d"})
		calls["Stream.Close"] = func() error { other.Close(ctx); return nil }
	}
	all := make(map[string]<-chan error)
	for name, call := range calls {
		all[name] = later(call)
	}
	return all
}
