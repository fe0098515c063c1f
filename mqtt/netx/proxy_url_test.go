//go:build !js

package netx

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProxyURL(t *testing.T) {
	for raw, want := range map[string]string{
		"http://p":                  "http://p:80",
		"HTTPS://p/":                "https://p:443",
		"socks5://u:p%40%3a@p":      "socks5://p:1080",
		"socks5h://u@[fe80::1]:099": "socks5h://[fe80::1]:99",
		"http://:hush@p":            "http://p:80",
		"http://@p:":                "http://p:80",
	} {
		v, err := Proxy{}.named(raw)
		require.Nil(t, err, raw)
		require.Equal(t, want, v.String(), raw)
		require.Equal(t, want, Proxy{URL: raw}.String())
	}
	v, err := Proxy{}.named("socks5://u:p%40%3a@p")
	require.Nil(t, err)
	require.Equal(t, "u p@:", v.Username+" "+string(v.Password))
}

func TestB311ProxyThatIsWrong(t *testing.T) {
	long := strings.Repeat("x", 256)
	for _, c := range []struct{ name, url, shown, says string }{
		{"no scheme", "proxy:3128", "proxy:3128", "it is not a URL: write http://"},
		{"a word", "direct", "direct", "it is not a URL"},
		{"SOCKS4", "socks4://p", "socks4://p", "it has a scheme that no proxy has here: write http://"},
		{"a server's scheme", "mqtt://p", "mqtt://p", "it has a scheme that no proxy has here"},
		{"no host", "http://u:hush@:80", "http://u:xxxxx@:80", "it has no host"},
		{"a host that none has", `http://a"b`, `http://a"b`, "it has no host"},
		{"port 0", "http://p:0", "http://p:0", "its port is not a number"},
		{"port 65536", "http://p:65536", "http://p:65536", "its port is not a number"},
		{"a service's name", "http://p:http", "http://p:http", "it is not a URL"},
		{"an unescaped password", "http://u:1/hush@p", "http://u:xxxxx@p", "something follows its host and port: write http://"},
		{"an unescaped password that is no port", "http://u:hush/1@p", "http://u:xxxxx@p", "write @ as %40"},
		{"a bad escape", "http://u:hush%zz@p", "http://u:xxxxx@p", "it is not a URL"},
		{"a path", "http://p/hidden", "http://p/hidden", "something follows"},
		{"a query", "http://p?hush=1", "http://p?…", "something follows"},
		{"a colon in a name for Basic", "http://u%3Ax:hush@p", "http://u%3Ax:xxxxx@p", "has a colon"},
		{"an empty name for SOCKS", "socks5://:hush@p", "socks5://:xxxxx@p", "its user name is empty"},
		{"a long name for SOCKS", "socks5://" + long + "@p", "socks5://" + long + "@p", "longer than the 255 bytes"},
		{"a long password for SOCKS", "socks5h://u:" + long + "@p", "socks5h://u:xxxxx@p", "longer than the 255 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Proxy{URL: c.url}
			requireOptionError(t, p, "Proxy.URL", "Proxy.URL is "+c.shown+": ")
			requireOptionError(t, p, "Proxy.URL", c.says)
			require.Equal(t, c.shown, p.String())
		})
	}
	chooses := func(context.Context, *Server) (string, error) { return "", nil }
	requireOptionError(t, Proxy{URL: "http://p", TLS: &tls.Config{}}, "Proxy.TLS", "is set, and is for https proxies alone")
	requireOptionError(t, Proxy{URL: "socks5://p", Header: http.Header{"A": {"hush"}}}, "Proxy.Header", "is for http and https proxies alone")
	requireOptionError(t, Proxy{URL: "http://u:hush@p", ForServer: chooses}, "Proxy.URL", "ForServer too: leave out one")
	for _, good := range []Proxy{
		{}, {URL: ProxyNone}, {URL: ProxyEnvironment, TLS: &tls.Config{}}, {URL: "https://p", TLS: &tls.Config{}, Header: http.Header{}},
		{ForServer: chooses, TLS: &tls.Config{}},
	} {
		require.NoError(t, good.Check())
	}
}

func requireOptionError(t *testing.T, p Proxy, field, says string) {
	t.Helper()
	wrong, ok := errors.AsType[*OptionError](p.Check())
	require.True(t, ok)
	require.Equal(t, field, wrong.Field)
	require.ErrorContains(t, wrong, says)
	require.NotContains(t, wrong.Error(), "hush")
}

func TestProxyShowsNoSecret(t *testing.T) {
	p := Proxy{URL: "http://u:hush@p", Header: http.Header{"Proxy-Authorization": {"hush"}}}
	for _, verb := range []string{"%v", "%+v", "%s", "%#v"} {
		require.Equal(t, "http://p:80", fmt.Sprintf(verb, p), verb)
		require.NotContains(t, fmt.Sprintf(verb, Options{Proxy: p}), "hush", verb)
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("dial", "proxy", p)
	require.Contains(t, out.String(), `"proxy":"http://p:80"`)
	require.Equal(t, "by default", Proxy{}.String())
	require.Equal(t, "none", Proxy{URL: ProxyNone}.String())
	require.Equal(t, "for each server", Proxy{ForServer: func(context.Context, *Server) (string, error) { return "", nil }}.String())
}

func TestProxyThatIsNotThere(t *testing.T) {
	nobody := "127.0.0.1:1"
	_, err := Dial(t.Context(), server(t, "mqtts://b.example"), Options{Proxy: Proxy{URL: "http://u:hush@" + nobody}})
	requireProxyError(t, err)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.ErrorContains(t, err, "proxy mqtts://b.example:8883: through http://127.0.0.1:1: the proxy itself can't be reached: ")

	_, err = Dial(t.Context(), server(t, "mqtts://b.example"), Options{Dialer: nameless(), Proxy: Proxy{URL: "socks5h://u:hush@p.example"}})
	requireProxyError(t, err)
	require.ErrorContains(t, err, "through socks5h://p.example:1080: the proxy itself can't be reached: ")

	_, err = Dial(t.Context(), server(t, "mqtts://b.example"), Options{Dialer: nameless(), Proxy: Proxy{URL: "socks5://u:hush@10.0.0.1"}})
	requireDialError(t, err, StageDNS) // of the server's own name, before anything is dialled
	require.ErrorContains(t, err, "dns mqtts://b.example:8883: ")
}

func TestTraceOfAProxy(t *testing.T) {
	address := listen(t, echo)
	_, proxyURL := startProxy(t, "socks5h", leadingTo(address))
	_, closed := startProxy(t, "http", refusing)
	for _, c := range []struct {
		name, url, proxy string
		dialer           Dialer
		want             []string
	}{
		{"by address", "mqtt://b", proxyURL, nil, []string{"proxy begins", "tcp begins", "tcp ends", "proxy ends"}},
		{"by name", "mqtt://b", strings.Replace(proxyURL, "127.0.0.1", "localhost", 1), nil, []string{"proxy begins", "dns begins", "dns ends", "tcp begins", "tcp ends", "proxy ends"}},
		{"a name looked up here", "mqtt://localhost", strings.Replace(proxyURL, "5h", "5", 1), nil, []string{"dns begins", "dns ends", "proxy begins", "tcp begins", "tcp ends", "proxy ends"}},
		{"a name that can't be", "mqtt://b.example", "socks5://10.0.0.1", nameless(), []string{"dns begins", "dns fails"}},
		{"a proxy that isn't there", "mqtt://b", "http://127.0.0.1:1", nil, []string{"proxy begins", "tcp begins", "tcp fails", "proxy fails"}},
		{"a proxy that refuses", "mqtts://b", closed, nil, []string{"proxy begins", "tcp begins", "tcp ends", "proxy fails"}},
		{"behind it, TLS", "mqtts://b", proxyURL, nil, []string{"proxy begins", "tcp begins", "tcp ends", "proxy ends", "tls begins", "tls fails"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			conn, err := Dial(t.Context(), server(t, c.url), Options{Proxy: Proxy{URL: c.proxy}, Dialer: c.dialer, Trace: func(s Step) {
				got = append(got, stepped(s))
			}})
			if err == nil {
				closing(t, conn)
			}
			require.Equal(t, c.want, got)
		})
	}
}
