package belt

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/mqtt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestRoom puts messages on a belt that ends one when the test says so.
func TestRoom(t *testing.T) {
	small, large := &mqtt.Message{Payload: make([]byte, 1)}, &mqtt.Message{Payload: make([]byte, bytes+1)}
	for _, c := range []struct {
		name string
		on   []*mqtt.Message
		next *mqtt.Message
		wait int // messages that have to end before there is room
	}{
		{"an empty one", nil, small, 0},
		{"what is larger than all of it goes alone", nil, large, 0},
		{"behind a small one", []*mqtt.Message{small}, small, 0},
		{"a large one behind small ones", []*mqtt.Message{small, small}, large, 2},
		{"a small one behind a large one", []*mqtt.Message{large}, small, 1},
		{"too many", make([]*mqtt.Message, messages), small, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end, n := make(chan struct{}), 0
				b := Start(t.Context(), func(i int, err error) { <-end; n++ })
				for i, m := range c.on {
					if m == nil {
						m = small
					}
					b.Room(m)
					b.PutFailed(i, m, errors.New("not sent"))
				}
				room := make(chan struct{})
				go func() { b.Room(c.next); close(room) }()
				for range c.wait {
					synctest.Wait()
					select {
					case <-room:
						t.Error("there is room before enough have ended")
					default:
					}
					end <- struct{}{}
				}
				<-room
				require.Equal(t, c.wait, n)
				close(end)
				b.Close()
			})
		})
	}
}

func TestOutcomesAfterTheEndOfTheContextHaveItsCause(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	c, err := mqtt.New(mqtt.Config{})
	require.NoError(t, err)
	defer c.Abort()
	m := &mqtt.Message{Topic: "a", QoS: 1}
	d, err := c.PublishAsync(ctx, *m) // it isn't connected
	require.NoError(t, err)
	cancel(why)
	var got []error
	b := Start(ctx, func(_ struct{}, err error) { got = append(got, err) })
	b.Room(m)
	b.Put(struct{}{}, m, d)
	b.Close()
	require.Equal(t, []error{why}, got)
}

func TestAMessageInItsLastSecondIsPublishedWithOne(t *testing.T) {
	for is, want := range map[time.Duration]time.Duration{0: time.Second, 5 * time.Second: 5 * time.Second} {
		had := &mqtt.PublishProperties{MessageExpiryInterval: &is, ContentType: "text"}
		m := mqtt.Message{Properties: had}
		Again(&m)
		require.Equal(t, &mqtt.PublishProperties{MessageExpiryInterval: &want, ContentType: "text"}, m.Properties)
		require.Equal(t, is, *had.MessageExpiryInterval)
	}
}
