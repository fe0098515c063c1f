//go:build integration

package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// control stops, kills or starts a server of .ci/servers.
func control(t testing.TB, action, name string) {
	t.Helper()
	out, err := exec.Command(os.Getenv("MQTT_CONTROL"), action, name).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// startPublishing publishes numbers at QoS 1, also while the server is away, until its result is asked for; then it gives how many
// the server has acknowledged.
func startPublishing(t testing.TB, url, topic string) func() int {
	t.Helper()
	c := client(t, url, mqtt.Config{ClientID: "numbers", Session: mqtt.SessionDurable})
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan int, 1)
	go func() {
		n := 0
		for ctx.Err() == nil && c.Publish(context.Background(), mqtt.Message{Topic: topic, QoS: 1, Payload: fmt.Append(nil, n)}) == nil {
			n++
		}
		result <- n
	}()
	return func() int {
		cancel()
		return <-result
	}
}

// TestIntegrationRecorderAndServerAreTakenAway kills the recorder and restarts the server while numbers come.
func TestIntegrationRecorderAndServerAreTakenAway(t *testing.T) {
	for _, name := range []string{"all.ndjson", "all.ndjson.zst"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), name)
			topic := "record/" + name
			args := []string{"record", "--url", os.Getenv("MQTT_WITNESS"), "-c", "-i", "recorder-" + name, "-t", topic, "-f", file, "--append"}
			begin := func() *process {
				p := start(t, args...)
				p.stderr.awaitText(t, "recording to")
				return p
			}
			p := begin()
			done := startPublishing(t, os.Getenv("MQTT_WITNESS"), topic)
			for range 3 {
				awaitMore(t, file, 50)
				p.signal(syscall.SIGKILL)
				p.wait()
				p = begin()
				awaitMore(t, file, 50)
				control(t, "stop", "witness")
				control(t, "start", "witness")
				p.stderr.awaitText(t, "again")
			}
			published := done()
			p.signal(syscall.SIGINT)
			r := p.wait()
			require.Equal(t, 0, r.code, r.stderr)
			r = run(t, append(args, "--idle", "2s")...)
			require.Equal(t, 0, r.code, r.stderr)
			t.Logf("%s\n%d numbers, %d lines", p.stderr.text()+r.stderr, published, len(recorded(t, file)))
			require.Equal(t, counted(0, published), firsts(payloads(recorded(t, file))))
		})
	}
}

// awaitMore waits until a file has grown by so many lines' worth.
func awaitMore(t testing.TB, file string, lines int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	before := sizeOf(file)
	for sizeOf(file) < before+int64(lines) {
		require.NoError(t, ctx.Err(), "%s doesn't grow", file)
		exec.Command("true").Run() // lets others have the processor
	}
}

func sizeOf(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}

// TestIntegrationCopyBetweenRealServers kills copy and restarts both servers while numbers go from one to the other.
func TestIntegrationCopyBetweenRealServers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "there.ndjson")
	record := []string{"record", "--url", os.Getenv("MQTT_TCP"), "-c", "-i", "there", "-t", "there/n", "-f", file, "--append"}
	there := start(t, record...)
	there.stderr.awaitText(t, "recording to")
	begin := func() *process {
		p := start(t, "copy", "--from", os.Getenv("MQTT_WITNESS"), "--to", os.Getenv("MQTT_TCP"), "-t", "here/n", "--map", "here/#=there/#", "-i", "bridge")
		p.stderr.awaitText(t, "copying")
		return p
	}
	p := begin()
	c := client(t, os.Getenv("MQTT_WITNESS"), mqtt.Config{})
	published := 0
	some := func() { // not many: these servers write all that waits in them to the disk at each change
		publish(t, c, numbers("here/n", mqtt.AtLeastOnce, published, published+100)...)
		published += 100
	}
	for range 3 {
		some()
		p.signal(syscall.SIGKILL)
		p.wait()
		p = begin()
		some()
		control(t, "stop", "plain")
		control(t, "start", "plain")
		some()
		control(t, "stop", "witness")
		control(t, "start", "witness")
	}
	awaitLine(t, file, fmt.Sprintf(`"payload":"%d"`, published-1))
	p.signal(syscall.SIGINT)
	r := p.wait()
	require.Equal(t, 0, r.code, r.stderr)
	there.signal(syscall.SIGINT)
	require.Equal(t, 0, there.wait().code)
	t.Logf("%d numbers, %d arrived; %s", published, len(recorded(t, file)), r.stderr)
	require.Equal(t, counted(0, published), firsts(payloads(recorded(t, file))))
}

// awaitLine waits until a file has a text in it.
func awaitLine(t testing.TB, file, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for exec.Command("grep", "-q", text, file).Run() != nil {
		require.NoError(t, ctx.Err(), "no %s in %s", text, file)
	}
}

// TestIntegrationCopyOfWhatEndsEachConnection has a destination that answers one message with what is no answer, again and again.
func TestIntegrationCopyOfWhatEndsEachConnection(t *testing.T) {
	from := newKeeper(t, mqtttest.BrokerConfig{})
	waiting(t, from, mqtt.Message{Topic: "a", QoS: 1})
	r := run(t, "copy", "--from", from.url, "--to", answeringNonsense(t), "-t", "#", "-i", "bridge")
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stderr, "0 messages copied, 0 refused, 1 left unacknowledged")
	require.Contains(t, r.stderr, `the destination doesn't take the message of topic "a", which stays unacknowledged: 5 connections in a row`)
}

// TestIntegrationReplayOfALargeMessage has one that is larger than what is read ahead.
func TestIntegrationReplayOfALargeMessage(t *testing.T) {
	k := newKeeper(t, mqtttest.BrokerConfig{})
	large := strings.Repeat("x", 65<<20)
	r := run(t, "replay", "--url", k.url, recordingOf(t, `{"topic":"a","qos":1,"payload":"1"}`, `{"topic":"a","qos":1,"payload":"`+large+`"}`, `{"topic":"a","qos":1,"payload":"3"}`))
	require.Equal(t, 0, r.code, r.stderr)
	require.Equal(t, []string{"a 1", "a " + large, "a 3"}, k.took())
}
