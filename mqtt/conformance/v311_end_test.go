package conformance

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// end311 is about DISCONNECT: chapter 3.14.
var end311 = rows{
	"MQTT-3.14.1-1": func(s *scene) {
		for name, end := range map[string]func(p *pair) error{
			"Close": func(p *pair) error { return p.client.Close(p.soon()) },
			"CloseWith": func(p *pair) error {
				return p.client.CloseWith(p.soon(), mqtt.Disconnect{ReasonString: "left out on 3.1.1"})
			},
			"Reconnect": func(p *pair) error { return p.client.Reconnect(p.soon()) },
		} {
			p, l := wired(s, mqtt.Config{})
			ended := later(func() error { return end(p) })
			l.hears("E0 00")
			l.cut()
			if name == "Reconnect" {
				p.answered(accepted)
			}
			require.NoError(s, <-ended, name)
		}
		p, l := wired(s, mqtt.Config{}) // what has the will sent has no DISCONNECT here
		ended := later(func() error { return p.client.CloseWith(p.soon(), mqtt.Disconnect{Code: codec.DisconnectWithWill}) })
		l.shut("DisconnectWithWill")
		require.NoError(s, <-ended)
	},
	"MQTT-3.14.4-1": func(s *scene) {
		p, l := wired(s, mqtt.Config{})
		ended := later(func() error { return p.client.Close(p.soon()) })
		l.farewell() // the server doesn't close first
		require.NoError(s, <-ended)
		p, l = wired(s, mqtt.Config{})
		again := later(func() error { return p.client.Reconnect(p.soon()) })
		l.farewell()
		p.answered(accepted)
		require.NoError(s, <-again)
	},
	"MQTT-3.14.4-2": func(s *scene) {
		for round := range 30 {
			p, l := wired(s, mqtt.Config{KeepAlive: time.Second})
			var racing sync.WaitGroup
			for range 4 {
				racing.Go(func() {
					for i := range 100 {
						if _, err := p.client.PublishAsync(p.Context(), mqtt.Message{Topic: "a", QoS: mqtt.QoS(i % 2)}); err != nil {
							return
						}
					}
				})
			}
			racing.Go(func() {
				for m := range p.client.Messages() {
					m.Ack()
				}
			})
			racing.Go(func() {
				for i := range 50 {
					l.conn.SendBytes(bytesOf(published(0x32, "a", 1+i, "")))
				}
			})
			elapse(time.Duration(round) * 40 * time.Millisecond)
			ended := later(func() error { return p.client.Close(p.soon()) })
			over := false
			for {
				b, err := l.read(time.Minute)
				if err != nil {
					require.ErrorIs(s, err, io.EOF)
					break
				}
				require.False(s, over, "after DISCONNECT: % X", b)
				switch over = b[0] == 0xE0; {
				case b[0]&0xF6 == 0x32:
					l.says(packetOf(0x40, identifier(b)))
				case b[0] == 0xC0:
					l.says("D0 00")
				}
			}
			require.True(s, over)
			l.cut()
			<-ended
			racing.Wait()
		}
	},
}

// outside311 needs sockets.
var outside311 = outside{
	"MQTT-7.1.2-1": func(t *testing.T, v mqtt.Version) {
		// Over TCP, as it is without a Dialer. A Dialer's comment says that it must give an ordered, lossless stream.
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
		defer b.Close()
		var joined sync.WaitGroup
		defer joined.Wait()
		joined.Go(func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			inner, err := b.DialContext(t.Context(), "tcp", "broker")
			if err != nil {
				return
			}
			defer inner.Close()
			var both sync.WaitGroup
			both.Go(func() { io.Copy(inner, conn); inner.Close() })
			both.Go(func() { io.Copy(conn, inner); conn.Close() })
			both.Wait()
		})
		client, err := mqtt.Connect(t.Context(), "mqtt://"+listener.Addr().String(), mqtt.Config{Version: v})
		require.NoError(t, err)
		defer client.Abort()
		stream, err := client.Stream(t.Context(), mqtt.StreamConfig{}, mqtt.Subscription{Filter: "a", QoS: 2})
		require.NoError(t, err)
		payload := make([]byte, 300_000)
		for i := range payload {
			payload[i] = byte(i * i >> 7)
		}
		for qos := range mqtt.QoS(3) {
			require.NoError(t, client.Publish(t.Context(), mqtt.Message{Topic: "a", QoS: qos, Payload: payload}))
			require.Equal(t, payload, (<-stream.Messages()).Payload)
		}
		require.NoError(t, client.Close(t.Context()))
	},
}
