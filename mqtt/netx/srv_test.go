//go:build !js

package netx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// target is an SRV record of a server at a local address.
func target(t *testing.T, name, address string, priority uint16) *net.SRV {
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	n, err := strconv.ParseUint(port, 10, 16)
	require.NoError(t, err)
	return &net.SRV{Target: name + ".", Port: uint16(n), Priority: priority}
}

// deadAddress is one where nobody listens.
func deadAddress(t *testing.T) string {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// domain is one with servers of a service, each at 127.0.0.1.
func domain(service string, targets ...*net.SRV) zone {
	z := zone{hosts: map[string][]string{}, services: map[string][]*net.SRV{"_" + service + "._tcp.example.org": targets}}
	for _, s := range targets {
		z.hosts[strings.TrimSuffix(s.Target, ".")] = []string{"127.0.0.1"}
	}
	return z
}

func TestParseDomain(t *testing.T) {
	s := server(t, "MQTTS+SRV://u:p@example.org/?clientId=c")
	require.Equal(t, "mqtts+srv://example.org", s.String())
	require.Equal(t, "u", s.Username)
	require.Equal(t, "c", s.ClientID)
	require.True(t, s.Secure())
	require.False(t, server(t, "mqtt+srv://example.org").Secure())
	for raw, want := range map[string]string{
		"mqtt+srv://example.org:1883": "leave it out, or write mqtt://host:port", "mqtts+srv://127.0.0.1": "write mqtts+srv://example.org",
		"mqtt+srv://[::1]": "domain", "mqtt+srv://": "domain", "mqtt+srv://u:hush@": "domain", "ws+srv://example.org": "ws+srv",
	} {
		_, err := Parse(raw)
		require.ErrorContains(t, err, want, raw)
		require.NotContains(t, err.Error(), "hush")
	}
}

func TestServersOfADomain(t *testing.T) {
	t.Run("the next is tried when one can't be reached, by priority", func(t *testing.T) {
		z := domain("mqtt", target(t, "b.example", listen(t, echo), 20), target(t, "a.example", deadAddress(t), 10))
		var tried []string
		d := z.dialer()
		d.Control = func(_, address string, _ syscall.RawConn) error {
			tried = append(tried, address)
			return nil
		}
		conn, err := Dial(t.Context(), server(t, "mqtt+srv://example.org"), Options{Dialer: d})
		require.NoError(t, err)
		requireEcho(t, closing(t, conn))
		require.IsType(t, (*net.TCPConn)(nil), conn)
		require.Len(t, tried, 2)
	})
	t.Run("the reason of each is kept", func(t *testing.T) {
		z := domain("mqtt", target(t, "a.example", deadAddress(t), 1), target(t, "b.example", deadAddress(t), 2))
		z.hosts["b.example"] = nil
		_, err := Dial(t.Context(), server(t, "mqtt+srv://u:hush@example.org"), Options{Dialer: z.dialer()})
		requireDialError(t, err, StageDNS) // of the last
		require.ErrorContains(t, err, "mqtt+srv://example.org: tcp mqtt://a.example:")
		require.ErrorContains(t, err, "; dns mqtt://b.example:")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		_, ok := errors.AsType[*net.DNSError](err)
		require.True(t, ok)
	})
	t.Run("records are looked up anew each time", func(t *testing.T) {
		z := domain("mqtt", target(t, "a.example", deadAddress(t), 1))
		_, err := Dial(t.Context(), server(t, "mqtt+srv://example.org"), Options{Dialer: z.dialer()})
		require.Error(t, err)
		z.services["_mqtt._tcp.example.org"][0] = target(t, "a.example", listen(t, echo), 1)
		conn, err := Dial(t.Context(), server(t, "mqtt+srv://example.org"), Options{Dialer: z.dialer()})
		require.NoError(t, err)
		closing(t, conn)
	})
	t.Run("a domain without the service, or without records", func(t *testing.T) {
		_, err := Dial(t.Context(), server(t, "mqtt+srv://example.org"), Options{Dialer: domain("mqtt", &net.SRV{Target: "."}).dialer()})
		requireDialError(t, err, StageDNS)
		require.ErrorIs(t, err, errNoService)
		_, err = Dial(t.Context(), server(t, "mqtt+srv://example.org"), Options{Dialer: domain("secure-mqtt").dialer()})
		requireDialError(t, err, StageDNS)
		found, ok := errors.AsType[*net.DNSError](err)
		require.True(t, ok)
		require.True(t, found.IsNotFound)
	})
	t.Run("the end of its context ends the lookup, and the targets after one", func(t *testing.T) {
		cause := errors.New("the client ended")
		ctx, stop := context.WithCancelCause(t.Context())
		z := domain("mqtt", target(t, "a.example", deadAddress(t), 1), target(t, "b.example", listen(t, echo), 2))
		d := z.dialer()
		d.Control = func(string, string, syscall.RawConn) error {
			stop(cause)
			return nil
		}
		_, err := Dial(ctx, server(t, "mqtt+srv://example.org"), Options{Dialer: d})
		requireDialError(t, err, StageTCP)
		require.ErrorIs(t, err, cause)
		require.NotContains(t, err.Error(), "b.example")
		_, err = Dial(ctx, server(t, "mqtt+srv://example.org"), Options{Dialer: d})
		requireDialError(t, err, StageDNS)
		require.ErrorIs(t, err, cause)
	})
	t.Run("stages", func(t *testing.T) {
		z := domain("mqtt", target(t, "a.example", deadAddress(t), 1), target(t, "b.example", listen(t, echo), 2))
		var got []string
		conn, err := Dial(t.Context(), server(t, "mqtt+srv://example.org"), Options{Dialer: z.dialer(), Trace: func(s Step) {
			if s.Done {
				got = append(got, string(s.Stage))
			}
		}})
		require.NoError(t, err)
		closing(t, conn)
		require.Equal(t, []string{"dns", "dns", "tcp", "dns", "tcp"}, got)
	})
}

func TestCertificateOfADomain(t *testing.T) { // RFC 9525 §6.2
	ca := newAuthority(t)
	serve := func(name string) string {
		secure := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, name)}}
		return listen(t, func(conn net.Conn) { echo(tls.Server(conn, secure)) })
	}
	t.Run("B302 the domain's is asked for and trusted, the target's isn't", func(t *testing.T) {
		z := domain("secure-mqtt", target(t, "evil.example", serve("evil.example"), 1), target(t, "b.example", serve("example.org"), 2))
		conn, err := Dial(t.Context(), server(t, "mqtts+srv://example.org"), Options{Dialer: z.dialer(), TLS: trusting(ca)})
		require.NoError(t, err)
		requireEcho(t, closing(t, conn))
	})
	t.Run("B300 none for the domain", func(t *testing.T) {
		z := domain("secure-mqtt", target(t, "evil.example", serve("evil.example"), 1))
		_, err := Dial(t.Context(), server(t, "mqtts+srv://example.org"), Options{Dialer: z.dialer(), TLS: trusting(ca)})
		requireDialError(t, err, StageTLS)
		wrong, ok := errors.AsType[x509.HostnameError](err)
		require.True(t, ok, err)
		require.Equal(t, "example.org", wrong.Host)
	})
	t.Run("another name when the caller says so", func(t *testing.T) {
		z := domain("secure-mqtt", target(t, "b.example", serve("fleet.example"), 1))
		own := trusting(ca)
		own.ServerName = "fleet.example"
		conn, err := Dial(t.Context(), server(t, "mqtts+srv://example.org"), Options{Dialer: z.dialer(), TLS: own})
		require.NoError(t, err)
		closing(t, conn)
	})
}

func TestReferenceFromADomain(t *testing.T) { // §4.11
	s := server(t, "mqtts+srv://u:p@example.org")
	other, err := s.Refer("b.example:9")
	require.NoError(t, err)
	require.Equal(t, "mqtts://b.example:9", other.String())
	require.Equal(t, "u", other.Username)
	_, err = s.Refer("mqtt://b.example")
	require.Error(t, err)
	_, err = s.Refer("mqtts+srv://b.example")
	require.Error(t, err)
}
