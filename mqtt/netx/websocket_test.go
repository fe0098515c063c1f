//go:build !js

package netx

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// listenWeb serves WebSocket, and ends with the test.
func listenWeb(t testing.TB, o *websocket.AcceptOptions, serve func(*http.Request, *websocket.Conn)) string {
	if o == nil {
		o = &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}}
	}
	return listenHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, o)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.SetReadLimit(-1)
		serve(r, conn)
	})
}

func listenHTTP(t testing.TB, serve http.HandlerFunc) string {
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func echoWeb(_ *http.Request, conn *websocket.Conn) {
	raw := websocket.NetConn(context.Background(), conn, websocket.MessageBinary)
	io.Copy(raw, raw)
}

func dialWeb(t *testing.T, url string, o Options) net.Conn {
	conn, err := Dial(t.Context(), server(t, url), o)
	require.NoError(t, err)
	return closing(t, conn)
}

func TestWebSocketRequest(t *testing.T) {
	requests := make(chan *http.Request, 1)
	address := listenWeb(t, &websocket.AcceptOptions{Subprotocols: []string{"mqtt", "mqttv3.1", "own"}, InsecureSkipVerify: true},
		func(r *http.Request, conn *websocket.Conn) {
			requests <- r
			echoWeb(r, conn)
		})
	for _, c := range []struct {
		name, url string
		options   WebSocketOptions
		look      func(*testing.T, *http.Request)
	}{
		{"B288 subprotocol", "ws://broker.example", WebSocketOptions{}, func(t *testing.T, r *http.Request) {
			require.Equal(t, []string{"mqtt"}, r.Header["Sec-Websocket-Protocol"])
			require.Equal(t, "13", r.Header.Get("Sec-WebSocket-Version"))
			require.Empty(t, r.Header["Sec-Websocket-Extensions"], "no compression")
			require.Equal(t, "/", r.RequestURI)
			require.Equal(t, "broker.example", r.Host, "port 80 goes without saying")
			require.Equal(t, "HTTP/1.1", r.Proto)
		}},
		{"B290 subprotocols of the caller's own", "ws://h", WebSocketOptions{Subprotocols: []string{"own", "mqtt"}}, func(t *testing.T, r *http.Request) {
			require.Equal(t, []string{"own,mqtt"}, r.Header["Sec-Websocket-Protocol"])
		}},
		{"B033 path and query as they stand", "ws://h:8080/a%2Fb//c?sign=%41%2F&x", WebSocketOptions{}, func(t *testing.T, r *http.Request) {
			require.Equal(t, "/a%2Fb//c?sign=%41%2F&x", r.RequestURI)
			require.Equal(t, "h:8080", r.Host)
		}},
		{"B034 IPv6", "ws://[fe80::1%25eth0]:8080", WebSocketOptions{}, func(t *testing.T, r *http.Request) {
			require.Equal(t, "[fe80::1]:8080", r.Host, "a zone has no meaning to the server")
		}},
		{"B040 user name and password are MQTT's", "ws://u:hush@h", WebSocketOptions{}, func(t *testing.T, r *http.Request) {
			require.Empty(t, r.Header.Get("Authorization"))
			require.NotContains(t, r.RequestURI, "hush")
		}},
		{"headers", "ws://h", WebSocketOptions{Header: http.Header{
			"authorization": {"Bearer x"}, "Host": {"other.example"}, "Cookie": {"a=1", "b=2"}, "User-Agent": {"mine"}, "Origin": {"https://o"},
		}}, func(t *testing.T, r *http.Request) {
			require.Equal(t, "Bearer x", r.Header.Get("Authorization"))
			require.Equal(t, "other.example", r.Host)
			require.Equal(t, []string{"a=1", "b=2"}, r.Header["Cookie"])
			require.Equal(t, "mine", r.Header.Get("User-Agent"))
		}},
		{"compression is offered", "ws://h", WebSocketOptions{Compression: CompressionMessage}, func(t *testing.T, r *http.Request) {
			require.Contains(t, r.Header.Get("Sec-WebSocket-Extensions"), "permessage-deflate")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := dialWeb(t, c.url, Options{Dialer: to(address), WebSocket: c.options})
			c.look(t, <-requests)
			requireEcho(t, conn)
		})
	}
}

func TestWebSocketCookies(t *testing.T) { // of one connection go with the next
	seen := make(chan string, 1)
	address := listenHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Cookie")
		w.Header().Set("Set-Cookie", "session=abc; Path=/mqtt")
		if conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}}); err == nil {
			conn.CloseNow()
		}
	})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	for _, want := range []string{"", "session=abc"} {
		dialWeb(t, "ws://broker.example/mqtt", Options{Dialer: to(address), WebSocket: WebSocketOptions{HTTPClient: &http.Client{Jar: jar}}})
		require.Equal(t, want, <-seen)
	}
}

func TestB295UpgradeRefused(t *testing.T) {
	const body = "sorry, not you, says /mqtt?sign=5ecret of hush\n"
	for _, c := range []struct {
		name   string
		status int
		header http.Header
		want   UpgradeError
		text   string
	}{
		{"401", 401, http.Header{"Www-Authenticate": {"Bearer"}}, UpgradeError{Status: 401},
			`the server answered 401 Unauthorized instead of agreeing to WebSocket: "sorry, not you, says /mqtt?… of hush"`},
		{"403", 403, nil, UpgradeError{Status: 403}, `the server answered 403 Forbidden instead of agreeing`},
		{"404", 404, nil, UpgradeError{Status: 404}, `the server answered 404 Not Found instead of agreeing`},
		{"200", 200, nil, UpgradeError{Status: 200}, `the server answered 200 OK instead of agreeing`},
		{"one that nobody knows", 599, nil, UpgradeError{Status: 599}, `the server answered 599 instead of agreeing`},
		{"redirect", 302, http.Header{"Location": {"https://login.example/?state=5ecret"}},
			UpgradeError{Status: 302, Location: "https://login.example/?state=5ecret"},
			`the server answered 302 Found, a redirect to "https://login.example/?…", which is not followed: write that URL, with ws or wss`},
		{"redirect to nowhere", 308, nil, UpgradeError{Status: 308}, `the server answered 308 Permanent Redirect, a redirect: "sorry`},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := listenHTTP(t, func(w http.ResponseWriter, r *http.Request) {
				maps.Copy(w.Header(), c.header)
				w.WriteHeader(c.status)
				io.WriteString(w, body)
			})
			_, err := Dial(t.Context(), server(t, "ws://u:p@broker.example/mqtt?sign=5ecret"), Options{Dialer: to(address)})
			failed, ok := errors.AsType[*DialError](err)
			require.True(t, ok, err)
			require.Equal(t, StageWebSocket, failed.Stage)
			require.Equal(t, "ws://broker.example:80/mqtt", failed.Server)
			refused, ok := errors.AsType[*UpgradeError](err)
			require.True(t, ok, err)
			require.Equal(t, []any{c.want.Status, c.want.Location}, []any{refused.Status, refused.Location})
			require.Equal(t, strings.Replace(body, "sign=5ecret", "…", 1), refused.Body)
			for name, values := range c.header {
				require.Equal(t, values, refused.Header[name])
			}
			require.Contains(t, err.Error(), c.text)
			require.NotContains(t, err.Error(), "5ecret")
		})
	}
	t.Run("a body without end", func(t *testing.T) {
		address := listen(t, func(conn net.Conn) {
			http.ReadRequest(bufio.NewReader(conn))
			_, err := io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\n\r\n")
			for err == nil {
				_, err = io.WriteString(conn, "no, ")
			}
		})
		_, err := Dial(t.Context(), server(t, "ws://"+address), Options{})
		refused, ok := errors.AsType[*UpgradeError](err)
		require.True(t, ok, err)
		require.Equal(t, strings.Repeat("no, ", 256), refused.Body)
	})
	t.Run("a long body", func(t *testing.T) {
		address := listenHTTP(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(403)
			io.WriteString(w, strings.Repeat("ü", 100_000))
		})
		_, err := Dial(t.Context(), server(t, "ws://"+address), Options{})
		refused, ok := errors.AsType[*UpgradeError](err)
		require.True(t, ok, err)
		require.Equal(t, strings.Repeat("ü", 512), refused.Body)
		require.Contains(t, err.Error(), `"`+strings.Repeat("ü", 100)+`…"`)
	})
}

func TestB297AnswerThatAgreesToSomethingElse(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(http.Header)
		options WebSocketOptions
		reason  string // none: taken
	}{
		{"as asked", func(http.Header) {}, WebSocketOptions{}, ""},
		{"no subprotocol", func(h http.Header) { h.Del("Sec-WebSocket-Protocol") }, WebSocketOptions{}, "the server chose none of the subprotocols mqtt"},
		{"no subprotocol, allowed", func(h http.Header) { h.Del("Sec-WebSocket-Protocol") }, WebSocketOptions{AllowNoSubprotocol: true}, ""},
		{"none was offered", func(h http.Header) { h.Del("Sec-WebSocket-Protocol") }, WebSocketOptions{Subprotocols: []string{}}, ""},
		{"another subprotocol", func(h http.Header) { h.Set("Sec-WebSocket-Protocol", "soap") }, WebSocketOptions{AllowNoSubprotocol: true}, `unexpected Sec-WebSocket-Protocol from server: "soap"`},
		{"a subprotocol though none was offered", func(http.Header) {}, WebSocketOptions{Subprotocols: []string{}}, `unexpected Sec-WebSocket-Protocol from server: "mqtt"`},
		{"a wrong key", func(h http.Header) { h.Set("Sec-WebSocket-Accept", "x") }, WebSocketOptions{}, "invalid Sec-WebSocket-Accept"},
		{"another upgrade", func(h http.Header) { h.Set("Upgrade", "h2c") }, WebSocketOptions{}, `Upgrade header "h2c"`},
		{"an extension that wasn't offered", func(h http.Header) { h.Set("Sec-WebSocket-Extensions", "permessage-deflate") }, WebSocketOptions{}, "unsupported extensions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := listen(t, func(conn net.Conn) {
				r, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				answer, err := http.ReadResponse(bufio.NewReader(strings.NewReader(agreement(r))), r)
				if err != nil {
					return
				}
				c.change(answer.Header)
				answer.Write(conn)
				conn.Write(frame(frameBinary, "hi"))
				conn.Read(make([]byte, 1))
			})
			start := time.Now()
			conn, err := Dial(t.Context(), server(t, "ws://"+address), Options{WebSocket: c.options})
			require.Less(t, time.Since(start), 2*time.Second, "nobody waits for a body")
			if c.reason == "" {
				require.NoError(t, err)
				closing(t, conn)
				got := make([]byte, 2)
				_, err := io.ReadFull(conn, got)
				require.NoError(t, err)
				require.Equal(t, "hi", string(got), "what comes with the answer isn't lost")
				return
			}
			requireDialError(t, err, StageWebSocket)
			refused, ok := errors.AsType[*UpgradeError](err)
			require.True(t, ok, err)
			require.Equal(t, 101, refused.Status)
			require.Contains(t, err.Error(), c.reason)
		})
	}
}

func TestServersThatAreNoWebServers(t *testing.T) {
	for _, c := range []struct{ name, answer, reason string }{
		{"closes", "", "the server closed the connection instead of answering"},
		{"closes in the header", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: ", "the server closed the connection instead of answering"},
		{"an MQTT server", "\x20\x03\x00\x00\x00", "malformed HTTP"},
		{"a long header", "HTTP/1.1 101 Switching Protocols\r\nX: " + strings.Repeat("x", longestAnswer) + "\r\n\r\n", "longer than 64 KiB"},
		{"words without end", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", longestAnswer/10), "longer than 64 KiB"},
		{"words before the answer", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404 Not Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := listen(t, func(conn net.Conn) {
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					io.WriteString(conn, c.answer)
				}
			})
			_, err := Dial(t.Context(), server(t, "ws://u:hush@"+address+"/?sign=hush"), Options{})
			requireDialError(t, err, StageWebSocket)
			require.Contains(t, err.Error(), c.reason)
		})
	}
}

func TestB019UpgradeInterrupted(t *testing.T) {
	cause := errors.New("the client ended")
	for _, c := range []struct{ name, answer string }{
		{"before the answer", ""},
		{"in the header", "HTTP/1.1 101 Swi"},
		{"in the body of a refusal", "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			ended := make(chan error, 1)
			address := listen(t, func(conn net.Conn) {
				http.ReadRequest(bufio.NewReader(conn))
				io.WriteString(conn, c.answer)
				stop(cause)
				_, err := conn.Read(make([]byte, 1))
				ended <- err
			})
			start := time.Now()
			_, err := Dial(ctx, server(t, "ws://"+address), Options{})
			require.Less(t, time.Since(start), 2*time.Second, "websocket.Dial gives a body three")
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, cause)
			require.Error(t, <-ended, "the connection is closed")
		})
	}
}

func TestWebSocketOverTLS(t *testing.T) {
	ca := newAuthority(t)
	certificate := ca.issue(t, "broker.example")
	serve := func(config *tls.Config) string {
		config.Certificates = []tls.Certificate{certificate}
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}}); err == nil {
				defer conn.CloseNow()
				echoWeb(r, conn)
			}
		}))
		s.TLS = config
		s.Config.ErrorLog = quiet
		s.StartTLS()
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "https://")
	}
	t.Run("stages", func(t *testing.T) {
		var got []Step
		conn := dialWeb(t, "wss://broker.example/mqtt", Options{
			Dialer: to(serve(&tls.Config{})), TLS: trusting(ca), Trace: func(s Step) { got = append(got, s) },
		})
		require.Equal(t, []Step{
			{Stage: StageTCP}, {Stage: StageTCP, Done: true}, {Stage: StageTLS}, {Stage: StageTLS, Done: true},
			{Stage: StageWebSocket}, {Stage: StageWebSocket, Done: true},
		}, got)
		requireEcho(t, conn)
		require.NoError(t, conn.(HalfCloser).CloseWrite())
		_, err := conn.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
	})
	t.Run("a certificate that is rejected after the handshake", func(t *testing.T) {
		address := serve(&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool(), MinVersion: tls.VersionTLS13})
		_, err := Dial(t.Context(), server(t, "wss://broker.example"), Options{Dialer: to(address), TLS: trusting(ca)})
		requireDialError(t, err, StageTLS)
		require.ErrorIs(t, err, ErrCertificateRejected)
	})
}

func TestHTTPClientThatDials(t *testing.T) {
	address := listenWeb(t, nil, echoWeb)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	never := DialerFunc(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("not this one") })
	options := Options{Dialer: never, WebSocket: WebSocketOptions{HTTPClient: &http.Client{Transport: transport}}}

	t.Run("echo and half close", func(t *testing.T) {
		var got []Step
		options := options
		options.Trace = func(s Step) { got = append(got, s) }
		conn := dialWeb(t, "ws://broker.example", options)
		require.Equal(t, []Step{{Stage: StageWebSocket}, {Stage: StageWebSocket, Done: true}}, got)
		requireEcho(t, conn)
		require.NoError(t, conn.(HalfCloser).CloseWrite())
		_, err := conn.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		require.Equal(t, "websocket unknown", conn.LocalAddr().Network()+" "+conn.RemoteAddr().String())
	})
	t.Run("a deadline ends it", func(t *testing.T) {
		conn := dialWeb(t, "ws://broker.example", options)
		require.NoError(t, conn.SetDeadline(time.Now().Add(time.Hour)))
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Millisecond)))
		_, err := conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
	t.Run("close wakes Read", func(t *testing.T) {
		conn := dialWeb(t, "ws://broker.example", options)
		read := make(chan error, 1)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			read <- err
		}()
		require.NoError(t, conn.Close())
		require.ErrorIs(t, <-read, net.ErrClosed)
	})
	t.Run("a redirect is followed only when it says so", func(t *testing.T) {
		redirect := listenHTTP(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://"+address, http.StatusFound) })
		plain := &http.Transport{}
		t.Cleanup(plain.CloseIdleConnections)
		client := &http.Client{Transport: plain}
		_, err := Dial(t.Context(), server(t, "ws://"+redirect), Options{WebSocket: WebSocketOptions{HTTPClient: client}})
		refused, ok := errors.AsType[*UpgradeError](err)
		require.True(t, ok, err)
		require.Equal(t, "http://"+address, refused.Location)
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
		requireEcho(t, dialWeb(t, "ws://"+redirect, Options{WebSocket: WebSocketOptions{HTTPClient: client}}))
	})
}

func TestB042WebSocketOptionsAreOnlyRead(t *testing.T) {
	address := listenWeb(t, nil, echoWeb)
	client := &http.Client{}
	given := WebSocketOptions{Header: http.Header{"x-own": {"1"}}, Subprotocols: []string{"mqtt"}, HTTPClient: client}
	dialWeb(t, "ws://"+address, Options{WebSocket: given})
	require.Equal(t, http.Header{"x-own": {"1"}}, given.Header)
	require.Equal(t, &http.Client{}, client)
	own := given.Clone()
	own.Header.Set("x-own", "2")
	own.Subprotocols[0] = "x"
	require.Equal(t, http.Header{"x-own": {"1"}}, given.Header)
	require.Equal(t, []string{"mqtt"}, given.Subprotocols)
}
