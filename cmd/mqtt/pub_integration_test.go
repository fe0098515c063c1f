//go:build integration

package main_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// numbersSeen is what a subscriber saw of numbered lines.
type numbersSeen struct {
	messages int
	ordered  bool // 1, 2, 3 …
	took     time.Duration
}

// followNumbers subscribes to topic, and counts until a message says "end".
func followNumbers(ctx context.Context, t *testing.T, c *mqtt.Client, topic string) <-chan numbersSeen {
	t.Helper()
	stream, err := c.Stream(ctx, mqtt.StreamConfig{}, mqtt.Subscription{Filter: topic, QoS: mqtt.AtLeastOnce})
	require.NoError(t, err)
	out := make(chan numbersSeen, 1)
	go func() {
		seen := numbersSeen{ordered: true}
		begin := time.Now()
		for m := range stream.Messages() {
			if string(m.Payload) == "end" {
				break
			}
			if seen.messages == 0 {
				begin = time.Now()
			}
			seen.messages++
			seen.ordered = seen.ordered && string(m.Payload) == strconv.Itoa(seen.messages)
		}
		seen.took = time.Since(begin)
		out <- seen
	}()
	return out
}

// startMosquitto starts one that keeps nothing on disk: those of .ci/servers write all they have with each message that waits.
func startMosquitto(t *testing.T) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host, port, _ = net.SplitHostPort(l.Addr().String())
	l.Close()
	config := filepath.Join(t.TempDir(), "mosquitto.conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "listener %s %s\nallow_anonymous true\nmax_queued_messages 0\n", port, host), 0o644))
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd := exec.Command("mosquitto", "-c", config)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	says := follow(stderr)
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-says.ended
		cmd.Wait()
	})
	says.awaitText(t, " running")
	return host, port
}

func TestIntegrationPubOfManyLinesBesideMosquitto(t *testing.T) {
	const n = 300_000
	input := numbered(n)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	host, port := startMosquitto(t)
	c, err := mqtt.Connect(ctx, "mqtt://"+net.JoinHostPort(host, port), mqtt.Config{Version: mqtt.V311}) // on 5.0 mosquitto 2.0.11 overruns Receive Maximum
	require.NoError(t, err)
	defer c.Close(context.Background())

	// pipe gives the lines to a program, and says how it went.
	pipe := func(name string, cmd *exec.Cmd, topic string) (seen numbersSeen, kilobytes int64) {
		count := followNumbers(ctx, t, c, topic)
		var stderr bytes.Buffer
		cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &stderr
		began := time.Now()
		require.NoError(t, cmd.Run(), "%s", &stderr)
		took := time.Since(began)
		require.NoError(t, c.Publish(ctx, mqtt.Message{Topic: topic, Payload: []byte("end"), QoS: mqtt.AtLeastOnce}))
		seen = <-count
		kilobytes = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
		t.Logf("%s: %d of %d lines arrived; %.0f lines/s, %d kB; %s", name, seen.messages, n, n/took.Seconds(), kilobytes, strings.TrimSpace(stderr.String()))
		return seen, kilobytes
	}
	ours, kilobytes := pipe("mqtt pub", command(ctx, t, call{args: []string{"pub", "-h", host, "-p", port, "-t", "lines/ours", "-q", "1", "-l"}}), "lines/ours")
	pipe("mosquitto_pub", exec.CommandContext(ctx, "mosquitto_pub", "-h", host, "-p", port, "-t", "lines/theirs", "-q", "1", "-l"), "lines/theirs")

	require.Equal(t, n, ours.messages)
	require.True(t, ours.ordered)
	most := int64(100 << 10)
	if raceFlag != nil {
		most *= 4
	}
	require.Less(t, kilobytes, most)
}
