package mqtt_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// What the client takes for a message of 64 bytes on the hot path, in all of its goroutines, counted over 10,000 of them. What is
// taken once for many isn't a message's: the buffer of a large write, a list that grows with a burst, a pool's first records.

// few is what that may be for each message, and less than one allocation more.
const few = 0.5

func TestPublishingTakesNoMemory(t *testing.T) {
	for q := range mqtt.QoS(3) {
		t.Run(fmt.Sprint(q), func(t *testing.T) {
			client, server := wired(t, mqtt.Config{})
			go server.run()
			m := mqtt.Message{Topic: "bench/topic", QoS: q, Payload: make([]byte, 64)}
			require.Less(t, countRounds(t, client, func(ctx context.Context) error { return client.Publish(ctx, m) }), few+slack)
		})
	}
}

// A message takes its Delivery and the channel that tells its end.
func TestPublishingAsyncTakesMemory(t *testing.T) {
	for q := range mqtt.QoS(3) {
		t.Run(fmt.Sprint(q), func(t *testing.T) {
			client, server := wired(t, mqtt.Config{})
			go server.run()
			m := mqtt.Message{Topic: "bench/topic", QoS: q, Payload: make([]byte, 64)}
			require.Less(t, countRounds(t, client, func(ctx context.Context) error {
				_, err := client.PublishAsync(ctx, m)
				return err
			}), 2+few+slack)
		})
	}
}

// countRounds counts for one publish. No more than 100 are open at once, so that pools have records for all after a while.
func countRounds(t *testing.T, client *mqtt.Client, publish func(context.Context) error) float64 {
	const n = 100
	ctx := context.Background()
	return allocations(100, func() {
		for range n {
			require.NoError(t, publish(ctx))
		}
		require.NoError(t, client.Flush(ctx))
	}) / n
}

// A message takes what the application is handed. Payloads share theirs, until they are large. One that comes alone takes a place in
// an empty inbox, too.
func TestReceivingTakesMemory(t *testing.T) {
	for q := range mqtt.QoS(3) {
		for together, most := range map[int]float64{1_000: 1, 1: 2} {
			t.Run(fmt.Sprintf("%v/%d", q, together), func(t *testing.T) {
				client, server := wired(t, mqtt.Config{})
				messages, p := client.Messages(), prepared(t, q, 64)
				orders, sent := make(chan struct{}), make(chan struct{})
				go func() {
					for range orders {
						server.flood(together, p)
						sent <- struct{}{}
					}
				}()
				defer close(orders)
				require.Less(t, allocations(10_000/together, func() {
					orders <- struct{}{}
					for range together {
						<-messages
					}
					<-sent
				})/float64(together), most+few+slack)
			})
		}
	}
}
