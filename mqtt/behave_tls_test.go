package mqtt_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// secure connects over TLS, and closes with the test.
func secure(t *testing.T, url string, cfg mqtt.Config) *mqtt.Client {
	t.Helper()
	client, err := mqtt.Connect(closing(t, 10*time.Second), url, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { client.Abort() })
	return client
}

func TestTLS(t *testing.T) {
	ca := newIssuer(t)
	port, _ := secured(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "server")}})
	for name, url := range map[string]string{
		"B299 trusted CA, by URL":                       "mqtts://localhost:" + port,
		"B299 trusted CA, by URL with a trailing slash": "mqtts://localhost:" + port + "/",
		"B299 trusted CA, by address":                   "tls://127.0.0.1:" + port,
	} {
		t.Run(name+": connects", func(t *testing.T) {
			require.Equal(t, mqtt.StateConnected, secure(t, url, mqtt.Config{TLS: ca.trust()}).State())
		})
	}
	t.Run("B299 trusted CA, by Config: connects", func(t *testing.T) {
		client, err := mqtt.New(mqtt.Config{Servers: []string{"ssl://localhost:" + port}, TLS: ca.trust()})
		require.NoError(t, err)
		defer client.Abort()
		require.NoError(t, client.Connect(closing(t, 10*time.Second)))
	})
	t.Run("B300 wrong CA: the error, and a disconnected event follows", func(t *testing.T) {
		client, err := mqtt.New(mqtt.Config{Servers: []string{"mqtts://localhost:" + port}, TLS: newIssuer(t).trust()})
		require.NoError(t, err)
		defer client.Abort()
		err = client.Connect(closing(t, 10*time.Second))
		require.Equal(t, "tls", as[*mqtt.ConnectError](t, err).Stage)
		as[x509.UnknownAuthorityError](t, err)
		require.IsType(t, mqtt.EventOffline{}, <-client.Events())
		told := (<-client.Events()).(mqtt.EventDisconnected)
		as[x509.UnknownAuthorityError](t, told.Err)
	})
	t.Run("B300 another name than the certificate's: the error", func(t *testing.T) {
		trust := ca.trust()
		trust.ServerName = "elsewhere.example"
		_, err := mqtt.Connect(closing(t, 10*time.Second), "mqtts://localhost:"+port, mqtt.Config{TLS: trust})
		as[x509.HostnameError](t, err)
	})
	t.Run("B301 verification off: connects to a server that signed for itself", func(t *testing.T) {
		alone := newIssuer(t)
		own, _ := secured(t, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{alone.cert.Raw}, PrivateKey: alone.key}}})
		secure(t, "mqtts://localhost:"+own, mqtt.Config{TLS: &tls.Config{InsecureSkipVerify: true}})
	})
	t.Run("B301 verification off in one Config, and on in the next", func(t *testing.T) {
		secure(t, "mqtts://localhost:"+port, mqtt.Config{TLS: &tls.Config{InsecureSkipVerify: true}})
		_, err := mqtt.Connect(closing(t, 10*time.Second), "mqtts://localhost:"+port, mqtt.Config{})
		as[x509.UnknownAuthorityError](t, err)
	})
}

func TestTLSHello(t *testing.T) {
	ca := newIssuer(t)
	hello := make(chan *tls.ClientHelloInfo, 1)
	port, _ := secured(t, &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, "server")}, NextProtos: []string{"mqtt"},
		GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			hello <- h
			return nil, nil
		},
	})
	for _, c := range []struct{ name, host, want string }{
		{"B302 SNI is the host's name", "localhost", "localhost"},
		{"B302 no SNI for an address", "127.0.0.1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			secure(t, "mqtts://"+c.host+":"+port, mqtt.Config{TLS: ca.trust()})
			require.Equal(t, c.want, (<-hello).ServerName)
		})
	}
	t.Run("B304 the ALPN list is offered", func(t *testing.T) {
		trust := ca.trust()
		trust.NextProtos = []string{"x-amzn-mqtt-ca", "mqtt"}
		secure(t, "mqtts://localhost:"+port, mqtt.Config{TLS: trust})
		require.Equal(t, trust.NextProtos, (<-hello).SupportedProtos)
	})
}

func TestTLSTraffic(t *testing.T) {
	for _, v := range []mqtt.Version{mqtt.V5, mqtt.V311} {
		t.Run("B303 publish, receive, lose the connection and go on over TLS/v"+v.String(), func(t *testing.T) {
			ca := newIssuer(t)
			port, b := secured(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "server")}})
			client := secure(t, "mqtts://localhost:"+port, mqtt.Config{
				Version: v, TLS: ca.trust(), Backoff: mqtt.Backoff{Min: time.Millisecond},
			})
			ctx := closing(t, 20*time.Second)
			_, err := client.Subscribe(ctx, mqtt.Subscription{Filter: "a/b", QoS: mqtt.ExactlyOnce})
			require.NoError(t, err)
			large := bytes.Repeat([]byte("0123456789"), 30_000) // many records
			for range 2 {
				for _, qos := range []mqtt.QoS{mqtt.AtMostOnce, mqtt.AtLeastOnce, mqtt.ExactlyOnce} {
					published := later(func() error {
						return client.Publish(ctx, mqtt.Message{Topic: "a/b", QoS: qos, Payload: large})
					})
					got := within(t, 20*time.Second, client.Messages())
					require.True(t, bytes.Equal(large, got.Payload))
					require.Equal(t, qos, got.QoS)
					require.NoError(t, <-published)
				}
				connections := b.Connections()
				require.Equal(t, 1, b.Drop())
				require.NoError(t, b.Await(ctx, func(s mqtttest.BrokerStats) bool { return s.Connections > connections && s.Open == 1 }))
				require.NoError(t, client.AwaitConnected(ctx))
				_, err = client.Subscribe(ctx, mqtt.Subscription{Filter: "c"}) // behind the filters that were subscribed again
				require.NoError(t, err)
			}
			require.NoError(t, client.Close(ctx))
			require.Empty(t, b.Violations())
		})
	}
}

func TestTLSHandshakeHasABound(t *testing.T) {
	bubble(t, "B306 the handshake obeys ConnectTimeout", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtts://h"}, ConnectTimeout: 3 * time.Second})
		done, start := s.connecting(), time.Now()
		conn := s.dialled()
		err := <-done
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Equal(t, "tls", as[*mqtt.ConnectError](t, err).Stage)
		require.ErrorIs(t, err, mqtt.ErrConnectTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		for err = nil; err == nil; { // past the ClientHello
			_, err = conn.Pipe().Read(make([]byte, 512))
		}
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestTLSClientCertificate(t *testing.T) {
	ca := newIssuer(t)
	names := make(chan string, 1)
	server := &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, "server")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.trust().RootCAs,
		VerifyConnection: func(c tls.ConnectionState) error {
			names <- c.PeerCertificates[0].Subject.CommonName
			return nil
		},
	}
	port, b := secured(t, server)
	t.Run("B307 the certificate is asked for anew on each connection", func(t *testing.T) {
		certificates := make(chan tls.Certificate, 2)
		certificates <- ca.issue(t, "first")
		certificates <- ca.issue(t, "second")
		trust := ca.trust()
		trust.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return new(<-certificates), nil }
		client := secure(t, "mqtts://localhost:"+port, mqtt.Config{TLS: trust, Backoff: mqtt.Backoff{Min: time.Millisecond}})
		require.Equal(t, "first", within(t, 10*time.Second, names))
		b.Drop()
		require.Equal(t, "second", within(t, 10*time.Second, names))
		require.NoError(t, client.AwaitConnected(closing(t, 10*time.Second)))
	})
	t.Run("B300 a certificate that the server rejects: the stage is tls, also where it says so after the handshake", func(t *testing.T) {
		_, err := mqtt.Connect(closing(t, 10*time.Second), "mqtts://localhost:"+port, mqtt.Config{TLS: ca.trust()})
		require.Equal(t, "tls", as[*mqtt.ConnectError](t, err).Stage)
		require.ErrorIs(t, err, netx.ErrCertificateRejected)
	})
}
