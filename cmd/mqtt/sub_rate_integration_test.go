//go:build integration

package main_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestIntegrationSubRateThroughMosquitto(t *testing.T) {
	const count = 50_000
	c := publisher(t)
	name := topic(t, "rate")
	rate := func(what string, cmd *exec.Cmd) float64 {
		var stdout bytes.Buffer
		cmd.Stdout = &stdout
		require.NoError(t, cmd.Start())
		awaitSubscriber(t, c, name)
		start := time.Now()
		payload := []byte(`{"t":21.5,"unit":"C","n":123456}`)
		for range count {
			put(t, c, mqtt.Message{Topic: name, Payload: payload})
		}
		require.NoError(t, cmd.Wait(), what)
		took := time.Since(start)
		require.Equal(t, count, strings.Count(stdout.String(), "n\\\":123456"), what)
		cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		t.Logf("%s: %.0f messages a second, %v of processor time each", what, count/took.Seconds(), cpu/count)
		return count / took.Seconds()
	}
	enough := strconv.Itoa(count + 1) // awaitSubscriber has one come
	ours := rate("mqtt sub -o ndjson", command(t.Context(), t, call{args: []string{"sub", "--url", plainURL(t), "-t", name + "/#", "-o", "ndjson", "-C", enough}}))
	theirs := rate("mosquitto_sub -F %j", mosquittoSub(t, "-t", name+"/#", "-F", "%j", "-C", enough))
	require.Greater(t, ours, theirs/10)
}

// awaitSubscriber waits until the server has somebody who subscribes to what is below name: a message at QoS 1 says so. One of
// them comes to that subscriber.
func awaitSubscriber(t testing.TB, c *mqtt.Client, name string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		d, err := c.PublishAsync(t.Context(), mqtt.Message{Topic: name + "/ready", QoS: 1})
		require.NoError(t, err)
		require.NoError(t, d.Wait(t.Context()))
		if r, _ := d.Result(); r.Code == 0 {
			return
		}
	}
	t.Fatal("nobody subscribes")
}

// A server that does nothing but send shows what the program can write.
func TestIntegrationSubRateInAFlood(t *testing.T) {
	const count = 500_000
	server, err := url.Parse(puppet(t, flooding(count)))
	require.NoError(t, err)
	rate := func(what string, cmd *exec.Cmd) float64 {
		var stdout bytes.Buffer
		cmd.Stdout = &stdout
		start := time.Now()
		require.NoError(t, cmd.Run(), what)
		took := time.Since(start)
		n := 0
		for line := range strings.Lines(stdout.String()) {
			require.Contains(t, line, fmt.Sprintf(`n\":%06d`, n), what)
			n++
		}
		require.Equal(t, count, n, what)
		cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		t.Logf("%s: %.0f messages a second, %v of processor time each", what, count/took.Seconds(), cpu/count)
		return count / took.Seconds()
	}
	enough := strconv.Itoa(count)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	ours := rate("mqtt sub -o ndjson", command(ctx, t, call{args: []string{"sub", "--url", server.String(), "-t", "flood", "-o", "ndjson", "-C", enough}}))
	theirs := rate("mosquitto_sub -F %j", exec.CommandContext(ctx, "mosquitto_sub", "-h", server.Hostname(), "-p", server.Port(), "-V", "mqttv5", "-t", "flood", "-F", "%j", "-C", enough))
	require.Greater(t, ours, theirs/10)
}

// flooding answers who subscribes on 5.0 with count messages of QoS 0, numbered from 0.
func flooding(count int) func(packet []byte) []byte {
	return func(packet []byte) []byte {
		switch packet[0] >> 4 {
		case 1: // CONNECT
			return []byte{0x20, 3, 0, 0, 0}
		case 8: // SUBSCRIBE
			out := []byte{0x90, 4, packet[2], packet[3], 0, 0}
			for n := range count {
				m := codec.Publish{Topic: "flood", Payload: fmt.Appendf(nil, `{"t":21.5,"unit":"C","n":%06d}`, n)}
				out, _ = m.Append(out, codec.V5) // it can only fail on what isn't MQTT
			}
			return out
		}
		return nil
	}
}
