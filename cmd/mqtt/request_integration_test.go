//go:build integration

package main_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestIntegrationRequestAndReplyOverMosquitto is the same as over mochi, with a server of another make.
func TestIntegrationRequestAndReplyOverMosquitto(t *testing.T) {
	for _, name := range []string{"MQTT_TCP", "MQTT_WS", "MQTT_UNIX"} {
		t.Run(name, func(t *testing.T) {
			url := os.Getenv(name)
			require.NotEmpty(t, url)
			topic := "request/" + name
			reply := startReply(t, url, "-t", topic, "--exec", "tr a-z A-Z", "--parallel", "2")
			for _, qos := range []string{"0", "1", "2"} {
				require.Equal(t, result{0, "HELLO\n", ""}, run(t, "request", "--url", url, "-t", topic, "-m", "hello", "-q", qos))
			}
			r := run(t, "request", "--url", url, "-t", topic, "-m", "x", "--repeat", "20", "--latency")
			require.Equal(t, strings.Repeat("X\n", 20), r.stdout)
			t.Log(r.stderr)
			startReply(t, url, "-t", topic, "-m", "another")
			r = run(t, "request", "--url", url, "-t", topic, "-m", "x", "-C", "2")
			require.ElementsMatch(t, []string{"X", "another"}, strings.Fields(r.stdout))
			reply.signal(syscall.SIGINT)
			require.Equal(t, 0, reply.wait().code)
		})
	}
}

// TestIntegrationRequestThatNobodyAnswersAtMosquitto is told at once by a server that knows who subscribes.
func TestIntegrationRequestThatNobodyAnswersAtMosquitto(t *testing.T) {
	r := run(t, "request", "--url", os.Getenv("MQTT_TCP"), "-t", "request/nobody", "-m", "x", "-W", "0")
	require.Equal(t, 5, r.code)
	require.Contains(t, r.stderr, `nobody subscribes to "request/nobody", the server says; is the service running?`)
}

// TestIntegrationRequestAndReplyWithoutTheRight uses the server that wants a password, and lets it write and read some topics alone.
func TestIntegrationRequestAndReplyWithoutTheRight(t *testing.T) {
	url := os.Getenv("MQTT_AUTH")
	for _, args := range [][]string{{"request", "-t", "open/a", "-m", "x"}, {"reply", "-t", "open/a", "--echo"}} {
		r := run(t, append(args, "--url", url)...)
		require.Equal(t, 6, r.code, r.stderr)
	}
}

// TestIntegrationReplyOutlivesTheServer goes on when the server is back.
func TestIntegrationReplyOutlivesTheServer(t *testing.T) {
	url := os.Getenv("MQTT_WITNESS")
	reply := startReply(t, url, "-t", "request/outlive", "--echo", "-d")
	control := func(what string) {
		t.Helper()
		out, err := exec.Command(os.Getenv("MQTT_CONTROL"), what, "witness").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	control("stop")
	reply.stderr.awaitText(t, "is lost: ")
	control("start")
	reply.stderr.awaitText(t, "again\n")
	reply.stderr.await(t, "a second SUBACK", func(text string) bool { return strings.Count(text, "<- SUBACK") == 2 })
	require.Equal(t, result{0, "x\n", ""}, run(t, "request", "--url", url, "-t", "request/outlive", "-m", "x"))
	reply.signal(syscall.SIGINT)
	require.Equal(t, 0, reply.wait().code)
}
