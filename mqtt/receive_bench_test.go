package mqtt_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// prepared is a message as a server sends it.
func prepared(tb testing.TB, q mqtt.QoS, size int) *codec.Prepared {
	p := new(codec.Prepared)
	require.NoError(tb, p.Set(&codec.Publish{QoS: codec.QoS(q), Topic: "bench/topic", Payload: make([]byte, size)}))
	return p
}

// BenchmarkReceive takes messages from Messages while a server sends them as fast as they are taken.
func BenchmarkReceive(b *testing.B) {
	for q := range mqtt.QoS(3) {
		for _, size := range []int{64, 1024, 64 << 10} {
			b.Run(fmt.Sprintf("qos=%d/size=%d", byte(q), size), func(b *testing.B) {
				client, server := wired(b, mqtt.Config{})
				messages := client.Messages()
				p := prepared(b, q, size)
				go server.flood(math.MaxInt, p)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					<-messages
				}
			})
		}
	}
}
