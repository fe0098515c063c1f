package mqtt_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestContract15Reconnecting(t *testing.T) {
	both(t, "Contract15 the client reconnects by itself, with doubling delays of which a half is random", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		for n := range 6 {
			conn.Close()
			var took time.Duration
			took, conn = s.gap()
			between(t, time.Second<<n, took)
		}
		s.works(conn)
	})
	bubble(t, "Contract15 the delay is forgotten only after a connection has lived a while", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{NoJitter: true}})
		for _, c := range []struct{ lived, delay time.Duration }{{0, 1}, {5, 2}, {10, 4}, {29, 8}, {30, 1}, {0, 2}, {40, 1}} {
			elapse(c.lived * time.Second)
			conn.Close()
			var took time.Duration
			took, conn = s.gap()
			require.Equal(t, c.delay*time.Second, took, "after a life of %v", c.lived*time.Second)
		}
	})
	for _, c := range []struct {
		name    string
		version mqtt.Version
		codes   []codec.ReasonCode
	}{
		{"5.0", mqtt.V5, []codec.ReasonCode{
			codec.BadUserNameOrPassword, codec.NotAuthorized, codec.Banned, codec.UnsupportedProtocolVersion, codec.ClientIdentifierNotValid,
		}},
		{"3.1.1", mqtt.V311, []codec.ReasonCode{
			codec.UnsupportedProtocolVersion, codec.ClientIdentifierNotValid, codec.BadUserNameOrPassword, codec.NotAuthorized,
		}},
	} {
		for _, code := range c.codes {
			bubble(t, "Contract15 "+c.name+" doesn't retry, ends and says why: "+code.String(), func(t *testing.T) {
				s, conn := up(t, mqtt.Config{Version: c.version})
				conn.Close()
				s.refuse(code)
				require.ErrorIs(t, s.ended(), code)
				all := events(s.client)
				require.ErrorIs(t, all[len(all)-1].(mqtt.EventClosed).Err, code)
				s.noDial(24 * time.Hour)
			})
		}
	}
	bubble(t, "Contract15 an unsupported version of VersionAuto is tried again", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		conn.Close()
		for _, v := range []codec.Version{codec.V5, codec.V311, codec.V31} {
			s.refuseVersion(v)
		}
		s.acceptVersion(codec.V5)
		require.NoError(t, s.client.AwaitConnected(t.Context()))
	})
	bubble(t, "Contract15 the client doesn't fight after Session Taken Over", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		require.NoError(t, conn.Send(&codec.Disconnect{Code: codec.SessionTakenOver}))
		require.ErrorIs(t, s.ended(), codec.SessionTakenOver)
		s.noDial(24 * time.Hour)
	})
}

func TestContract16Sessions(t *testing.T) {
	never := uint32(0xFFFFFFFF)
	for _, c := range []struct {
		name          string
		cfg           mqtt.Config
		first, second bool    // clean
		expiry        *uint32 // of both CONNECTs
		end           *uint32 // of the DISCONNECT of Close
	}{
		{"5.0 as long as the client", mqtt.Config{Version: mqtt.V5}, true, false, new(uint32(300)), new(uint32(0))},
		{
			"5.0 as long as the client, its own expiry", mqtt.Config{Version: mqtt.V5, SessionExpiry: 7 * time.Second},
			true, false, new(uint32(7)), new(uint32(0)),
		},
		{"5.0 as long as the connection", mqtt.Config{Version: mqtt.V5, Session: mqtt.SessionConnection}, true, true, nil, nil},
		{"5.0 durable", mqtt.Config{Version: mqtt.V5, Session: mqtt.SessionDurable, ClientID: "c"}, false, false, &never, nil},
		{"3.1.1 as long as the client", mqtt.Config{Version: mqtt.V311}, true, true, nil, nil},
		{"3.1.1 as long as the connection", mqtt.Config{Version: mqtt.V311, Session: mqtt.SessionConnection}, true, true, nil, nil},
		{"3.1.1 durable", mqtt.Config{Version: mqtt.V311, Session: mqtt.SessionDurable, ClientID: "c"}, false, false, nil, nil},
	} {
		bubble(t, "Contract16 "+c.name, func(t *testing.T) {
			s := idle(t, c.cfg)
			done := s.connecting()
			conn := s.dialled()
			said := conn.Handshake(t)
			require.NoError(t, <-done)
			require.Equal(t, c.first, said.CleanStart)
			require.Equal(t, c.expiry, expiryOf(said))
			conn.Close()
			conn = s.dialled()
			said = conn.Handshake(t)
			require.NoError(t, s.client.AwaitConnected(t.Context()))
			require.Equal(t, c.second, said.CleanStart)
			require.Equal(t, c.expiry, expiryOf(said))
			ended := later(func() error { return s.client.Close(closing(t, time.Minute)) })
			d := mqtttest.Expect[*codec.Disconnect](t, conn)
			conn.Close()
			require.NoError(t, <-ended)
			if c.end == nil {
				require.Nil(t, d.Properties)
			} else {
				require.Equal(t, &codec.DisconnectProperties{SessionExpiryInterval: c.end}, d.Properties)
			}
		})
	}
	bubble(t, "Contract16 the session begins with the first CONNACK that accepts, not with the first CONNECT", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true})
		s.connecting()
		for range 3 {
			conn := s.dialled()
			require.True(t, mqtttest.Expect[*codec.Connect](t, conn).CleanStart)
			conn.Close()
		}
	})
	bubble(t, "Contract16 CloseWith may leave the session", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := later(func() error { return s.client.CloseWith(t.Context(), mqtt.Disconnect{SessionExpiry: new(time.Hour)}) })
		require.Equal(t, &codec.DisconnectProperties{SessionExpiryInterval: new(uint32(3600))},
			mqtttest.Expect[*codec.Disconnect](t, conn).Properties)
		conn.Close()
		require.NoError(t, <-done)
	})
	bubble(t, "Contract16 CONNACK says otherwise: no session outlives the connection", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{}, codec.ConnAck{Properties: &codec.ConnAckProperties{SessionExpiryInterval: new(uint32(0))}})
		ack, _ := s.client.ConnAck()
		require.Zero(t, ack.SessionExpiry)
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.ExactlyOnce, "hi")) })
		mqtttest.Expect[*codec.Publish](t, conn)
		conn.Close()
		synctest.Wait()
		require.ErrorIs(t, within(t, time.Millisecond, done), mqtt.ErrUncertain)
	})
	bubble(t, "Contract16 3.x: what is subscribed is restored by the client", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Version: mqtt.V311})
		s.subscribe(conn, "a/b", mqtt.AtLeastOnce)
		conn.Close()
		conn = s.accept()
		p := mqtttest.Expect[*codec.Subscribe](t, conn)
		require.Equal(t, []codec.Subscription{{Filter: "a/b", QoS: codec.AtLeastOnce}}, p.Subscriptions)
	})
}

func expiryOf(c *codec.Connect) *uint32 {
	if c.Properties == nil {
		return nil
	}
	return c.Properties.SessionExpiryInterval
}
