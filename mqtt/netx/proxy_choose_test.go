//go:build !js

package netx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// chosen is the proxy to a server of that URL, in words.
func chosen(t *testing.T, o Options, to *Server) string {
	t.Helper()
	v, err := o.proxyTo(t.Context(), to)
	require.Nil(t, err)
	if v == nil {
		return ""
	}
	return v.String()
}

func at(scheme, host string) *Server { return &Server{Scheme: scheme, Host: host, Port: "7"} }

func TestProxyIsChosenByServer(t *testing.T) {
	o := Options{Proxy: Proxy{ForServer: func(_ context.Context, s *Server) (string, error) {
		switch s.Host {
		case "inside":
			return ProxyNone, nil
		case "broken":
			return "http://u:hush@", nil
		case "refused":
			return "", errors.New("no ticket")
		}
		return "socks5h://u:p@" + s.Host + "-proxy", nil
	}}}
	require.Equal(t, "socks5h://a-proxy:1080", chosen(t, o, at("mqtt", "a")))
	require.Equal(t, "socks5h://b-proxy:1080", chosen(t, o, at("mqtts", "b")))
	require.Empty(t, chosen(t, o, at("mqtt", "inside")))

	_, err := Dial(t.Context(), at("mqtt", "broken"), o)
	require.ErrorContains(t, err, "it has no host")
	requireProxyError(t, err)
	_, err = Dial(t.Context(), at("mqtt", "refused"), o)
	require.ErrorContains(t, err, "proxy mqtt://refused:7: choosing a proxy: no ticket")
	requireProxyError(t, err)

	ctx, stop := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	o.Proxy.ForServer = func(ctx context.Context, _ *Server) (string, error) {
		stop(cause)
		<-ctx.Done()
		return "", ctx.Err()
	}
	_, err = Dial(ctx, at("mqtt", "h"), o)
	requireProxyError(t, err)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, cause)
}

func TestEnvironmentIsAskedForTheRightScheme(t *testing.T) {
	for scheme, want := range map[string]string{"mqtt": "https", "mqtts": "https", "ws": "http", "wss": "https"} {
		v, err := Proxy{}.fromEnvironment(at(scheme, "h"), func(r *http.Request) (*url.URL, error) {
			require.Equal(t, want+"://h:7", r.URL.String(), scheme)
			return url.Parse("socks5://u:p@proxy.example")
		})
		require.Nil(t, err)
		require.Equal(t, "socks5://proxy.example:1080", v.String())
		require.Equal(t, "u", v.Username)
	}
	_, err := Proxy{}.fromEnvironment(at("ws", "h"), func(*http.Request) (*url.URL, error) { return url.Parse("ftp://u:hush@p") })
	require.ErrorContains(t, err, "it has a scheme that no proxy has here")
	require.NotContains(t, err.Error(), "hush")
}

// TestEnvironment starts itself anew for each environment, because net/http reads that once.
func TestEnvironment(t *testing.T) {
	const asked = "SLUICE_TEST_ASKED"
	if servers := os.Getenv(asked); servers != "" {
		for rawURL := range strings.SplitSeq(servers, " ") {
			u, err := url.Parse(rawURL)
			require.NoError(t, err)
			s := &Server{Scheme: u.Scheme, Host: u.Hostname(), Port: u.Port()}
			own := Options{Dialer: DialerFunc(func(context.Context, string, string) (net.Conn, error) { return nil, nil })}
			everything := Options{Proxy: Proxy{URL: ProxyEnvironment}}
			none := Options{Proxy: Proxy{URL: ProxyNone}}
			fmt.Printf("-> %q %q %q %q\n", chosen(t, Options{}, s), chosen(t, own, s), chosen(t, everything, s), chosen(t, none, s))
		}
		return
	}
	for _, c := range []struct {
		name        string
		environment string
		servers     string
		want        []string // by default; with a Dialer; when the environment is chosen; when none is
	}{
		{"ws and wss have theirs by default, the others by choice", "HTTP_PROXY=http://plain HTTPS_PROXY=https://u:p@secure:1",
			"ws://h:80 wss://h:443 mqtt://h:1883 mqtts://h:8883", []string{
				`"http://plain:80" "" "http://plain:80" ""`, `"https://secure:1" "" "https://secure:1" ""`,
				`"" "" "https://secure:1" ""`, `"" "" "https://secure:1" ""`,
			}},
		{"lower case, no scheme, and no ALL_PROXY", "https_proxy=proxy:3128 ALL_PROXY=socks5://all", "ws://h:80 wss://h:443",
			[]string{`"" "" "" ""`, `"http://proxy:3128" "" "http://proxy:3128" ""`}},
		{"NO_PROXY", "HTTPS_PROXY=socks5h://p NO_PROXY=inside.example,10.0.0.0/8,h:1883", "wss://x.inside.example:1 wss://10.1.2.3:1 mqtt://h:1883 mqtt://h:1884",
			[]string{`"" "" "" ""`, `"" "" "" ""`, `"" "" "" ""`, `"" "" "socks5h://p:1080" ""`}},
		{"localhost and loopback addresses", "HTTPS_PROXY=p", "wss://localhost:1 wss://127.0.0.1:1 wss://[::1]:1 mqtt://localhost:1883",
			[]string{`"" "" "" ""`, `"" "" "" ""`, `"" "" "" ""`, `"" "" "" ""`}},
		{"nothing", "NO_PROXY=*", "wss://h:1", []string{`"" "" "" ""`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEnvironment$")
			again.Env = append(strings.Split(c.environment, " "), asked+"="+c.servers, "GORACE=atexit_sleep_ms=0")
			out, err := again.CombinedOutput()
			require.NoError(t, err, "%s", out)
			var got []string
			for line := range strings.Lines(string(out)) {
				if said, ok := strings.CutPrefix(line, "-> "); ok {
					got = append(got, strings.TrimSpace(said))
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestEachAddressOfTheServerIsTried(t *testing.T) {
	v, wrong := Proxy{}.named(socksProxy)
	require.Nil(t, wrong)
	var conns []net.Conn
	open := func(replies ...string) Options { // one connection to the proxy for each
		return Options{Dialer: DialerFunc(func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			conns = append(conns, far)
			reply := replies[0]
			replies = replies[1:]
			go play(far, []says{{greetingP, reply[:2]}, {10, reply[2:]}}, stall)
			return near, nil
		})}
	}
	const unreached = "\x05\x00\x05\x04\x00\x01"
	for _, c := range []struct {
		name    string
		replies []string
		dials   int
		wrong   string
	}{
		{"the second answers", []string{unreached, "\x05\x00" + granted}, 2, ""},
		{"none can be reached", []string{unreached, unreached}, 2, "it doesn't connect to 10.0.0.1:1: host unreachable\nit doesn't connect to 10.0.0.2:1: host unreachable"},
		{"a proxy that lets nobody in is asked once", []string{"\x05\xFFxxxx", unreached}, 1, "it doesn't accept the user name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conns = nil
			o := open(c.replies...)
			conn, err := v.tunnelToOne(t.Context(), []string{"10.0.0.1:1", "10.0.0.2:1"}, &o)
			require.Len(t, conns, c.dials)
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				return
			}
			require.NoError(t, err)
			require.NoError(t, conn.Close())
		})
	}
}
