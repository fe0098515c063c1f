package mqtt_test

import (
	"bufio"
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/internal/proxytest"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// proxied starts a proxy by its scheme, and gives the URL for whoever has the password. It ends with the test.
func proxied(t *testing.T, scheme string, ca *issuer) (*proxytest.Proxy, string) {
	t.Helper()
	cfg, start := proxytest.Config{User: "ann", Password: "hush"}, proxytest.SOCKS
	switch scheme {
	case "https":
		cfg.TLS = &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "proxy")}}
		fallthrough
	case "http":
		start = proxytest.HTTP
	}
	p, err := start(cfg)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p, scheme + "://ann:hush@" + p.Address
}

// askedThrough reads what a client asks of an HTTP proxy that the test plays, and answers.
func askedThrough(t *testing.T, conn *mqtttest.Conn, answer string) *http.Request {
	t.Helper()
	request, err := http.ReadRequest(bufio.NewReader(conn.Pipe()))
	require.NoError(t, err)
	require.NoError(t, conn.SendBytes([]byte(answer)))
	return request
}
