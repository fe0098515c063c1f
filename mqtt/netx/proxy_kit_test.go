//go:build !js

package netx

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/internal/proxytest"
)

// leadingTo is a proxy that reaches one server alone, and refusing one that reaches none.
func leadingTo(address string) proxytest.Config {
	return proxytest.Config{Reach: func(string) (net.Conn, error) { return net.Dial("tcp", address) }}
}

var refusing = proxytest.Config{Reach: func(string) (net.Conn, error) { return nil, errors.New("no") }}

// readRequest reads what a client says to an HTTP proxy, which then waits for the answer.
func readRequest(conn io.Reader) string {
	var got strings.Builder
	for one := make([]byte, 1); !strings.HasSuffix(got.String(), "\r\n\r\n"); {
		if _, err := io.ReadFull(conn, one); err != nil {
			break
		}
		got.Write(one)
	}
	return got.String()
}

// The parts of what a SOCKS5 client says, by their lengths.
const (
	greeting  = 3                  // without a password
	greetingP = 4                  // with one
	passwordU = 3 + len("uhush")   // RFC 1929
	connectTo = 7 + len("b.local") // a name
)

// says is one step of a proxy that a test plays: it reads so many bytes, or a whole HTTP request when the number is
// negative, and says text.
type says struct {
	reads int
	text  string
}

// play has conn play a proxy, a byte at a time, and then do as end says.
func play(conn net.Conn, steps []says, end func(net.Conn)) {
	defer conn.Close()
	for _, step := range steps {
		if step.reads < 0 {
			readRequest(conn)
		} else if _, err := io.CopyN(io.Discard, conn, int64(step.reads)); err != nil {
			return
		}
		for i := range len(step.text) {
			if _, err := conn.Write([]byte{step.text[i]}); err != nil {
				return
			}
		}
	}
	end(conn)
}

// stall waits for the client's end.
func stall(conn net.Conn) { io.Copy(io.Discard, conn) }

// hangUp does nothing: play closes.
func hangUp(net.Conn) {}

// dialPlayed dials a server through a proxy of that URL, as which the steps are played.
func dialPlayed(t *testing.T, rawURL string, steps []says, end func(net.Conn)) (net.Conn, error) {
	near, far := net.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() { play(far, steps, end) })
	conn, err := Dial(t.Context(), server(t, "mqtt://b.local"), Options{Dialer: over(near), Proxy: Proxy{URL: rawURL}})
	t.Cleanup(func() {
		near.Close()
		wg.Wait()
	})
	return conn, err
}

// requireProxyError is for what fails at a proxy, and says so without credentials.
func requireProxyError(t *testing.T, err error) *ProxyError {
	t.Helper()
	requireDialError(t, err, StageProxy)
	failed, ok := errors.AsType[*ProxyError](err)
	require.True(t, ok, "%T: %v", err, err)
	for _, secret := range []string{"hush", "dTpodXNo"} { // and u:hush in base64
		require.NotContains(t, err.Error(), secret)
		require.NotContains(t, failed.Body, secret)
		require.NotContains(t, failed.Proxy, secret)
	}
	return failed
}
