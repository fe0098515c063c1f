//go:build integration

package integration

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// mosquitto is a server that was started before the tests, with others beside it. It keeps its data.
type mosquitto struct {
	name string // what MQTT_CONTROL calls it
	url  string
	tls  *tls.Config
}

func openPlain(t *testing.T) server {
	return &mosquitto{name: "plain", url: environment(t, "MQTT_TCP")}
}

func openSecure(t *testing.T) server {
	return &mosquitto{name: "tls", url: environment(t, "MQTT_TLS"), tls: &tls.Config{RootCAs: authority(t)}}
}

// openWeb, openSecureWeb and openSocket lead to the same two servers by other ways.
func openWeb(t *testing.T) server {
	return &mosquitto{name: "plain", url: environment(t, "MQTT_WS")}
}

func openSecureWeb(t *testing.T) server {
	return &mosquitto{name: "tls", url: environment(t, "MQTT_WSS"), tls: &tls.Config{RootCAs: authority(t)}}
}

func openSocket(t *testing.T) server {
	return &mosquitto{name: "plain", url: environment(t, "MQTT_UNIX")}
}

func (m *mosquitto) access(cfg *mqtt.Config) { cfg.Servers, cfg.TLS = []string{m.url}, m.tls }

func (m *mosquitto) stop(t *testing.T)  { m.control(t, "stop") }
func (m *mosquitto) start(t *testing.T) { m.control(t, "start") }

// kill ends the server without a word.
func (m *mosquitto) kill(t *testing.T) { m.control(t, "kill") }

func (m *mosquitto) control(t *testing.T, action string) {
	t.Helper()
	output, err := exec.Command(environment(t, "MQTT_CONTROL"), action, m.name).CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// authority is who has signed the certificates of the servers.
func authority(t *testing.T) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(environment(t, "MQTT_CA"))
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	return pool
}
