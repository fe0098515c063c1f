package mqtt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// connectOf is the CONNECT that a client with cfg sends.
func connectOf(t *testing.T, cfg mqtt.Config) *codec.Connect {
	t.Helper()
	s := idle(t, cfg)
	s.connecting()
	return mqtttest.Expect[*codec.Connect](t, s.dialled())
}

// refusedConfig is the error of New, which nothing was dialled for.
func refusedConfig(t *testing.T, cfg mqtt.Config) *mqtt.ConfigError {
	t.Helper()
	server := mqtttest.NewServer()
	defer server.Close()
	cfg.Dialer = server
	_, err := mqtt.New(cfg)
	require.Zero(t, server.Dials())
	return as[*mqtt.ConfigError](t, err)
}

func TestConnectPacket(t *testing.T) {
	both(t, "B002 the default client id begins with the library's prefix", func(t *testing.T, v mqtt.Version) {
		require.Regexp(t, "^sluice[0-9A-Za-z]{17}$", connectOf(t, mqtt.Config{Version: v}).ClientID)
	})
	bubble(t, "B003 two clients with defaults differ in their ids", func(t *testing.T) {
		require.NotEqual(t, connectOf(t, mqtt.Config{}).ClientID, connectOf(t, mqtt.Config{}).ClientID)
	})
	both(t, "B004 the configured id, verbatim", func(t *testing.T, v mqtt.Version) {
		require.Equal(t, "me/中国 1", connectOf(t, mqtt.Config{Version: v, ClientID: "me/中国 1"}).ClientID)
	})
	both(t, "B005 clean by default", func(t *testing.T, v mqtt.Version) {
		require.True(t, connectOf(t, mqtt.Config{Version: v}).CleanStart)
	})
	both(t, "B006 SessionDurable with an id: not clean, the id is there", func(t *testing.T, v mqtt.Version) {
		c := connectOf(t, mqtt.Config{Version: v, Session: mqtt.SessionDurable, ClientID: "c"})
		require.False(t, c.CleanStart)
		require.Equal(t, "c", c.ClientID)
	})
	t.Run("B007 SessionDurable without an id: New fails before any dial", func(t *testing.T) {
		require.Equal(t, "ClientID", refusedConfig(t, mqtt.Config{Session: mqtt.SessionDurable}).Field)
	})
	both(t, "B008 empty id with clean: zero bytes of id", func(t *testing.T, v mqtt.Version) {
		c := connectOf(t, mqtt.Config{Version: v, NoClientID: true})
		require.Empty(t, c.ClientID)
		require.True(t, c.CleanStart)
	})
	bubble(t, "an empty id that a server of 5.0 gives no name for (3.2.2-16): 0x82, and Connect fails", func(t *testing.T) {
		s := idle(t, mqtt.Config{Version: mqtt.V5, NoClientID: true})
		done := s.connecting()
		conn := s.dialled()
		conn.Handshake(t)
		expectReproach(t, conn, mqtt.V5, 0x82)
		require.Equal(t, "3.2.2-16", as[*mqtt.ProtocolError](t, <-done).Section)
		conn = s.connect(announcing(codec.ConnAckProperties{AssignedClientIdentifier: "a1"}))
		s.works(conn)
	})
	t.Run("B028 keepalive out of range or with a fraction: New fails before any dial", func(t *testing.T) {
		for _, d := range []time.Duration{65_536 * time.Second, 1500 * time.Millisecond, time.Millisecond} {
			require.Equal(t, "KeepAlive", refusedConfig(t, mqtt.Config{KeepAlive: d}).Field, "%v", d)
		}
	})
	bubble(t, "B028 the longest keepalive is sent", func(t *testing.T) {
		require.EqualValues(t, 65_535, connectOf(t, mqtt.Config{KeepAlive: 65_535 * time.Second}).KeepAlive)
	})
}

func TestConnectBytes(t *testing.T) {
	for _, c := range []struct {
		name    string
		version mqtt.Version
		want    string // protocol name, level, flags, keep alive, and on 5.0 the length of the properties
	}{
		{"B023 3.1: MQIsdp, level 3", mqtt.V31, "\x00\x06MQIsdp\x03\x02\x00\x3c"},
		{"B024 3.1.1: MQTT, level 4", mqtt.V311, "\x00\x04MQTT\x04\x02\x00\x3c"},
		{"B024 5.0: MQTT, level 5, a property block", mqtt.V5, "\x00\x04MQTT\x05\x02\x00\x3c\x0d"},
	} {
		bubble(t, c.name, func(t *testing.T) {
			s := idle(t, mqtt.Config{Version: c.version, ClientID: "c"})
			s.connecting()
			raw, err := s.dialled().ReadRaw(t.Context())
			require.NoError(t, err)
			require.Equal(t, byte(0x10), raw[0])
			require.Equal(t, c.want, string(raw[2:2+len(c.want)]))
			require.Equal(t, "\x00\x01c", string(raw[len(raw)-3:]), "the id follows")
		})
	}
}

func TestConnectWill(t *testing.T) {
	will := mqtt.Will{Topic: "last/words", Payload: []byte{0, 1, 255}, QoS: mqtt.ExactlyOnce, Retain: true}
	plain := codec.Will{Topic: "last/words", Payload: []byte{0, 1, 255}, QoS: codec.ExactlyOnce, Retain: true}
	for _, v := range []mqtt.Version{mqtt.V5, mqtt.V311, mqtt.V31} {
		bubble(t, "B025 the will unchanged/v"+v.String(), func(t *testing.T) {
			got := connectOf(t, mqtt.Config{Version: v, Will: &will, ClientID: "c"}).Will
			require.NotNil(t, got)
			got.Properties = nil
			require.Equal(t, plain, *got)
		})
	}
	bubble(t, "B025 the will's properties on 5.0", func(t *testing.T) {
		with := will
		with.Properties = &mqtt.WillProperties{
			WillDelayInterval: 7 * time.Second, PayloadFormatIndicator: 0, MessageExpiryInterval: new(9 * time.Second),
			ContentType: "ct", ResponseTopic: "rt", CorrelationData: []byte{1, 0},
			UserProperties: []mqtt.UserProperty{{Key: "a", Value: "1"}, {Key: "a", Value: "2"}},
		}
		require.Equal(t, codec.WillProperties{
			WillDelayInterval: 7, MessageExpiryInterval: new(uint32(9)), ContentType: "ct", ResponseTopic: "rt",
			CorrelationData: []byte{1, 0}, UserProperties: []codec.UserProperty{{Key: "a", Value: "1"}, {Key: "a", Value: "2"}},
		}, *connectOf(t, mqtt.Config{Will: &with}).Will.Properties)
	})
}

func TestConnectCredentials(t *testing.T) {
	binary := []byte{0, 255, 'p', 0}
	for _, c := range []struct {
		name string
		cfg  mqtt.Config
		want codec.Connect
	}{
		{"B026 neither", mqtt.Config{}, codec.Connect{}},
		{"B026 user name only", mqtt.Config{Username: "u"}, codec.Connect{HasUsername: true, Username: "u"}},
		{
			"B026 user name and binary password", mqtt.Config{Username: "u", Password: binary},
			codec.Connect{HasUsername: true, Username: "u", HasPassword: true, Password: binary},
		},
		{
			"B026 user name and empty password", mqtt.Config{Username: "u", Password: []byte{}},
			codec.Connect{HasUsername: true, Username: "u", HasPassword: true, Password: []byte{}},
		},
	} {
		both(t, c.name, func(t *testing.T, v mqtt.Version) {
			cfg := c.cfg
			cfg.Version = v
			got := connectOf(t, cfg)
			require.Equal(t, [2]any{c.want.HasUsername, c.want.Username}, [2]any{got.HasUsername, got.Username})
			require.Equal(t, [2]any{c.want.HasPassword, string(c.want.Password)}, [2]any{got.HasPassword, string(got.Password)})
		})
	}
	for _, v := range []mqtt.Version{mqtt.V311, mqtt.V31} {
		t.Run("B027 password without user name: a configuration error/v"+v.String(), func(t *testing.T) {
			err := refusedConfig(t, mqtt.Config{Version: v, Password: []byte("hush")})
			require.Equal(t, "Password", err.Field)
			require.False(t, strings.Contains(err.Error(), "hush"))
		})
	}
	bubble(t, "B027 password without user name is sent on 5.0", func(t *testing.T) {
		got := connectOf(t, mqtt.Config{Password: []byte("p")})
		require.Equal(t, [3]any{false, true, "p"}, [3]any{got.HasUsername, got.HasPassword, string(got.Password)})
	})
}
