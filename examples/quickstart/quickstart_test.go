package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/examples/internal/embedded"
)

func TestQuickstart(t *testing.T) {
	server, err := embedded.Start(nil)
	require.NoError(t, err)
	t.Cleanup(server.Stop)

	program := exec.CommandContext(t.Context(), "go", "run", ".")
	program.Env = append(os.Environ(), "MQTT_URL="+server.URL)
	out, err := program.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "greetings/world: hello\n", string(out))
}
