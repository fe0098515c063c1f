package mqtt_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// eachMessage runs a benchmark for messages of each QoS and of three sizes, with a client whose server answers all.
func eachMessage(b *testing.B, run func(b *testing.B, client *mqtt.Client, m mqtt.Message)) {
	for q := range mqtt.QoS(3) {
		for _, size := range []int{64, 1024, 64 << 10} {
			b.Run(fmt.Sprintf("qos=%d/size=%d", byte(q), size), func(b *testing.B) {
				client, server := wired(b, mqtt.Config{})
				go server.run()
				b.ReportAllocs()
				b.SetBytes(int64(size))
				run(b, client, mqtt.Message{Topic: "bench/topic", QoS: q, Payload: make([]byte, size)})
				require.NoError(b, client.Flush(context.Background()))
			})
		}
	}
}

// BenchmarkPublish publishes from one goroutine, which waits for each outcome.
func BenchmarkPublish(b *testing.B) {
	eachMessage(b, func(b *testing.B, client *mqtt.Client, m mqtt.Message) {
		ctx := context.Background()
		for b.Loop() {
			if err := client.Publish(ctx, m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPublishMany does the same from 64 goroutines.
func BenchmarkPublishMany(b *testing.B) {
	eachMessage(b, func(b *testing.B, client *mqtt.Client, m mqtt.Message) {
		work := make(chan struct{}, 64)
		crowd := make(chan error, 64)
		for range cap(crowd) {
			go func() {
				var err error
				for range work {
					if e := client.Publish(context.Background(), m); e != nil {
						err = e
					}
				}
				crowd <- err
			}()
		}
		for b.Loop() {
			work <- struct{}{}
		}
		close(work)
		for range cap(crowd) {
			require.NoError(b, <-crowd)
		}
	})
}

// BenchmarkPublishAsync publishes from one goroutine, which waits for none.
func BenchmarkPublishAsync(b *testing.B) {
	eachMessage(b, func(b *testing.B, client *mqtt.Client, m mqtt.Message) {
		ctx := context.Background()
		for b.Loop() {
			if _, err := client.PublishAsync(ctx, m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
