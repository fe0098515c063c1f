package mqtt_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// lapsed is a client's certificate that was good once.
func (a *issuer) lapsed(t *testing.T) tls.Certificate {
	return sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "lapsed"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, a)
}

func TestTLSRejectedCertificate(t *testing.T) {
	ca := newIssuer(t)
	none := tls.Certificate{}
	for _, c := range []struct {
		name    string
		version uint16
		given   tls.Certificate
		says    string
	}{
		{"none, TLS 1.3", tls.VersionTLS13, none, "certificate required: give one in TLS.Certificates"},
		{"an expired one, TLS 1.3", tls.VersionTLS13, ca.lapsed(t), ""},
		{"an expired one, TLS 1.2", tls.VersionTLS12, ca.lapsed(t), ""},
		{"a stranger's, TLS 1.3", tls.VersionTLS13, newIssuer(t).issue(t, "stranger"), "give one in TLS that the server's authority has signed for clients"},
		{"a stranger's, TLS 1.2", tls.VersionTLS12, newIssuer(t).issue(t, "stranger"), "give one in TLS that the server's authority has signed for clients"},
	} {
		t.Run("B300 "+c.name+": reported as what it is", func(t *testing.T) {
			port, _ := secured(t, &tls.Config{
				Certificates: []tls.Certificate{ca.issue(t, "server")}, MaxVersion: c.version,
				ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.trust().RootCAs,
			})
			trust := ca.trust()
			trust.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c.given, nil }
			_, err := mqtt.Connect(closing(t, 10*time.Second), "mqtts://localhost:"+port, mqtt.Config{TLS: trust})
			require.Equal(t, "tls", as[*mqtt.ConnectError](t, err).Stage)
			require.ErrorIs(t, err, netx.ErrCertificateRejected)
			require.ErrorContains(t, err, "tls: server rejected our certificate: ")
			require.ErrorContains(t, err, c.says)
		})
	}
	t.Run("B300 one that is rejected at a reconnect", func(t *testing.T) {
		port, b := secured(t, &tls.Config{
			Certificates: []tls.Certificate{ca.issue(t, "server")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.trust().RootCAs,
		})
		given := make(chan tls.Certificate, 2)
		given <- ca.issue(t, "good")
		given <- none
		trust := ca.trust()
		trust.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return new(<-given), nil }
		client := secure(t, "mqtts://localhost:"+port, mqtt.Config{TLS: trust, Backoff: mqtt.Backoff{Min: time.Millisecond, Attempts: 2}})
		b.Drop()
		timeout := time.After(10 * time.Second)
		for told := false; !told; {
			select {
			case e := <-client.Events():
				again, ok := e.(mqtt.EventReconnecting)
				if told = ok && again.Attempt == 2; told {
					require.ErrorIs(t, again.Err, netx.ErrCertificateRejected)
					require.Equal(t, "tls", as[*mqtt.ConnectError](t, again.Err).Stage)
				}
			case <-timeout:
				t.Fatal("no EventReconnecting of the rejected attempt")
			}
		}
	})
}

// overPipe is a Dialer whose raw connections are no sockets, to a Broker behind TLS.
func overPipe(t *testing.T, b *mqtttest.Broker, cfg *tls.Config) netx.Dialer {
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	return netx.DialerFunc(func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		wg.Go(func() { relay(tls.Server(far, cfg), b) })
		return near, nil
	})
}

func TestTLSWithoutASocket(t *testing.T) {
	t.Run("B303 connect, publish and receive over a connection in memory", func(t *testing.T) {
		ca := newIssuer(t)
		b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
		dialer := overPipe(t, b, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "server")}})
		t.Cleanup(b.Close)
		client := secure(t, "mqtts://localhost", mqtt.Config{TLS: ca.trust(), Dialer: dialer})
		ctx := closing(t, 10*time.Second)
		_, err := client.Subscribe(ctx, mqtt.Subscription{Filter: "a/b"})
		require.NoError(t, err)
		large := bytes.Repeat([]byte("0123456789"), 30_000)
		published := later(func() error {
			return client.Publish(ctx, mqtt.Message{Topic: "a/b", Payload: large, QoS: mqtt.AtLeastOnce})
		})
		require.Equal(t, large, within(t, 10*time.Second, client.Messages()).Payload)
		require.NoError(t, <-published)
		require.NoError(t, client.Close(ctx))
	})
}

func TestTLSOnePort(t *testing.T) {
	t.Run("B304 ALPN leads to MQTT where a port has other protocols too", func(t *testing.T) {
		ca := newIssuer(t)
		l, err := tls.Listen("tcp4", "127.0.0.1:0", &tls.Config{
			Certificates: []tls.Certificate{ca.issue(t, "server")}, NextProtos: []string{"http/1.1", "x-amzn-mqtt-ca"},
		})
		require.NoError(t, err)
		b := mqtttest.NewBroker(mqtttest.BrokerConfig{})
		var wg sync.WaitGroup
		t.Cleanup(wg.Wait)
		t.Cleanup(func() { l.Close() })
		t.Cleanup(b.Close)
		wg.Go(func() {
			for {
				raw, err := l.Accept()
				if err != nil {
					return
				}
				conn := raw.(*tls.Conn)
				if conn.Handshake() == nil && conn.ConnectionState().NegotiatedProtocol == "x-amzn-mqtt-ca" {
					wg.Go(func() { relay(conn, b) })
					continue
				}
				conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
				conn.Close()
			}
		})
		trust := ca.trust()
		_, err = mqtt.Connect(closing(t, 10*time.Second), "mqtts://"+l.Addr().String(), mqtt.Config{TLS: trust})
		require.Equal(t, "connack", as[*mqtt.ConnectError](t, err).Stage, "nothing is offered by default")
		trust.NextProtos = []string{"x-amzn-mqtt-ca"}
		secure(t, "mqtts://"+l.Addr().String(), mqtt.Config{TLS: trust})
	})
}

// unverifying has nobody look at the server's certificate.
func unverifying(_ context.Context, a *mqtt.Attempt) error {
	a.TLS.InsecureSkipVerify = true
	return nil
}

func TestTLSWarning(t *testing.T) {
	for _, c := range []struct {
		name     string
		cfg      mqtt.Config
		warnings []string
	}{
		{"verified", mqtt.Config{Servers: []string{"mqtts://h"}, TLS: &tls.Config{}}, nil},
		{"not verified", mqtt.Config{Servers: []string{"mqtt://a", "mqtts://h"}, TLS: &tls.Config{InsecureSkipVerify: true}}, []string{"TLS.InsecureSkipVerify"}},
		{"not verified, and no server is secure", mqtt.Config{TLS: &tls.Config{InsecureSkipVerify: true}}, nil},
		{"verified by the application", mqtt.Config{Servers: []string{"mqtts://h"}, TLS: &tls.Config{
			InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error { return nil },
		}}, nil},
		{"a proxy that isn't", mqtt.Config{Proxy: netx.Proxy{URL: "https://proxy.example", TLS: &tls.Config{InsecureSkipVerify: true}}}, []string{"Proxy.TLS.InsecureSkipVerify"}},
		{"by BeforeConnect", mqtt.Config{Servers: []string{"mqtts://h"}, BeforeConnect: unverifying}, []string{"Attempt.TLS.InsecureSkipVerify"}},
		{"by both", mqtt.Config{Servers: []string{"mqtts://h"}, BeforeConnect: unverifying, TLS: &tls.Config{InsecureSkipVerify: true}}, []string{"TLS.InsecureSkipVerify"}},
		{"by BeforeConnect, without TLS", mqtt.Config{BeforeConnect: unverifying}, nil},
	} {
		bubble(t, "B301 the log warns once: "+c.name, func(t *testing.T) {
			var log bytes.Buffer
			c.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
			c.cfg.RetryFirst = true
			s := idle(t, c.cfg)
			s.server.RefuseDials(errUnreachable)
			ctx, stop := context.WithTimeout(t.Context(), time.Hour)
			defer stop()
			require.Error(t, s.client.Connect(ctx))
			require.Greater(t, s.server.Dials(), 3)
			s.client.Abort()
			<-s.client.Done()
			require.Equal(t, len(c.warnings), bytes.Count(log.Bytes(), []byte("level=WARN")), "%s", &log)
			for _, field := range c.warnings {
				require.Equal(t, 1, bytes.Count(log.Bytes(), []byte(" field="+field+"\n")), "%s", &log)
			}
		})
	}
}
