package mqtt_test

import (
	"context"
	"crypto/tls"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// renaming is a hook that gives each attempt the next name; an empty one leaves it as it is.
func renaming(names ...string) hook {
	return func(_ context.Context, a *mqtt.Attempt) error {
		if names[0] != "" {
			a.ClientID = names[0]
		}
		names = names[1:]
		return nil
	}
}

func TestB066AnotherClientIdentifierIsAnotherSession(t *testing.T) {
	bubble(t, "Contract16 the session begins anew with it, goes on with the same, and is gone when it changes back", func(t *testing.T) {
		s := idle(t, mqtt.Config{ClientID: "c", BeforeConnect: renaming("", "", "x", "x", "")})
		done := s.connecting()
		for i, want := range []struct {
			id    string
			clean bool
		}{{"c", true}, {"c", false}, {"x", true}, {"x", false}, {"c", true}} {
			conn := s.dialled()
			c := conn.Handshake(t, codec.ConnAck{SessionPresent: !want.clean})
			require.Equal(t, []any{want.id, want.clean}, []any{c.ClientID, c.CleanStart}, "connection %d", i)
			if i == 0 {
				require.NoError(t, <-done)
			}
			conn.Close()
		}
	})
	bubble(t, "Contract6 what was in flight ends as with a lost session", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{ClientID: "c", BeforeConnect: renaming("", "x")})
		sent, err := s.client.PublishAsync(t.Context(), message(mqtt.AtLeastOnce, "1"))
		require.NoError(t, err)
		twice, err := s.client.PublishAsync(t.Context(), message(mqtt.ExactlyOnce, "2"))
		require.NoError(t, err)
		mqtttest.Expect[*codec.Publish](t, conn)
		mqtttest.Expect[*codec.Publish](t, conn)
		conn.Close()
		conn = s.accept()
		p := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, [2]any{"1", false}, [2]any{string(p.Payload), p.Dup})
		require.NoError(t, conn.Send(&codec.PubAck{PacketID: p.PacketID}))
		require.NoError(t, sent.Wait(closing(t, time.Minute)))
		require.ErrorIs(t, twice.Wait(closing(t, time.Minute)), mqtt.ErrUncertain)
		require.Equal(t, [2]int{1, 1}, func() [2]int {
			lost := awaitEvent[mqtt.EventSessionLost](s)
			return [2]int{lost.Republished, lost.Uncertain}
		}())
	})
	bubble(t, "an attempt in vain with another one leaves the session as it is", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{ClientID: "c", BeforeConnect: renaming("", "x", "")})
		conn.Close()
		s.dialled().Close()
		conn = s.dialled()
		require.False(t, conn.Handshake(t, codec.ConnAck{SessionPresent: true}).CleanStart)
	})
	bubble(t, "Receive Maximum leaves room for what is held from the old session", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{ClientID: "c", Ack: mqtt.AckManual, ReceiveMaximum: 10, BeforeConnect: renaming("", "x")})
		s.subscribe(conn, "a/b", mqtt.AtLeastOnce)
		require.NoError(t, conn.Send(incoming(codec.AtLeastOnce, 1, "held")))
		synctest.Wait()
		conn.Close()
		require.EqualValues(t, 9, s.dialled().Handshake(t).Properties.ReceiveMaximum)
	})
	bubble(t, "3.x has no session that goes on", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311, ClientID: "c", BeforeConnect: renaming("", "x")})
		conn.Close()
		require.True(t, s.dialled().Handshake(t).CleanStart)
	})
	bubble(t, "the identifier that a server chose goes on until another one is set", func(t *testing.T) {
		s := idle(t, mqtt.Config{Version: mqtt.V5, NoClientID: true, BeforeConnect: renaming("", "", "x")})
		done := s.connecting()
		assigned := codec.ConnAck{Properties: &codec.ConnAckProperties{AssignedClientIdentifier: "theirs"}}
		conn := s.dialled()
		require.Empty(t, conn.Handshake(t, assigned).ClientID)
		require.NoError(t, <-done)
		conn.Close()
		conn = s.dialled()
		c := conn.Handshake(t, codec.ConnAck{SessionPresent: true})
		require.Equal(t, [2]any{"theirs", false}, [2]any{c.ClientID, c.CleanStart})
		conn.Close()
		c = s.dialled().Handshake(t)
		require.Equal(t, [2]any{"x", true}, [2]any{c.ClientID, c.CleanStart})
	})
	bubble(t, "with a store the session's own identifier goes on", func(t *testing.T) {
		cfg := stored(mqtt.V5, newDisk())
		cfg.BeforeConnect = func(_ context.Context, a *mqtt.Attempt) error {
			a.Username = "u"
			return nil
		}
		s := idle(t, cfg)
		done := s.connecting()
		c := s.dialled().Handshake(t)
		require.Equal(t, [2]any{"u", false}, [2]any{c.Username, c.CleanStart})
		require.NoError(t, <-done)
	})
}

func TestB065AttemptsOfARedirection(t *testing.T) { // §4.11
	bubble(t, "it sees where a server has sent the client, with the credentials of Config", func(t *testing.T) {
		var seen []string
		cfg := anywhere()
		cfg.TLS = &tls.Config{ServerName: "a"}
		cfg.BeforeConnect = func(_ context.Context, a *mqtt.Attempt) error {
			seen = append(seen, a.Server+" "+a.Username+" "+a.TLS.ServerName)
			a.Username += "2"
			return nil
		}
		s := idle(t, cfg)
		done := s.connecting()
		require.Equal(t, "u2", s.sendAway(s.host("a"), forNow, "b").Username)
		require.Equal(t, "u2", s.host("b").Handshake(t).Username)
		require.NoError(t, <-done)
		require.Equal(t, []string{"mqtt://a:1883 u a", "mqtt://b:1883 u "}, seen, "the name in TLS was a's")
	})
	bubble(t, "a reference is read from where the hook had the client go", func(t *testing.T) {
		cfg := anywhere()
		cfg.BeforeConnect = func(_ context.Context, a *mqtt.Attempt) error {
			if a.Server == "mqtt://a:1883" {
				a.Server = "mqtt://x:hush@z"
			}
			return nil
		}
		s := idle(t, cfg)
		done := s.connecting()
		require.Equal(t, "x", s.sendAway(s.host("z"), forNow, "b").Username)
		require.Equal(t, "u", s.host("b").Handshake(t).Username, "what the hook set was for z")
		require.NoError(t, <-done)
		require.Equal(t, mqtt.EventRedirected{From: "mqtt://z:1883", To: "mqtt://b:1883"}, awaitEvent[mqtt.EventRedirected](s))
	})
	bubble(t, "by DISCONNECT, likewise", func(t *testing.T) {
		cfg := anywhere()
		cfg.BeforeConnect = func(_ context.Context, a *mqtt.Attempt) error {
			if a.Server == "mqtt://a:1883" {
				a.Server = "mqtt://z"
			}
			return nil
		}
		s := idle(t, cfg)
		done := s.connecting()
		conn := s.host("z")
		conn.Handshake(t)
		require.NoError(t, <-done)
		s.expel(conn, forNow, "b")
		s.host("b").Handshake(t)
	})
}

func TestB307CertificatesAreChangedBetweenConnections(t *testing.T) {
	ca := newIssuer(t)
	names := make(chan string, 2)
	port, _ := secured(t, &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, "server")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.trust().RootCAs,
		VerifyConnection: func(c tls.ConnectionState) error {
			names <- c.PeerCertificates[0].Subject.CommonName
			return nil
		},
	})
	own := []tls.Certificate{ca.issue(t, "first"), ca.issue(t, "second")}
	client := secure(t, "mqtts://localhost:"+port, mqtt.Config{TLS: ca.trust(), BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
		a.TLS.Certificates, own = own[:1], own[1:]
		return nil
	}})
	require.NoError(t, client.Reconnect(closing(t, 10*time.Second)))
	require.Equal(t, [2]string{"first", "second"}, [2]string{<-names, <-names})
}
