package mqtt_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
	"github.com/sluicemq/sluice/mqtt/netx"
)

func TestProxies(t *testing.T) {
	ca := newIssuer(t)
	for _, scheme := range []string{"http", "https", "socks5", "socks5h"} {
		t.Run("B312 connect, publish, receive, lose the connection and go on through "+scheme, func(t *testing.T) {
			port, b := secured(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "server")}})
			p, url := proxied(t, scheme, ca)
			cfg := mqtt.Config{TLS: ca.trust(), Proxy: netx.Proxy{URL: url}, Backoff: mqtt.Backoff{Min: time.Millisecond}}
			if scheme == "https" {
				cfg.Proxy.TLS = ca.trust()
			}
			client := secure(t, "mqtts://localhost:"+port, cfg)
			ctx := closing(t, 20*time.Second)
			_, err := client.Subscribe(ctx, mqtt.Subscription{Filter: "a/b", QoS: mqtt.AtLeastOnce})
			require.NoError(t, err)
			for range 2 {
				published := later(func() error { return client.Publish(ctx, message(mqtt.AtLeastOnce, "through")) })
				require.Equal(t, "through", string(within(t, 20*time.Second, client.Messages()).Payload))
				require.NoError(t, <-published)

				connections := b.Connections()
				require.Equal(t, 2, p.Drop(), "a tunnel has two ends")
				require.NoError(t, b.Await(ctx, func(s mqtttest.BrokerStats) bool { return s.Connections > connections && s.Open == 1 }))
				require.NoError(t, client.AwaitConnected(ctx))
				_, err = client.Subscribe(ctx, mqtt.Subscription{Filter: "c"}) // behind the filters that were subscribed again
				require.NoError(t, err)
			}
			require.Empty(t, b.Violations())
			for _, target := range p.Asked() {
				if scheme == "socks5" {
					require.NotEqual(t, "localhost:"+port, target, "B310 the proxy is told the address")
				} else {
					require.Equal(t, "localhost:"+port, target, "B310 the proxy is told the name")
				}
			}
		})
	}
	t.Run("a proxy that refuses is the stage proxy", func(t *testing.T) {
		p, _ := proxied(t, "http", ca)
		_, err := mqtt.Connect(closing(t, 10*time.Second), "mqtts://broker.example", mqtt.Config{Proxy: netx.Proxy{URL: "http://ann:hush-hush@" + p.Address}})
		require.Equal(t, "proxy", as[*mqtt.ConnectError](t, err).Stage)
		refused := as[*netx.ProxyError](t, err)
		require.Equal(t, http.StatusProxyAuthRequired, refused.Status)
		require.Equal(t, "who are you?", refused.Body)
		require.ErrorContains(t, err, "connect mqtts://broker.example:8883: proxy: through http://"+p.Address+": 407 Proxy Authentication Required: it doesn't accept the user name and the password: check them (attempt 1)")
		require.NotContains(t, err.Error(), "hush")
	})
	t.Run("a proxy that isn't there is the stage proxy", func(t *testing.T) {
		_, err := mqtt.Connect(closing(t, 10*time.Second), "mqtt://broker.example", mqtt.Config{Proxy: netx.Proxy{URL: "socks5h://127.0.0.1:1"}})
		require.Equal(t, "proxy", as[*mqtt.ConnectError](t, err).Stage)
		require.ErrorContains(t, err, "through socks5h://127.0.0.1:1: the proxy itself can't be reached: ")
	})
}

func TestProxiesByServer(t *testing.T) {
	t.Run("credentials that are new at each attempt", func(t *testing.T) {
		ca := newIssuer(t)
		port, b := secured(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "server")}})
		p, good := proxied(t, "socks5h", ca)
		urls := make(chan string, 3)
		urls <- "socks5h://ann:stale@" + p.Address
		urls <- good
		urls <- netx.ProxyNone
		client := secure(t, "mqtts://localhost:"+port, mqtt.Config{
			TLS: ca.trust(), RetryFirst: true, Backoff: mqtt.Backoff{Min: time.Millisecond},
			Proxy: netx.Proxy{ForServer: func(_ context.Context, s *netx.Server) (string, error) {
				require.Equal(t, "mqtts://localhost:"+port, s.String())
				return <-urls, nil
			}},
		})
		require.Len(t, p.Asked(), 1)
		ctx, connections := closing(t, 10*time.Second), b.Connections()
		p.Drop()
		require.NoError(t, b.Await(ctx, func(s mqtttest.BrokerStats) bool { return s.Connections > connections && s.Open == 1 }))
		require.NoError(t, client.AwaitConnected(ctx))
		require.Len(t, p.Asked(), 1, "the next one went without")
	})
	bubble(t, "an error ends the attempt", func(t *testing.T) {
		noTicket := errors.New("no ticket")
		s := idle(t, mqtt.Config{Proxy: netx.Proxy{ForServer: func(context.Context, *netx.Server) (string, error) { return "", noTicket }}})
		err := s.client.Connect(t.Context())
		require.Equal(t, "proxy", as[*mqtt.ConnectError](t, err).Stage)
		require.ErrorIs(t, err, noTicket)
		require.Zero(t, s.server.Dials())
	})
}

func TestB311ProxyInConfig(t *testing.T) {
	_, err := mqtt.New(mqtt.Config{Proxy: netx.Proxy{URL: "socks4://ann:hush@proxy.example"}})
	wrong := as[*mqtt.ConfigError](t, err)
	require.Equal(t, "Proxy.URL", wrong.Field)
	require.ErrorContains(t, err, "is socks4://ann:xxxxx@proxy.example: it has a scheme that no proxy has here: write http://")
	_, err = mqtt.New(mqtt.Config{Proxy: netx.Proxy{URL: "http://proxy.example", TLS: &tls.Config{}}})
	require.Equal(t, "Proxy.TLS", as[*mqtt.ConfigError](t, err).Field)
}

const viaProxy = "http://ann:hush@proxy.example"

func TestProxyOverADialer(t *testing.T) {
	bubble(t, "the Dialer is asked for the proxy, and CONNECT goes out behind the proxy's answer", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtt://broker.example"}, Proxy: netx.Proxy{URL: viaProxy}})
		done := s.connecting()
		conn := s.dialled()
		_, address := conn.Address()
		require.Equal(t, "proxy.example:80", address)
		request := askedThrough(t, conn, "HTTP/1.1 200 OK\r\n\r\n")
		require.Equal(t, "broker.example:1883", request.Host)
		conn.Handshake(t)
		require.NoError(t, <-done)
		s.works(conn)
	})
	bubble(t, "B015 a proxy that stalls obeys ConnectTimeout, and the next attempt goes on", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, ConnectTimeout: 3 * time.Second, Proxy: netx.Proxy{URL: viaProxy}})
		done, start := s.connecting(), time.Now()
		conn := s.dialled()
		askedThrough(t, conn, "HTTP/1.1 200 OK\r\n")
		again := awaitEvent[mqtt.EventReconnecting](s)
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Equal(t, "proxy", as[*mqtt.ConnectError](t, again.Err).Stage)
		require.ErrorIs(t, again.Err, context.DeadlineExceeded)
		conn = s.dialled()
		askedThrough(t, conn, "HTTP/1.1 200 OK\r\n\r\n")
		conn.Handshake(t)
		require.NoError(t, <-done)
	})
	bubble(t, "a proxy that is cut off in its answer, and the next attempt goes on", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, Proxy: netx.Proxy{URL: viaProxy}})
		done := s.connecting()
		conn := s.dialled()
		askedThrough(t, conn, "HTTP/1.1 2")
		conn.Close()
		again := awaitEvent[mqtt.EventReconnecting](s)
		require.ErrorContains(t, again.Err, "proxy: through http://proxy.example:80: it closed the connection in the middle of its answer")
		conn = s.dialled()
		askedThrough(t, conn, "HTTP/1.1 200 OK\r\n\r\n")
		conn.Handshake(t)
		require.NoError(t, <-done)
	})
	for name, end := range map[string]func(*mqtt.Client) error{
		"Close": func(c *mqtt.Client) error { return c.Close(context.Background()) },
		"Abort": func(c *mqtt.Client) error { c.Abort(); return nil },
	} {
		bubble(t, "B019 "+name+" while the proxy is silent takes no time", func(t *testing.T) {
			s := idle(t, mqtt.Config{Proxy: netx.Proxy{URL: "socks5h://proxy.example"}})
			done, start := s.connecting(), time.Now()
			conn := s.dialled()
			require.NoError(t, end(s.client))
			require.ErrorIs(t, <-done, mqtt.ErrClosed)
			for err := error(nil); err == nil; { // past the greeting
				_, err = conn.Pipe().Read(make([]byte, 512))
			}
			require.Zero(t, time.Since(start))
		})
	}
	bubble(t, "B019 a context that ends while the proxy is silent", func(t *testing.T) {
		s := idle(t, mqtt.Config{Proxy: netx.Proxy{URL: viaProxy}})
		ctx, stop := context.WithCancel(t.Context())
		done := later(func() error { return s.client.Connect(ctx) })
		conn := s.dialled()
		stop()
		require.ErrorIs(t, <-done, context.Canceled)
		for err := error(nil); err == nil; { // past the request
			_, err = conn.Pipe().Read(make([]byte, 512))
		}
	})
}

func TestProxyStages(t *testing.T) {
	bubble(t, "B078 the trace tells of them, and neither it, the log, events nor errors hold the password", func(t *testing.T) {
		var seen, log bytes.Buffer
		var one sync.Mutex
		note := func(name string) func(mqtt.StageInfo) {
			return func(i mqtt.StageInfo) {
				one.Lock()
				defer one.Unlock()
				fmt.Fprintf(&seen, "%s %v\n", name, i.Err)
			}
		}
		s := idle(t, mqtt.Config{
			RetryFirst: true, Proxy: netx.Proxy{URL: viaProxy}, Servers: []string{"mqtt://a"},
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Trace: &mqtt.Trace{
				ProxyStart: note("proxy?"), ProxyDone: note("proxy."), TCPStart: note("tcp?"), TCPDone: note("tcp."),
			},
		})
		done := s.connecting()
		conn := s.dialled()
		askedThrough(t, conn, "HTTP/1.1 403 not hush\r\nContent-Length: 4\r\n\r\nhush")
		again := awaitEvent[mqtt.EventReconnecting](s)
		conn = s.dialled()
		askedThrough(t, conn, "HTTP/1.1 200 OK\r\n\r\n")
		conn.Handshake(t)
		require.NoError(t, <-done)
		s.told()
		require.Equal(t, "proxy? <nil>\ntcp? <nil>\ntcp. <nil>\nproxy. through http://proxy.example:80: 403 not xxxxx: it doesn't allow a:1883: whoever runs it has to, or choose another port\n"+
			"proxy? <nil>\ntcp? <nil>\ntcp. <nil>\nproxy. <nil>\n", seen.String())
		require.NotContains(t, seen.String()+log.String()+fmt.Sprintf("%v %+v", again, as[*netx.ProxyError](t, again.Err)), "hush")
	})
}
