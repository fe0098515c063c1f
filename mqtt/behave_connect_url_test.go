package mqtt_test

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// reached says what a client that is given url dials, and what its CONNECT says.
func reached(t *testing.T, url string, cfg mqtt.Config) (address string, connect *codec.Connect) {
	t.Helper()
	cfg.Servers = []string{url}
	s := idle(t, cfg)
	s.connecting()
	conn := s.dialled()
	_, address = conn.Address()
	return address, mqtttest.Expect[*codec.Connect](t, conn)
}

func TestServerURL(t *testing.T) {
	type who struct {
		address, id, user, password string
		hasUser, hasPassword        bool
	}
	config := mqtt.Config{ClientID: "c"}
	for _, c := range []struct {
		name, url string
		cfg       mqtt.Config
		want      who
	}{
		{"B030 user, password, host, port", "mqtt://user:pass@host:1884", config, who{"host:1884", "c", "user", "pass", true, true}},
		{"B031 user name only", "mqtt://user@host", config, who{"host:1883", "c", "user", "", true, false}},
		{"B032 client id", "mqtt://h?clientId=123", mqtt.Config{}, who{"h:1883", "123", "", "", false, false}},
		{"B032 empty client id", "mqtt://h?clientId=", mqtt.Config{}, who{"h:1883", "", "", "", false, false}},
		{"B033 a path is dropped", "mqtt://h/mqtt", config, who{"h:1883", "c", "", "", false, false}},
		{"B033 a slash is dropped", "mqtt://h:7/", config, who{"h:7", "c", "", "", false, false}},
		{"B034 IPv6 loopback", "mqtt://[::1]", config, who{"[::1]:1883", "c", "", "", false, false}},
		{"B040 decoded after the split at the first colon", "mqtt://u%3A1:p:%40@h", config, who{"h:1883", "c", "u:1", "p:@", true, true}},
		{"B040 empty password", "mqtt://u:@h", config, who{"h:1883", "c", "u", "", true, true}},
		{
			"B041 each option beats the URL", "mqtt://user:pass@h?clientId=url",
			mqtt.Config{ClientID: "c", Username: "me", Password: []byte("mine")}, who{"h:1883", "c", "me", "mine", true, true},
		},
		{
			"B041 one option beats the URL, the others stand", "mqtt://user:pass@h?clientId=url",
			mqtt.Config{Username: "me"}, who{"h:1883", "url", "me", "pass", true, true},
		},
		{"B043 port of mqtt", "mqtt://h", config, who{"h:1883", "c", "", "", false, false}},
		{"B043 port of tcp", "tcp://h", config, who{"h:1883", "c", "", "", false, false}},
	} {
		bubble(t, c.name, func(t *testing.T) {
			address, p := reached(t, c.url, c.cfg)
			require.Equal(t, c.want, who{address, p.ClientID, p.Username, string(p.Password), p.HasUsername, p.HasPassword})
		})
	}
	for _, url := range []string{"mqtts://h", "tls://h", "ssl://h"} {
		bubble(t, "B043 port of "+url, func(t *testing.T) {
			s := idle(t, mqtt.Config{Servers: []string{url}})
			s.connecting()
			_, address := s.dialled().Address()
			require.Equal(t, "h:8883", address)
		})
	}
}

func TestServerURLIsWrong(t *testing.T) {
	certificate := mqtt.Config{TLS: &tls.Config{Certificates: []tls.Certificate{{}}}}
	for _, c := range []struct {
		name, url string
		cfg       mqtt.Config
		says      string
	}{
		{"B035 no scheme", "localhost", mqtt.Config{}, "write mqtt://host:port"},
		{"B035 blank scheme", "://localhost", mqtt.Config{}, "the scheme is missing"},
		{"B036 the scheme stands in the URL alone, with one colon", "mqtt:://localhost", mqtt.Config{}, "scheme"},
		{"B037 client certificate without a scheme", "localhost", certificate, "write mqtt://host:port"},
		{"B037 client certificate and an unknown scheme", "mqttz://h", certificate, `unknown scheme "mqttz"`},
		{"B038 unknown scheme", "mqttz://h", mqtt.Config{}, `unknown scheme "mqttz"`},
		{"B039 host:port", "localhost:1883", mqtt.Config{}, `"//" is missing`},
	} {
		t.Run(c.name+": Connect fails before any dial", func(t *testing.T) {
			server := mqtttest.NewServer()
			defer server.Close()
			c.cfg.Dialer = server
			_, err := mqtt.Connect(t.Context(), c.url, c.cfg)
			require.Contains(t, as[*mqtt.ConfigError](t, err).Reason, c.says)
			require.Zero(t, server.Dials())
		})
	}
	t.Run("B041 a url and Config.Servers both: a configuration error", func(t *testing.T) {
		_, err := mqtt.Connect(t.Context(), "mqtt://h", mqtt.Config{Servers: []string{"mqtt://h"}})
		require.Equal(t, "Servers", as[*mqtt.ConfigError](t, err).Field)
	})
}

func TestOneConfigForManyClients(t *testing.T) {
	bubble(t, "B042 a Config is not written to, and what it refers to is nobody's", func(t *testing.T) {
		server := mqtttest.NewServer()
		cfg := mqtt.Config{
			Servers: []string{"mqtt://user@h"}, Dialer: server, Password: []byte("secret"), ClientID: "c",
			Will: &mqtt.Will{Topic: "w", Payload: []byte("bye")},
		}
		for range 2 {
			client, err := mqtt.New(cfg)
			require.NoError(t, err)
			defer client.Abort()
			done := later(func() error { return client.Connect(t.Context()) })
			conn, err := server.Accept(t.Context())
			require.NoError(t, err)
			p := conn.Handshake(t)
			require.Equal(t, [2]string{"secret", "bye"}, [2]string{string(p.Password), string(p.Will.Payload)})
			require.NoError(t, <-done)
		}
		require.Equal(t, mqtt.Config{
			Servers: []string{"mqtt://user@h"}, Dialer: server, Password: []byte("secret"), ClientID: "c",
			Will: &mqtt.Will{Topic: "w", Payload: []byte("bye")},
		}, cfg)
	})
	bubble(t, "B042 what the caller does to its slices after New changes nothing", func(t *testing.T) {
		cfg := mqtt.Config{Username: "u", Password: []byte("secret"), Will: &mqtt.Will{Topic: "w", Payload: []byte("bye")}}
		s := idle(t, cfg)
		copy(cfg.Password, "zzzzzz")
		copy(cfg.Will.Payload, "zzz")
		s.connecting()
		p := mqtttest.Expect[*codec.Connect](t, s.dialled())
		require.Equal(t, [2]string{"secret", "bye"}, [2]string{string(p.Password), string(p.Will.Payload)})
	})
}
