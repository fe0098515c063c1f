//go:build integration

package integration

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// server is one that runs while a test does.
type server interface {
	// access says how clients get in.
	access(cfg *mqtt.Config)

	// stop ends the server in order; start brings it back at the same address, and returns when it takes connections.
	stop(t *testing.T)
	start(t *testing.T)
}

// place is a server of the matrix.
type place struct {
	name string
	open func(t *testing.T) server
}

// The places of the matrix.
var (
	plain    = place{"mosquitto", openPlain}
	secure   = place{"mosquitto-tls", openSecure}
	embedded = place{"mochi", openMochi}

	web       = place{"mosquitto-ws", openWeb}
	secureWeb = place{"mosquitto-wss", openSecureWeb}
	local     = place{"mosquitto-unix", openSocket}

	mosquittos = []place{plain, secure}
	everywhere = []place{plain, secure, web, secureWeb, local, embedded}
	otherWays  = []place{web, secureWeb, local}

	// Where many bytes take no seconds: over WebSocket mosquitto 2.0.11 reads 4 KiB each 100 ms, from MQTT.js just the same.
	swift = []place{plain, secure, local, embedded}
)

// environment is what the script that started the servers has said.
func environment(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	require.NotEmpty(t, value, "%s isn't set: run these tests by make integration", name)
	return value
}
