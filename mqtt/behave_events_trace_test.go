package mqtt_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestTrace(t *testing.T) {
	both(t, "B076 a packet is seen before it is written", func(t *testing.T, v mqtt.Version) {
		var conn *mqtttest.Conn
		unread := map[string]int{}
		s := idle(t, mqtt.Config{Version: v, Trace: &mqtt.Trace{PacketSent: func(p mqtt.PacketInfo) {
			if conn != nil {
				unread[p.Type] = conn.Pipe().In().Buffered()
			}
		}}})
		conn = s.connect()
		require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "hi")))
		s.told()
		require.Positive(t, conn.Pipe().In().Buffered())
		require.Equal(t, map[string]int{"PUBLISH": 0}, unread)
	})
	both(t, "B076 a packet is seen before it is acted upon", func(t *testing.T, v mqtt.Version) {
		var done <-chan struct{}
		early := false
		s, conn := up(t, mqtt.Config{Version: v, Trace: &mqtt.Trace{PacketReceived: func(p mqtt.PacketInfo) {
			if p.Type == "PUBACK" {
				select {
				case <-done:
				default:
					early = true
				}
			}
		}}})
		d, err := s.client.PublishAsync(t.Context(), message(mqtt.AtLeastOnce, "hi"))
		require.NoError(t, err)
		done = d.Done()
		p := mqtttest.Expect[*codec.Publish](t, conn)
		require.NoError(t, conn.Send(&codec.PubAck{PacketID: p.PacketID}))
		require.NoError(t, d.Wait(t.Context()))
		require.True(t, early)
	})
	both(t, "B077 SUBSCRIBE out, SUBACK and PUBLISH in, with full fields", func(t *testing.T, v mqtt.Version) {
		var sent, received []mqtt.PacketInfo
		s, conn := up(t, mqtt.Config{Version: v, Trace: &mqtt.Trace{
			PacketSent:     func(p mqtt.PacketInfo) { sent = append(sent, p) },
			PacketReceived: func(p mqtt.PacketInfo) { received = append(received, p) },
		}})
		s.subscribe(conn, "a/b", mqtt.ExactlyOnce)
		in := incoming(codec.AtLeastOnce, 77, "hello")
		in.Dup, in.Retain = true, true
		require.NoError(t, conn.Send(in))
		within(t, time.Minute, s.client.Messages())
		mqtttest.Expect[*codec.PubAck](t, conn)
		synctest.Wait()
		v5 := 0 // bytes of empty properties
		if v == mqtt.V5 {
			v5 = 1
		}
		require.Equal(t, mqtt.PacketInfo{Type: "SUBSCRIBE", Size: 2 + 2 + v5 + 2 + 3 + 1, PacketID: sent[1].PacketID}, sent[1])
		require.NotZero(t, sent[1].PacketID)
		require.Equal(t, []mqtt.PacketInfo{
			{Type: "CONNACK", Size: 4 + v5},
			{Type: "SUBACK", Size: 2 + 2 + v5 + 1, PacketID: sent[1].PacketID},
			{Type: "PUBLISH", Size: 2 + 5 + 2 + v5 + 5, PacketID: 77, Topic: "a/b", QoS: mqtt.AtLeastOnce, Dup: true, Retain: true},
		}, received)
		require.Equal(t, []string{"CONNECT", "SUBSCRIBE", "PUBACK"}, []string{sent[0].Type, sent[1].Type, sent[2].Type})
	})
	bubble(t, "B077 a server's DISCONNECT is seen with its code", func(t *testing.T) {
		var last mqtt.PacketInfo
		s, conn := up(t, mqtt.Config{Trace: &mqtt.Trace{PacketReceived: func(p mqtt.PacketInfo) { last = p }}})
		require.NoError(t, conn.Send(&codec.Disconnect{Code: codec.ServerBusy}))
		s.told()
		require.Equal(t, mqtt.PacketInfo{Type: "DISCONNECT", Size: 3, Code: codec.ServerBusy}, last)
	})
}

func TestSecrets(t *testing.T) {
	both(t, "B078 neither trace, log, events, errors nor statistics hold a password", func(t *testing.T, v mqtt.Version) {
		var seen, log bytes.Buffer
		var one sync.Mutex // trace functions run side by side
		say := func(of any) {
			one.Lock()
			defer one.Unlock()
			fmt.Fprintf(&seen, "%+v %#v\n", of, of)
		}
		s := idle(t, mqtt.Config{
			Version: v, RetryFirst: true, Servers: []string{"mqtt://ann:hush-url@a", "mqtt://bob@b"}, Password: []byte("hush-config"),
			Will:   &mqtt.Will{Topic: "w", Payload: []byte("hush-will")},
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Trace: &mqtt.Trace{
				PacketSent: func(p mqtt.PacketInfo) { say(p) }, PacketReceived: func(p mqtt.PacketInfo) { say(p) },
				TCPStart: func(i mqtt.StageInfo) { say(i) }, TCPDone: func(i mqtt.StageInfo) { say(i) },
			},
		})
		s.server.RefuseDials(errUnreachable)
		done := s.connecting()
		elapse(time.Second)
		s.server.RefuseDials(nil)
		s.refuse(codec.ServerUnavailable)
		conn := s.accept()
		require.NoError(t, <-done)
		require.NoError(t, s.client.Publish(t.Context(), message(mqtt.AtMostOnce, "hush-payload")))
		s.told()
		require.NoError(t, conn.SendBytes([]byte{0, 0}))
		conn.Close()
		s.refuse(codec.BadUserNameOrPassword)
		say(s.ended().Error())
		for _, e := range events(s.client) {
			say(e)
		}
		say(s.client.Stats())
		require.Contains(t, seen.String(), "CONNECT")
		require.NotZero(t, log.Len())
		require.False(t, strings.Contains(seen.String()+log.String(), "hush"), "%s\n%s", &seen, &log)
	})
}
