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
func taking(t *testing.T, f Flags) (chan<- *mqtt.Received, <-chan []Item, *taker) {
	messages, batches := make(chan *mqtt.Received), make(chan []Item)
	it := &taker{flags: &f, in: messages, out: batches}
	go it.run(t.Context())
	return messages, batches, it
}

// TestIdleDoesNotCountWhileNobodyListens has who takes the batches stand still for longer than --idle while messages wait.
func TestIdleDoesNotCountWhileNobodyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out, it := taking(t, Flags{Idle: app.Seconds(5 * time.Second)})
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
