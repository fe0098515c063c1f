package mqtt_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// sendAway answers a CONNECT with 0x9C or 0x9D and a Server Reference.
func (s *scene) sendAway(conn *mqtttest.Conn, code codec.ReasonCode, reference string) codec.Connect {
	s.Helper()
	c := conn.Handshake(s, codec.ConnAck{Code: code, Properties: &codec.ConnAckProperties{ServerReference: reference}})
	conn.Close()
	return *c
}

// expel ends a connection with 0x9C or 0x9D and a Server Reference.
func (s *scene) expel(conn *mqtttest.Conn, code codec.ReasonCode, reference string) {
	s.Helper()
	require.NoError(s, conn.Send(&codec.Disconnect{Code: code, Properties: &codec.DisconnectProperties{ServerReference: reference}}))
	conn.Close()
}

// anywhere is a client of one server that goes where it is sent.
func anywhere() mqtt.Config {
	return mqtt.Config{Servers: []string{"mqtt://u:p@a"}, Redirect: mqtt.RedirectAny, Backoff: mqtt.Backoff{NoJitter: true}}
}

const (
	forNow  = codec.UseAnotherServer
	forGood = codec.ServerMoved
)

func TestB065RedirectionByConnAck(t *testing.T) { // §4.11
	for _, code := range []codec.ReasonCode{forNow, forGood} {
		bubble(t, "the server is dialled at once, and told by error and events: "+code.String(), func(t *testing.T) {
			s := idle(t, anywhere())
			done, start := s.connecting(), time.Now()
			s.sendAway(s.host("a"), code, "b")
			s.host("b").Handshake(t)
			require.NoError(t, <-done)
			require.Zero(t, time.Since(start))
			synctest.Wait()
			all := events(s.client)
			require.Equal(t, []string{"Offline", "Disconnected", "Redirected", "Connected"}, kinds(all))
			failed := as[*mqtt.ConnectError](t, all[1].(mqtt.EventDisconnected).Err)
			require.Equal(t, [2]string{"mqtt://a:1883", "connack"}, [2]string{failed.Server, failed.Stage})
			refusal := as[*mqtt.ReasonError](t, failed)
			require.Equal(t, [2]any{code, "b"}, [2]any{refusal.Code, refusal.ServerReference})
			sent := all[2].(mqtt.EventRedirected)
			require.Equal(t, mqtt.EventRedirected{From: "mqtt://a:1883", To: "mqtt://b:1883", Moved: code == forGood}, sent)
			require.Equal(t, "mqtt://b:1883", all[3].(mqtt.EventConnected).Server)
		})
	}
	bubble(t, "the next name is tried when the first fails, then the configured servers", func(t *testing.T) {
		cfg := anywhere()
		cfg.Servers = []string{"mqtt://a", "mqtt://z"}
		s := idle(t, cfg)
		done := s.connecting()
		s.sendAway(s.host("a"), forNow, "b  c")
		s.host("b").Close()
		s.host("c").Close()
		s.host("z").Handshake(t)
		require.NoError(t, <-done)
	})
	bubble(t, "in vain: Connect fails, and begins with the configured server when it is called again", func(t *testing.T) {
		s := idle(t, anywhere())
		done := s.connecting()
		s.sendAway(s.host("a"), forGood, "b")
		s.host("b").Close()
		require.Error(t, <-done)
		s.noDial(time.Hour)
		done = s.connecting()
		s.host("a").Handshake(t)
		require.NoError(t, <-done)
	})
	bubble(t, "0x9C: the configured server is tried again after the connection", func(t *testing.T) {
		s := idle(t, anywhere())
		s.connecting()
		s.sendAway(s.host("a"), forNow, "b")
		conn := s.host("b")
		conn.Handshake(t)
		conn.Close()
		s.host("a").Handshake(t)
	})
	bubble(t, "0x9D: it isn't", func(t *testing.T) {
		s := idle(t, anywhere())
		s.connecting()
		s.sendAway(s.host("a"), forGood, "b")
		for range 3 {
			conn := s.host("b")
			conn.Handshake(t)
			conn.Close()
		}
	})
	bubble(t, "0x9D and then 0x9C: the second server has the first one's place, the third none", func(t *testing.T) {
		s := idle(t, anywhere())
		s.connecting()
		s.sendAway(s.host("a"), forGood, "b")
		s.sendAway(s.host("b"), forNow, "c")
		conn := s.host("c")
		conn.Handshake(t)
		conn.Close()
		s.host("b").Handshake(t)
	})
	bubble(t, "further redirections wait, a loop ends in an error, and Backoff goes on", func(t *testing.T) {
		cfg := anywhere()
		cfg.RetryFirst = true
		s := idle(t, cfg)
		s.connecting()
		start := time.Now()
		var when []time.Duration
		for _, hop := range [][2]string{{"a", "b"}, {"b", "a"}, {"a", "b"}, {"b", "a"}, {"a", "b"}} {
			conn := s.host(hop[0])
			when = append(when, time.Since(start)/time.Second)
			s.sendAway(conn, forNow, hop[1])
		}
		s.host("a").Handshake(t)
		require.Equal(t, []time.Duration{0, 0, 1, 3, 7}, when)
		require.Equal(t, 15*time.Second, time.Since(start))
		told := eventsOf[mqtt.EventReconnecting](events(s.client))
		err := as[*mqtt.ConnectError](t, told[len(told)-1].Err)
		require.ErrorIs(t, err, mqtt.ErrRedirects)
		require.ErrorIs(t, err, forNow)
		require.ErrorContains(t, err, "connect mqtt://a:1883: connack: sent from server to server too often: CONNACK: use another server (0x9C)")
	})
	bubble(t, "a loop fails a Connect that doesn't retry", func(t *testing.T) {
		s := idle(t, anywhere())
		done := s.connecting()
		for _, hop := range [][2]string{{"a", "b"}, {"b", "a"}, {"a", "b"}, {"b", "a"}, {"a", "b"}} {
			s.sendAway(s.host(hop[0]), forGood, hop[1])
		}
		err := <-done
		require.ErrorIs(t, as[*mqtt.ConnectError](t, err), mqtt.ErrRedirects)
		s.noDial(time.Hour)
	})
	bubble(t, "without reconnecting the first is followed, and no second", func(t *testing.T) {
		cfg := anywhere()
		cfg.Backoff = mqtt.Backoff{Attempts: -1}
		s := idle(t, cfg)
		done := s.connecting()
		s.sendAway(s.host("a"), forNow, "b")
		s.sendAway(s.host("b"), forNow, "c")
		require.ErrorIs(t, <-done, forNow)
		s.noDial(time.Hour)
	})
	bubble(t, "a version that the other server doesn't know is lowered there", func(t *testing.T) {
		s := idle(t, anywhere())
		s.connecting()
		s.sendAway(s.host("a"), forNow, "b")
		s.host("b").Handshake(t, codec.ConnAck{Code: codec.UnsupportedProtocolVersion})
		conn := s.host("b")
		require.Equal(t, codec.V311, conn.Handshake(t).Version)
		conn.Close()
		require.Equal(t, codec.V5, s.host("a").Handshake(t).Version)
	})
	bubble(t, "Close ends a client that waits to go on", func(t *testing.T) {
		s := idle(t, anywhere())
		done := s.connecting()
		s.sendAway(s.host("a"), forNow, "b")
		s.sendAway(s.host("b"), forNow, "c")
		synctest.Wait()
		require.NoError(t, s.client.Close(closing(t, time.Minute)))
		require.ErrorIs(t, <-done, mqtt.ErrClosed)
	})
}

func TestB065RedirectionNotFollowed(t *testing.T) {
	for name, c := range map[string]struct {
		redirect  mqtt.Redirect
		servers   []string
		reference string
	}{
		"no reference":                      {mqtt.RedirectAny, []string{"mqtt://a"}, ""},
		"a reference that names nobody":     {mqtt.RedirectAny, []string{"mqtt://a"}, "  "},
		"one that can't be read":            {mqtt.RedirectAny, []string{"mqtt://a"}, "b:x"},
		"one that is too long":              {mqtt.RedirectAny, []string{"mqtt://a"}, strings.Repeat("b.", 30_000)},
		"another transport":                 {mqtt.RedirectAny, []string{"mqtt://a"}, "unix:///run/docker.sock ws://b"},
		"the server itself":                 {mqtt.RedirectAny, []string{"mqtt://a"}, "A:1883"},
		"by default, one that isn't listed": {mqtt.RedirectListed, []string{"mqtt://a"}, "b"},
		"by default, another port":          {mqtt.RedirectListed, []string{"mqtt://a"}, "a:1884"},
		"RedirectOff":                       {mqtt.RedirectOff, []string{"mqtt://a"}, "b"},
	} {
		bubble(t, name+": the attempt has failed, and Backoff goes on", func(t *testing.T) {
			s := idle(t, mqtt.Config{Servers: c.servers, Redirect: c.redirect, RetryFirst: true, Backoff: mqtt.Backoff{NoJitter: true}})
			s.connecting()
			s.sendAway(s.host("a"), forNow, c.reference)
			took, _ := s.gap()
			require.Equal(t, time.Second, took)
			all := events(s.client)
			require.Empty(t, eventsOf[mqtt.EventRedirected](all))
			err := eventsOf[mqtt.EventReconnecting](all)[0].Err
			require.ErrorIs(t, err, forNow)
			require.NotErrorIs(t, err, mqtt.ErrRedirects)
		})
	}
	bubble(t, "what can't be followed is left out of what can, and of more than eight names the rest", func(t *testing.T) {
		s := idle(t, anywhere())
		done := s.connecting()
		s.sendAway(s.host("a"), forNow, "x:y b ws://c d e f g h i")
		for _, name := range []string{"b", "d", "e", "f", "g", "h"} {
			s.host(name).Close()
		}
		require.Error(t, <-done)
		require.Equal(t, 7, s.server.Dials())
	})
	bubble(t, "a reference beside a success isn't followed, and can be read", func(t *testing.T) {
		s, conn := up(t, anywhere(), codec.ConnAck{Properties: &codec.ConnAckProperties{ServerReference: "b"}})
		ack, _ := s.client.ConnAck()
		require.Equal(t, "b", ack.ServerReference)
		s.works(conn)
		require.Equal(t, 1, s.server.Dials())
	})
	bubble(t, "3.1.1 has no such code", func(t *testing.T) {
		cfg := anywhere()
		cfg.Version = mqtt.V311
		s := idle(t, cfg)
		done := s.connecting()
		conn := s.host("a")
		mqtttest.Expect[*codec.Connect](t, conn)
		require.NoError(t, conn.SendBytes([]byte{0x20, 2, 0, 0x9c}))
		err := <-done
		require.Error(t, err)
		require.False(t, errors.Is(err, forNow), "%v", err)
		require.Equal(t, 1, s.server.Dials())
	})
	bubble(t, "a Connect whose caller has gone follows nobody", func(t *testing.T) {
		s := idle(t, anywhere())
		ctx, stop := context.WithCancel(t.Context())
		done := later(func() error { return s.client.Connect(ctx) })
		conn := s.host("a")
		synctest.Wait()
		stop()
		require.ErrorIs(t, <-done, context.Canceled)
		conn.Close()
		s.noDial(time.Hour)
	})
}
