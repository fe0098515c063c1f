package mqtt_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// certificate is one of a's for a host of that name.
func (a *issuer) certificate(t *testing.T, host string) tls.Certificate {
	t.Helper()
	return sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: time.Unix(0, 0),
		NotAfter:    time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a)
}

// greet takes the next connection, which has to be to address, does the server's half of a TLS handshake and answers the
// CONNECT that comes. It gives the handshake's error.
func (s *scene) greet(address string, own tls.Certificate, answer codec.ConnAck) error {
	s.Helper()
	conn := s.dialled()
	_, to := conn.Address()
	require.Equal(s, address, to)
	secured := tls.Server(conn.Pipe(), &tls.Config{Certificates: []tls.Certificate{own}, Time: time.Now})
	if err := secured.Handshake(); err != nil {
		conn.Close()
		return err
	}
	_, err := secured.Read(make([]byte, 1024))
	require.NoError(s, err)
	packet, err := answer.Append(nil, codec.V5)
	require.NoError(s, err)
	_, err = secured.Write(packet)
	require.NoError(s, err)
	if answer.Code.Failed() {
		conn.Close()
	}
	return nil
}

func away(reference string) codec.ConnAck {
	return codec.ConnAck{Code: forNow, Properties: &codec.ConnAckProperties{ServerReference: reference}}
}

func TestB065RedirectionKeepsTLS(t *testing.T) {
	ca := newIssuer(t)
	a, b := ca.certificate(t, "a.example"), ca.certificate(t, "b.example")
	config := func() mqtt.Config {
		trust := ca.trust()
		trust.ServerName = "a.example"
		return mqtt.Config{Servers: []string{"mqtts://u:p@10.0.0.1"}, TLS: trust, Redirect: mqtt.RedirectAny}
	}
	bubble(t, "the port is that of TLS, and the certificate is to be for the new name", func(t *testing.T) {
		s := idle(t, config())
		done := s.connecting()
		require.NoError(t, s.greet("10.0.0.1:8883", a, away("b.example")))
		require.NoError(t, s.greet("b.example:8883", b, codec.ConnAck{}))
		require.NoError(t, <-done)
	})
	bubble(t, "a certificate for the old name isn't taken", func(t *testing.T) {
		s := idle(t, config())
		done := s.connecting()
		require.NoError(t, s.greet("10.0.0.1:8883", a, away("b.example")))
		require.Error(t, s.greet("b.example:8883", a, codec.ConnAck{}))
		err := <-done
		require.Equal(t, "b.example", as[x509.HostnameError](t, err).Host)
		require.Equal(t, "mqtts://b.example:8883", as[*mqtt.ConnectError](t, err).Server)
	})
	bubble(t, "a reference to a URL without TLS isn't followed, listed or not", func(t *testing.T) {
		cfg := config()
		cfg.Servers = append(cfg.Servers, "mqtt://b.example")
		s := idle(t, cfg)
		done := s.connecting()
		require.NoError(t, s.greet("10.0.0.1:8883", a, away("mqtt://b.example tcp://c.example")))
		s.host("b.example").Close() // as the next of the list
		require.Error(t, <-done)
		require.Empty(t, eventsOf[mqtt.EventRedirected](events(s.client)))
	})
	bubble(t, "a server without TLS may send to one with it", func(t *testing.T) {
		cfg := config()
		cfg.Servers, cfg.TLS.ServerName = []string{"mqtt://a"}, ""
		s := idle(t, cfg)
		done := s.connecting()
		s.sendAway(s.host("a"), forNow, "mqtts://b.example")
		require.NoError(t, s.greet("b.example:8883", b, codec.ConnAck{}))
		require.NoError(t, <-done)
	})
}

func TestB065RedirectionAndCredentials(t *testing.T) {
	who := func(c codec.Connect) string { return c.Username + ":" + string(c.Password) + " " + c.ClientID }
	bubble(t, "a server of Config's gets its own, and is reached as Config says", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtt://ann:1@a", "mqtt://z", "mqtt://bob:2@b:7"}, ClientID: "c"})
		s.connecting()
		require.Equal(t, "ann:1 c", who(s.sendAway(s.host("a"), forNow, "eve b:7")))
		conn := s.dialled()
		_, address := conn.Address()
		require.Equal(t, "b:7", address)
		require.Equal(t, "bob:2 c", who(*conn.Handshake(t)))
	})
	bubble(t, "RedirectAny: another gets those of the one that sent there, and never those of a URL from the server", func(t *testing.T) {
		cfg := anywhere()
		cfg.ClientID = "c"
		s := idle(t, cfg)
		s.connecting()
		s.sendAway(s.host("a"), forNow, "mqtt://eve:evil@b:1883?clientId=eve")
		require.Equal(t, "u:p c", who(*s.host("b").Handshake(t)))
	})
	bubble(t, "by default a password goes to no server that Config doesn't list", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtt://u:p@a"}})
		done := s.connecting()
		s.sendAway(s.host("a"), forNow, "b mqtt://c [::1]:1883")
		require.ErrorIs(t, <-done, forNow)
		require.Equal(t, 1, s.server.Dials())
	})
	bubble(t, "an identifier that a server assigned goes on", func(t *testing.T) {
		cfg := anywhere()
		cfg.NoClientID = true
		s, conn := up(t, cfg, codec.ConnAck{Properties: &codec.ConnAckProperties{AssignedClientIdentifier: "given"}})
		s.expel(conn, forNow, "b")
		require.Equal(t, "u:p given", who(*s.host("b").Handshake(t)))
	})
}

func TestB065RedirectionIsLoggedAndTraced(t *testing.T) {
	bubble(t, "from where to where, what wasn't followed and why, and no secret", func(t *testing.T) {
		var out bytes.Buffer
		var dials []string
		cfg := anywhere()
		cfg.Logger = slog.New(slog.NewTextHandler(&out, nil))
		cfg.Trace = &mqtt.Trace{
			TCPStart:       func(i mqtt.StageInfo) { dials = append(dials, i.Server) },
			PacketReceived: func(p mqtt.PacketInfo) { dials = append(dials, p.Type+" "+p.Code.String()) },
		}
		s := idle(t, cfg)
		done := s.connecting()
		s.sendAway(s.host("a"), forGood, "mqtt://eve:evil@b ws://eve:evil@c")
		s.host("b").Handshake(t)
		require.NoError(t, <-done)
		synctest.Wait()
		require.NoError(t, s.client.Abort())
		require.Equal(t, []string{"mqtt://a:1883", "CONNACK server moved", "mqtt://b:1883", "CONNACK success"}, dials)
		require.Contains(t, out.String(), `level=INFO msg=redirected from=mqtt://a:1883 to=mqtt://b:1883 "for good"=true`)
		require.Contains(t, out.String(), `level=WARN msg="server reference not followed" server=mqtt://a:1883 reason=`)
		require.Contains(t, out.String(), "ws")
		require.NotContains(t, out.String(), "evil")
	})
}
