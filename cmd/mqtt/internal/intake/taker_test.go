package intake

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// taking starts a taker of messages that the test sends.
func taking(t *testing.T, f Flags, linked <-chan bool) (chan<- *mqtt.Received, <-chan []Item, *taker) {
	messages, batches := make(chan *mqtt.Received), make(chan []Item)
	it := &taker{flags: &f, in: messages, out: batches, linked: linked}
	go it.run(t.Context())
	return messages, batches, it
}

// TestIdleDoesNotCountWithoutAConnection has the connection away for longer than --idle.
func TestIdleDoesNotCountWithoutAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := news{linked: make(chan bool, 1)}
		in, out, it := taking(t, Flags{Idle: app.Seconds(5 * time.Second)}, n.linked)
		n.hear(mqtt.EventDisconnected{})
		time.Sleep(time.Hour)
		n.hear(mqtt.EventDisconnected{}) // an attempt
		n.hear(mqtt.EventConnected{})
		time.Sleep(4 * time.Second)
		in <- new(mqtt.Received)
		require.Len(t, <-out, 1)
		began := time.Now()
		_, more := <-out
		require.False(t, more)
		require.Equal(t, 5*time.Second, time.Since(began))
		require.NoError(t, it.err)
	})
}

// TestIdleDoesNotCountWhileNobodyListens has who takes the batches stand still for longer than --idle while messages wait.
func TestIdleDoesNotCountWhileNobodyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out, it := taking(t, Flags{Idle: app.Seconds(5 * time.Second)}, nil)
		for range batchMessages {
			in <- new(mqtt.Received)
		}
		time.Sleep(time.Hour)
		require.Len(t, <-out, batchMessages)
		time.Sleep(4 * time.Second)
		in <- new(mqtt.Received)
		require.Len(t, <-out, 1)
		began := time.Now()
		_, more := <-out
		require.False(t, more)
		require.Equal(t, 5*time.Second, time.Since(began))
		require.NoError(t, it.err)
	})
}
