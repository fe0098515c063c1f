package mqtttest_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// BenchmarkBrokerReceive is what a publisher gets through a Broker that answers, 64 messages a write.
func BenchmarkBrokerReceive(b *testing.B) {
	for q := range codec.QoS(3) {
		b.Run(fmt.Sprintf("qos=%d/size=64", q), func(b *testing.B) {
			broker := broker(b)
			c, _ := connect(b, broker, codec.V5, "me")
			payload := string(make([]byte, 64))
			var bytes []byte
			for id := range uint16(64) {
				p := publish(q, 0, "a/b/c", payload)
				if q > 0 {
					p.PacketID = id + 1
				}
				bytes, _ = p.Append(bytes, codec.V5)
			}
			for id := range uint16(64) {
				if q == 2 {
					bytes, _ = (&codec.PubRel{PacketID: id + 1}).Append(bytes, codec.V5)
				}
			}
			answers := make([]byte, []int{0, 4, 8}[q]*64)
			b.ReportAllocs()
			b.SetBytes(64)
			left := 0
			for b.Loop() {
				if left--; left > 0 {
					continue
				}
				left = 64
				_, err := c.conn.Write(bytes)
				require.NoError(b, err)
				_, err = io.ReadFull(c.conn, answers)
				require.NoError(b, err)
				broker.TakeReceived()
			}
		})
	}
}

// BenchmarkPipe is a write of one end and a read of the other.
func BenchmarkPipe(b *testing.B) {
	for _, size := range []int{64, 4096} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			p, q := mqtttest.Pipe(mqtttest.DefaultPipeSize)
			defer p.Close()
			defer q.Close()
			buf := make([]byte, size)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				p.Write(buf)
				q.Read(buf)
			}
		})
	}
}
