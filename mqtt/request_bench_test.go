package mqtt_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// BenchmarkRequest asks a scripted server that acknowledges and answers at once, from so many goroutines.
func BenchmarkRequest(b *testing.B) {
	for _, qos := range []mqtt.QoS{mqtt.AtMostOnce, mqtt.AtLeastOnce} {
		for _, waiting := range []int{1, 1000} {
			b.Run(fmt.Sprintf("qos=%d/waiting=%d", byte(qos), waiting), func(b *testing.B) {
				client := oracle(b)
				m := question(qos, "0123456789012345678901234567890123456789012345678901234567890123")
				_, err := client.Request(b.Context(), m)
				require.NoError(b, err)
				work := make(chan struct{}, waiting)
				var crowd sync.WaitGroup
				for range waiting {
					crowd.Go(func() {
						for range work {
							if _, err := client.Request(context.Background(), m); err != nil {
								b.Error(err)
							}
						}
					})
				}
				b.ReportAllocs()
				b.SetBytes(int64(len(m.Payload)))
				for b.Loop() {
					work <- struct{}{}
				}
				close(work)
				crowd.Wait()
			})
		}
	}
}

// oracle is a client whose server answers each request with its payload.
func oracle(t testing.TB) *mqtt.Client {
	server := mqtttest.NewServer()
	client, err := mqtt.New(mqtt.Config{Dialer: server})
	require.NoError(t, err)
	connected := later(func() error { return client.Connect(t.Context()) })
	conn, err := server.Accept(t.Context())
	require.NoError(t, err)
	conn.Handshake(t)
	require.NoError(t, <-connected)
	served := later(func() error { return prophesy(conn) })
	t.Cleanup(func() {
		client.Abort()
		<-served
		server.Close()
	})
	return client
}

func prophesy(conn *mqtttest.Conn) error {
	for {
		packet, err := conn.Read(context.Background())
		if err != nil {
			return err
		}
		switch p := packet.(type) {
		case *codec.Subscribe:
			err = conn.Send(grantOf(p))
		case *codec.Publish:
			answer := answering(p, string(p.Payload))
			if p.QoS == codec.AtMostOnce {
				err = conn.Send(answer)
			} else {
				err = conn.Send(&codec.PubAck{PacketID: p.PacketID}, answer)
			}
		}
		if err != nil {
			return err
		}
	}
}
