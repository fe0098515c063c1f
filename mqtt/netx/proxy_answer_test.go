//go:build !js

package netx

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	httpProxy  = "http://u:hush@proxy.example:3128"
	socksProxy = "socks5h://u:hush@proxy.example"
	openSOCKS  = "socks5h://proxy.example"
	granted    = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
)

func TestProxyThatSpeaksByteByByte(t *testing.T) { // and the server's first words come right behind
	for _, c := range []struct {
		name, url string
		steps     []says
	}{
		{"HTTP", httpProxy, []says{{-1, "HTTP/1.1 200 OK\r\nVia: x\r\n\r\nhello"}}},
		{"HTTP with bare line ends", httpProxy, []says{{-1, "HTTP/1.0 200\n\nhello"}}},
		{"SOCKS", openSOCKS, []says{{greeting, "\x05\x00"}, {connectTo, granted + "hello"}}},
		{"SOCKS with a password", socksProxy, []says{{greetingP, "\x05\x02"}, {passwordU, "\x01\x00"}, {connectTo, granted + "hello"}}},
		{"SOCKS that wants no password", socksProxy, []says{{greetingP, "\x05\x00"}, {connectTo, granted + "hello"}}},
		{"SOCKS that answers with a name", openSOCKS, []says{{greeting, "\x05\x00"}, {connectTo, "\x05\x00\x00\x03\x03abc\x00\x07hello"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := dialPlayed(t, c.url, c.steps, stall)
			require.NoError(t, err)
			got := make([]byte, 5)
			_, err = io.ReadFull(conn, got)
			require.NoError(t, err)
			require.Equal(t, "hello", string(got))
		})
	}
}

func TestProxyThatRefuses(t *testing.T) {
	for _, c := range []struct {
		name, url string
		steps     []says
		status    int
		says      string // the error
		body      string
	}{
		{"HTTP 407 without a password", "http://proxy.example", []says{{-1, "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?"}},
			407, "407 Who?: it wants a user name and a password: write http://", "who?"},
		{"HTTP 407 with a wrong one", httpProxy, []says{{-1, "HTTP/1.1 407 hush\r\n\r\nnot dTpodXNo or hush\x1b[31m\n\xff"}},
			407, "407 xxxxx: it doesn't accept the user name and the password: check them", "not xxxxx or xxxxx [31m \uFFFD"},
		{"HTTP 407 for another way", httpProxy, []says{{-1, "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n"}},
			407, "it knows no Basic authentication, and what it knows must come from Proxy.Header", ""},
		{"HTTP 403", httpProxy, []says{{-1, "HTTP/1.1 403 Forbidden\r\n\r\n"}}, 403, "403 Forbidden: it doesn't allow b.local:1883", ""},
		{"HTTP 502, chunked", httpProxy, []says{{-1, "HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlost\r\n0\r\n\r\n"}},
			502, "502 Bad Gateway: it can't reach b.local:1883", "lost"},
		{"HTTP 503 with a long text", httpProxy, []says{{-1, "HTTP/1.1 503 Busy\r\n\r\n" + strings.Repeat("x", 3*largestBody)}},
			503, "503 Busy: it can't reach", strings.Repeat("x", largestBody)},
		{"HTTP 405", httpProxy, []says{{-1, "HTTP/1.1 405 No\r\n\r\n"}}, 405, "it doesn't understand CONNECT: it may be no proxy", ""},
		{"HTTP 302", httpProxy, []says{{-1, "HTTP/1.1 302 Found\r\nLocation: http://login.example\r\n\r\n"}}, 302, "302 Found: it doesn't connect to b.local:1883", ""},
		{"SOCKS wants a password", openSOCKS, []says{{greeting, "\x05\xFF"}}, 0, "it wants a user name and a password: write http://", ""},
		{"SOCKS has a wrong one", socksProxy, []says{{greetingP, "\x05\x02"}, {passwordU, "\x01\x01"}}, 0, "it doesn't accept the user name and the password: check them", ""},
		{"SOCKS doesn't know passwords", socksProxy, []says{{greetingP, "\x05\xFF"}}, 0, "it doesn't accept the user name and the password", ""},
		{"SOCKS doesn't allow it", openSOCKS, []says{{greeting, "\x05\x00"}, {connectTo, "\x05\x02\x00\x01"}}, 0, "it doesn't connect to b.local:1883: connection not allowed by ruleset", ""},
		{"SOCKS can't reach it", openSOCKS, []says{{greeting, "\x05\x00"}, {connectTo, "\x05\x04\x00\x01"}}, 0, "it doesn't connect to b.local:1883: host unreachable", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := dialPlayed(t, c.url, c.steps, hangUp)
			failed := requireProxyError(t, err)
			require.Equal(t, c.status, failed.Status)
			require.Equal(t, c.body, failed.Body)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "proxy mqtt://b.local:1883: through "+failed.Proxy+": ")
			require.Regexp(t, `^(http|socks5h)://proxy.example:(80|3128|1080)$`, failed.Proxy)
		})
	}
}

func TestB311ProxyThatTalksNonsense(t *testing.T) {
	for _, c := range []struct {
		name, url string
		steps     []says
		says      string
	}{
		{"HTTP: SSH", httpProxy, []says{{-1, "S"}}, "its answer is no HTTP: check its host, port and scheme"},
		{"HTTP: SOCKS", httpProxy, []says{{-1, "\x05\xFF"}}, "it is a SOCKS proxy: write socks5://"},
		{"HTTP: TLS", httpProxy, []says{{-1, "\x15\x03\x01"}}, "it speaks TLS: write https://"},
		{"HTTP: HTTP/2", httpProxy, []says{{-1, "HTTP/2 200\r\n\r\n"}}, "its answer is no HTTP"},
		{"HTTP: no status", httpProxy, []says{{-1, "HTTP/1.1 OK\r\n\r\n"}}, "its answer is no HTTP"},
		{"HTTP: short status", httpProxy, []says{{-1, "HTTP/1.1 20\r\n\r\n"}}, "its answer is no HTTP"},
		{"HTTP: a refusal without sense", httpProxy, []says{{-1, "HTTP/1.1 400 Bad\r\nno colon\r\n\r\n"}}, "its answer is malformed"},
		{"HTTP: no end of the head", httpProxy, []says{{-1, "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", largestHead)}}, "the head of its answer is longer than 16384 bytes"},
		{"HTTP: no end of interim answers", httpProxy, []says{{-1, strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", largestHead/20)}}, "longer than 16384 bytes"},
		{"SOCKS: HTTP", openSOCKS, []says{{greeting, "HT"}}, "it is an HTTP proxy: write http://"},
		{"SOCKS: version 4", openSOCKS, []says{{greeting, "\x04\x00"}}, "it is no SOCKS5 proxy"},
		{"SOCKS: a method that nobody offered", openSOCKS, []says{{greeting, "\x05\x01"}, {connectTo, "\x04\x00\x00\x01"}}, "it is no SOCKS5 proxy"},
		{"SOCKS: a kind of address that isn't", openSOCKS, []says{{greeting, "\x05\x00"}, {connectTo, "\x05\x00\x00\x09"}}, "unknown address type 9"},
		{"SOCKS: a password in another version", socksProxy, []says{{greetingP, "\x05\x02"}, {passwordU, "\x05\x00"}}, "invalid username/password version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := dialPlayed(t, c.url, c.steps, stall)
			require.Zero(t, requireProxyError(t, err).Status)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestProxyThatIsCutOff(t *testing.T) {
	for _, c := range []struct {
		name, url string
		steps     []says
		says      string
	}{
		{"HTTP, before the answer", httpProxy, []says{{-1, ""}}, "it closed the connection without an answer"},
		{"HTTP, in the first line", httpProxy, []says{{-1, "HTTP/1.1 20"}}, "it closed the connection in the middle of its answer"},
		{"HTTP, before the empty line", httpProxy, []says{{-1, "HTTP/1.1 200 OK\r\n\r"}}, "in the middle of its answer"},
		{"HTTP, before the request", httpProxy, nil, "asking it for b.local:1883: "},
		{"SOCKS, before the method", openSOCKS, []says{{greeting, ""}}, "it closed the connection before it had answered"},
		{"SOCKS, in the method", openSOCKS, []says{{greeting, "\x05"}}, "before it had answered"},
		{"SOCKS, in the password's answer", socksProxy, []says{{greetingP, "\x05\x02"}, {passwordU, "\x01"}}, "before it had answered"},
		{"SOCKS, before the reply", openSOCKS, []says{{greeting, "\x05\x00"}, {connectTo, ""}}, "before it had answered"},
		{"SOCKS, in the reply", openSOCKS, []says{{greeting, "\x05\x00"}, {connectTo, granted[:7]}}, "before it had answered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := dialPlayed(t, c.url, c.steps, hangUp)
			requireProxyError(t, err)
			require.ErrorContains(t, err, c.says)
			if c.steps != nil {
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			}
		})
	}
}

func TestProxyThatStalls(t *testing.T) {
	deaf := func(net.Conn) {}
	for _, c := range []struct {
		name, url string
		play      func(net.Conn)
	}{
		{"HTTP, reads nothing", httpProxy, deaf},
		{"HTTP, says nothing", httpProxy, played()},
		{"HTTP, in its answer", httpProxy, played(says{-1, "HTTP/1.1 200 OK\r\nA: "})},
		{"HTTPS, reads nothing", "https://u:hush@proxy.example", deaf},
		{"HTTPS, says nothing", "https://u:hush@proxy.example", played()},
		{"SOCKS, reads nothing", socksProxy, deaf},
		{"SOCKS, says nothing", socksProxy, played()},
		{"SOCKS, after the password", socksProxy, played(says{greetingP, "\x05\x02"}, says{passwordU, ""})},
		{"SOCKS, in its reply", openSOCKS, played(says{greeting, "\x05\x00"}, says{connectTo, granted[:4]})},
	} {
		for name, beneath := range map[string]func(net.Conn) net.Conn{
			"": func(conn net.Conn) net.Conn { return conn }, ", without deadlines": func(conn net.Conn) net.Conn { return timeless{conn} },
		} {
			t.Run(c.name+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					near, far := net.Pipe()
					defer far.Close()
					go c.play(far)
					conn := &spy{Conn: near}
					cause := errors.New("connect timeout")
					ctx, stop := context.WithTimeoutCause(t.Context(), 30*time.Second, cause)
					defer stop()
					start := time.Now()
					_, err := Dial(ctx, server(t, "mqtt://b.local"), Options{Dialer: over(beneath(conn)), Proxy: Proxy{URL: c.url}})
					requireProxyError(t, err)
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.ErrorIs(t, err, cause)
					require.Equal(t, 30*time.Second, time.Since(start))
					require.True(t, conn.closed)
				})
			})
		}
	}
}

// played is a proxy that says what it says and then waits.
func played(steps ...says) func(net.Conn) { return func(conn net.Conn) { play(conn, steps, stall) } }

// timeless is a connection without deadlines, as an SSH client gives.
type timeless struct{ net.Conn }

func (timeless) SetDeadline(time.Time) error { return errors.ErrUnsupported }

func TestRefusalWhoseTextStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := dialPlayed(t, httpProxy, []says{{-1, "HTTP/1.1 403 Forbidden\r\nContent-Length: 400\r\n\r\nbecause"}}, stall)
		failed := requireProxyError(t, err)
		require.Equal(t, "because", failed.Body)
		require.Equal(t, 403, failed.Status)
		require.Equal(t, lingerForBody, time.Since(start))
	})
}

func TestContextThatEndsInTheLastMoment(t *testing.T) {
	for _, c := range []struct {
		url   string
		steps []says
	}{
		{httpProxy, []says{{-1, "HTTP/1.1 200 OK\r\n\r\n"}}},
		{openSOCKS, []says{{greeting, "\x05\x00"}, {connectTo, granted}}},
	} {
		ctx, stop := context.WithCancel(t.Context())
		near, far := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			play(ending{far, stop}, c.steps, stall)
		}()
		conn, err := Dial(ctx, server(t, "mqtt://b.local"), Options{Dialer: over(near), Proxy: Proxy{URL: c.url}})
		if err == nil { // then the connection is the caller's, and ctx has no hold over it
			conn.Close()
		} else {
			requireProxyError(t, err)
			require.ErrorIs(t, err, context.Canceled)
		}
		<-done
		stop()
	}
}

// ending stops with the last byte of an answer.
type ending struct {
	net.Conn
	stop func()
}

func (e ending) Write(p []byte) (int, error) {
	if p[0] == '\n' || p[0] == 0 {
		e.stop()
	}
	return e.Conn.Write(p)
}
