//go:build integration

package main_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// tool is a command line client. All three know -h, -p, -t, -m, -q, -u and -P.
type tool struct {
	name     string
	pub, sub []string
	lines    string   // the flag for a message a line
	v5       []string // the flags for MQTT 5.0, where it speaks that
}

// besides are the rows of the table in the document: what is done, and what comes of it.
var besides = []struct {
	what string
	try  func(t *testing.T, c tool) string
}{
	{"`pub` when no server is there", func(t *testing.T, c tool) string {
		return c.outcome(t, nil, c.pub, "-h", "127.0.0.1", "-p", unusedPort(t), "-t", "a", "-m", "b")
	}},
	{"`pub` with a wrong password", func(t *testing.T, c tool) string {
		return c.outcome(t, nil, c.pub, c.at("MQTT_AUTH", "-t", "open/a", "-m", "b", "-u", "alice", "-P", "wrong")...)
	}},
	{"`pub -q 1` to a topic that isn't allowed (5.0 where it is spoken)", func(t *testing.T, c tool) string {
		args := append(c.at("MQTT_AUTH", "-t", "closed/a", "-m", "b", "-q", "1", "-u", "alice", "-P", "secret"), c.v5...)
		return c.outcome(t, nil, c.pub, args...)
	}},
	{"`pub` without a topic", func(t *testing.T, c tool) string {
		return c.outcome(t, nil, c.pub, c.at("MQTT_TCP", "-m", "b")...)
	}},
	{"`pub` with a flag that doesn't exist", func(t *testing.T, c tool) string {
		return c.outcome(t, nil, c.pub, c.at("MQTT_TCP", "-t", "a", "-m", "b", "--retian")...)
	}},
	{"the reader of `sub`'s output goes away", headOne},
	{"100,000 lines piped through `pub -q 1`", func(t *testing.T, c tool) string { return c.piped(t, 100_000) }},
	{"a line with bytes that aren't UTF-8 through `pub`", binary},
}

// TestIntegrationBeside tries the same with each tool, and holds the table of the document to what came of it.
func TestIntegrationBeside(t *testing.T) {
	host, port := startMosquitto(t)
	t.Setenv("MQTT_TCP", "mqtt://"+net.JoinHostPort(host, port))
	tools := []tool{
		{"mqtt", []string{program, "pub"}, []string{program, "sub"}, "-l", []string{"-V", "5"}},
		{"mosquitto", []string{"mosquitto_pub"}, []string{"mosquitto_sub"}, "-l", []string{"-V", "5"}},
		mqttJS(t),
	}
	var table strings.Builder
	table.WriteString("| | mqtt | mosquitto 2.0.11 | MQTT.js 5.16.0 |\n| --- | --- | --- | --- |\n")
	for _, row := range besides {
		fmt.Fprintf(&table, "| %s |", row.what)
		for _, c := range tools {
			fmt.Fprintf(&table, " %s |", row.try(t, c))
		}
		table.WriteByte('\n')
	}
	document, err := os.ReadFile("../../docs/cli.md")
	require.NoError(t, err)
	require.Contains(t, string(document), table.String(), "docs/cli.md has another table; this one was seen:\n%s", table.String())
}

// mqttJS installs the command of MQTT.js.
func mqttJS(t *testing.T) tool {
	dir := t.TempDir()
	install := exec.Command("npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--loglevel=error", "mqtt@5.16.0")
	out, err := install.CombinedOutput()
	require.NoError(t, err, "%s", out)
	bin := filepath.Join(dir, "node_modules", ".bin", "mqtt")
	return tool{"MQTT.js", []string{bin, "pub"}, []string{bin, "sub"}, "-M", nil}
}

// at gives the flags for one of the servers, by its variable, and more.
func (c tool) at(variable string, more ...string) []string {
	u, err := url.Parse(os.Getenv(variable))
	if err != nil || u.Host == "" {
		panic(variable + " names no server: run this behind .ci/servers")
	}
	return append([]string{"-h", u.Hostname(), "-p", u.Port()}, more...)
}

// command makes a process of a command line, in an environment without settings.
func (c tool) command(ctx context.Context, prefix []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, prefix[0], append(slices.Clone(prefix[1:]), args...)...)
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "MQTT_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "MQTT_PROFILES=/nonexistent")
	return cmd
}

// outcome is how a run ends: its exit code, or the signal.
func (c tool) outcome(t *testing.T, stdin io.Reader, prefix []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := c.command(ctx, prefix, args...)
	cmd.Stdin = stdin
	cmd.Run()
	require.NoError(t, ctx.Err(), "%q doesn't end", cmd.Args)
	return ended(cmd)
}

func ended(cmd *exec.Cmd) string {
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return fmt.Sprintf("exit %d", code)
	}
	return cmd.ProcessState.String()
}

func unusedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// onlooker subscribes a topic of its own, and gives what comes there.
func onlooker(t *testing.T, topic string) (*mqtt.Client, *mqtt.Stream) {
	client, err := mqtt.Connect(t.Context(), os.Getenv("MQTT_TCP"), mqtt.Config{ReceiveMaximum: 65_535})
	require.NoError(t, err)
	t.Cleanup(func() { client.Abort() })
	stream, err := client.Stream(t.Context(), mqtt.StreamConfig{}, mqtt.Subscription{Filter: topic, QoS: mqtt.AtLeastOnce})
	require.NoError(t, err)
	return client, stream
}

// piped says how many of n lines arrive, in order, when pub ends.
func (c tool) piped(t *testing.T, n int) string {
	topic := "beside/lines/" + c.name
	client, stream := onlooker(t, topic)
	var in bytes.Buffer
	for i := range n {
		fmt.Fprintf(&in, "%d\n", i)
	}
	end := make(chan string, 1)
	go func() {
		end <- c.outcome(t, &in, c.pub, c.at("MQTT_TCP", "-t", topic, "-q", "1", c.lines)...)
		client.Publish(t.Context(), mqtt.Message{Topic: topic, Payload: []byte("over"), QoS: mqtt.AtLeastOnce}) // behind all that has left
	}()
	came, ordered := 0, true
	for m := range stream.All(t.Context()) {
		if string(m.Payload) == "over" {
			break
		}
		ordered = ordered && string(m.Payload) == fmt.Sprint(came)
		came++
	}
	how := "all arrive in order"
	switch {
	case came < n:
		how = "some are lost"
	case !ordered:
		how = "all arrive, not in order"
	}
	return how + ", " + <-end
}

// binary says whether a line arrives as it was.
func binary(t *testing.T, c tool) string {
	topic := "beside/bytes/" + c.name
	client, stream := onlooker(t, topic)
	line := "a\x00\xff\xc0b"
	c.outcome(t, strings.NewReader(line+"\n"), c.pub, c.at("MQTT_TCP", "-t", topic, "-q", "1", c.lines)...)
	require.NoError(t, client.Publish(t.Context(), mqtt.Message{Topic: topic, Payload: []byte("over"), QoS: mqtt.AtLeastOnce}))
	got := (<-stream.Messages()).Payload
	switch string(got) {
	case line:
		return "arrives unchanged"
	case "over":
		return "is lost"
	}
	return "arrives changed"
}

// headOne says how sub ends when who read its output has gone, and messages go on coming.
func headOne(t *testing.T, c tool) string {
	topic := "beside/head/" + c.name
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := c.command(ctx, c.sub, c.at("MQTT_TCP", "-t", topic)...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	client, _ := onlooker(t, topic)
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, err := bufio.NewReader(stdout).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%v", err)
		}
		stdout.Close()
		cmd.Wait()
	}()
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-over:
			require.NoError(t, ctx.Err(), "%q doesn't end", cmd.Args)
			return ended(cmd)
		case <-pace.C:
			require.NoError(t, client.Publish(ctx, mqtt.Message{Topic: topic, Payload: []byte("x")}))
		}
	}
}
