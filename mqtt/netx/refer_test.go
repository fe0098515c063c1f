package netx

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServerRefersToAnother(t *testing.T) { // §4.11
	for _, c := range []struct{ name, from, to, want string }{
		{"a host: the port of the transport", "mqtt://u:p@a:7", "b", "mqtt://b:1883"},
		{"a host over TLS", "mqtts://a:7", "b.example.org", "mqtts://b.example.org:8883"},
		{"host:port", "mqtt://a", "b:1884", "mqtt://b:1884"},
		{"an IPv4 address", "mqtts://a", "10.10.151.22:8883", "mqtts://10.10.151.22:8883"},
		{"an IPv6 address", "mqtt://a", "[fe80::9610:3eff:fe1c]:1883", "mqtt://[fe80::9610:3eff:fe1c]:1883"},
		{"an IPv6 address without a port", "mqtt://a", "[::1]", "mqtt://[::1]:1883"},
		{"an IPv6 address without brackets", "mqtt://a", "fe80::9610:3eff:fe1c", "mqtt://[fe80::9610:3eff:fe1c]:1883"},
		{"a URL of the same transport", "mqtt://a", "tcp://b", "mqtt://b:1883"},
		{"a URL with TLS, from one without", "mqtt://a", "ssl://b", "mqtts://b:8883"},
		{"WebSocket: the path stays", "ws://a:7/mqtt?sign=1", "b", "ws://b:80/mqtt"},
		{"WebSocket: the path of a URL", "ws://a:7/mqtt", "ws://b/other", "ws://b:80/other"},
		{"WebSocket: a URL without a path", "wss://a/mqtt", "wss://b:1", "wss://b:1/mqtt"},
		{"WebSocket with TLS, from one without", "ws://a/mqtt", "wss://b", "wss://b:443/mqtt"},
		{"a URL's path is dropped", "mqtt://a", "mqtt://b:1/x", "mqtt://b:1"},
		{"a URL's user name and password are left out", "mqtt://a", "mqtt://eve:secret@b:1", "mqtt://b:1"},
		{"a URL's clientId is left out", "mqtt://a", "mqtt://b?clientId=eve", "mqtt://b:1883"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, err := Parse(c.from)
			require.NoError(t, err)
			to, err := from.Refer(c.to)
			require.NoError(t, err)
			require.Equal(t, c.want, to.String())
			to.Scheme, to.Host, to.Port, to.Path = from.Scheme, from.Host, from.Port, from.Path
			require.Equal(t, from, to, "all else is as it was")
		})
	}
}

func TestReferencesThatAreNotTaken(t *testing.T) {
	for _, c := range []struct{ name, from, to string }{
		{"without TLS, from a server with TLS", "mqtts://a", "mqtt://b"},
		{"another transport", "mqtt://a", "ws://b"},
		{"a socket of this machine", "mqtt://a", "unix:///run/docker.sock"},
		{"an unknown scheme", "mqtt://a", "file://b"},
		{"without TLS, from a WebSocket with TLS", "wss://a", "ws://b"},
		{"WebSocket to none", "ws://a", "mqtt://b"},
		{"from a unix socket", "unix:///a", "b"},
		{"from a unix socket to another", "unix:///a", "unix:///b"},
		{"from WebSocket over a unix socket", "ws+unix:///a", "ws://b"},
		{"nothing", "mqtt://a", ""},
		{"no host", "mqtt://a", ":1883"},
		{"no host in a URL", "mqtt://a", "mqtt://:1883"},
		{"no host behind a user name", "mqtt://a", "mqtt://eve@:1883"},
		{"no host in a URL with a path", "mqtt://a", "mqtt:///b"},
		{"port 0", "mqtt://a", "b:0"},
		{"a port beyond 65535", "mqtt://a", "b:65536"},
		{"a port that is none", "mqtt://a", "b:mqtt"},
		{"a user name without a scheme", "mqtt://a", "eve@b"},
		{"a path without a scheme", "mqtt://a", "b/c"},
		{"a zone", "mqtt://a", "[fe80::1%25eth0]:1883"},
		{"a zone in a URL", "mqtt://a", "mqtt://[fe80::1%25eth0]:1883"},
		{"what no host holds", "mqtt://a", "b<c"},
		{"a control character", "mqtt://a", "b\x00"},
		{"not UTF-8", "mqtt://a", "b\xff"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, err := Parse(c.from)
			require.NoError(t, err)
			_, err = from.Refer(c.to)
			var bad *URLError
			require.ErrorAs(t, err, &bad)
		})
	}
	t.Run("its error holds no password", func(t *testing.T) {
		_, err := (&Server{Scheme: "mqtts", Host: "a", Port: "1"}).Refer("mqtt://eve:secret@b")
		require.ErrorContains(t, err, "eve")
		require.NotContains(t, err.Error(), "secret")
	})
}

func FuzzRefer(f *testing.F) {
	for _, to := range []string{"b", "b:1", "[::1]:1", "mqtt://u:p@b/?clientId=x", "ws://u:p@b/x?y", "wss://b", "unix:///b", "@", "%", ":", "//", "mqtts://"} {
		f.Add(to)
	}
	f.Fuzz(func(t *testing.T, to string) {
		for _, scheme := range []string{"mqtt", "mqtts", "ws", "wss"} {
			from := &Server{Scheme: scheme, Host: "a", Port: "7", Username: "u", HasUsername: true}
			if strings.HasPrefix(scheme, "ws") {
				from.Path = "/mqtt"
			}
			found, err := from.Refer(to)
			if err != nil {
				continue
			}
			if from.Secure() && !found.Secure() {
				t.Errorf("Refer(%q) leads from TLS to %s", to, found)
			}
			if found.Username != "u" || found.HasPassword || found.HasClientID {
				t.Errorf("Refer(%q) has taken %#v", to, *found)
			}
			again, err := Parse(found.String())
			if err != nil || again.Host != found.Host || again.Port != found.Port || again.Path != found.Path {
				t.Errorf("Refer(%q) = %s, which isn't a URL: %v", to, found, err)
			}
		}
	})
}
