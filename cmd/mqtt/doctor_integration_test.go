//go:build integration

package main_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIntegrationDoctor(t *testing.T) {
	tcp, tls, strict, web := os.Getenv("MQTT_TCP"), os.Getenv("MQTT_TLS"), os.Getenv("MQTT_TLS_CLIENT"), os.Getenv("MQTT_WS")
	ca, cert, key := os.Getenv("MQTT_CA"), os.Getenv("MQTT_CERT"), os.Getenv("MQTT_KEY")
	alice := []string{"--url", os.Getenv("MQTT_AUTH"), "-u", os.Getenv("MQTT_USER"), "-P"}
	for _, c := range []struct {
		name               string
		args               []string
		code               int
		status, step, says string
	}{
		{"plain", []string{"--url", tcp}, 0, "ok", "$SYS", "mosquitto version"},
		{"retained messages", []string{"--url", tcp}, 0, "ok", "retain", "kept and cleared"},
		{"TLS", []string{"--url", tls, "--cafile", ca}, 0, "ok", "trust", "CN=Sluice test CA"},
		{"TLS without its authority", []string{"--url", tls, "--no-probe"}, 4, "FAIL", "trust", "don't have CN=Sluice test CA"},
		{"no client certificate", []string{"--url", strict, "--cafile", ca, "--no-probe"}, 4, "FAIL", "connect", "give --cert and --key"},
		{"client certificate", []string{"--url", strict, "--cafile", ca, "--cert", cert, "--key", key}, 0, "ok", "connect", "accepted"},
		{"WebSocket", []string{"--url", web, "--no-probe"}, 0, "ok", "websocket", "agrees to WebSocket at /mqtt"},
		{"WebSocket, taken for TCP", []string{"--url", "mqtt" + strings.TrimSuffix(strings.TrimPrefix(web, "ws"), "/mqtt"), "--no-probe"}, 3, "FAIL", "connect",
			"it takes MQTT over WebSocket at " + web},
		{"TCP, taken for TLS", []string{"--url", "mqtts" + strings.TrimPrefix(tcp, "mqtt"), "--no-probe"}, 4, "FAIL", "tls", "use " + tcp},
		{"TLS, taken for TCP", []string{"--url", "mqtt" + strings.TrimPrefix(tls, "mqtts"), "--no-probe"}, 3, "FAIL", "connect", "use " + tls},
		{"nobody", []string{"--url", os.Getenv("MQTT_AUTH"), "--no-probe"}, 6, "FAIL", "connect", "give -u and --password-file"},
		{"a wrong password", append(alice, "wrong", "--no-probe"), 6, "FAIL", "connect", "either user name or password is wrong"},
		{"topics that aren't allowed", append(alice, os.Getenv("MQTT_PASSWORD")), 0, "", "topics", "--topic-prefix"},
		{"topics that are", append(alice, os.Getenv("MQTT_PASSWORD"), "--topic-prefix", "open"), 0, "ok", "will", "published"},
		{"limits", []string{"--url", os.Getenv("MQTT_NARROW")}, 0, "", "limits", "packets up to 500 bytes, QoS 1 at most"},
		{"limits of Keep Alive", []string{"--url", os.Getenv("MQTT_NARROW")}, 0, "", "keep-alive", "each 10s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, append([]string{"doctor", "--step-timeout", "20"}, c.args...)...)
			require.Equal(t, c.code, r.code, r.stdout+r.stderr)
			requireFinding(t, r, c.status, c.step, c.says)
		})
	}
	r := run(t, "retained", "ls", "mqtt-doctor/#", "--url", tcp)
	require.Equal(t, "0 retained messages, 0 bytes\n", r.stderr, "something was left behind")
}

func TestIntegrationRetained(t *testing.T) {
	tcp := os.Getenv("MQTT_TCP")
	var in strings.Builder
	for i := range 400 { // more than a Receive Maximum of 256
		fmt.Fprintf(&in, `{"topic":"retained-test/%d","payload":"%d","qos":%d}`+"\n", i, i, i%3)
	}
	r := runCall(t, call{args: []string{"retained", "load", "-", "--url", tcp}, stdin: strings.NewReader(in.String())})
	require.Equal(t, 0, r.code, r.stderr)
	for _, args := range [][]string{{"-q", "0"}, {"-q", "2"}, {"-q", "0", "-V", "311"}} {
		r = run(t, append([]string{"retained", "ls", "retained-test/#", "--url", tcp}, args...)...)
		require.Equal(t, 0, r.code, r.stderr)
		require.Equal(t, 400, strings.Count(r.stdout, "\n"))
		require.NotContains(t, r.stderr, "guess")
	}
	r = run(t, "retained", "rm", "retained-test/#", "--url", tcp, "--yes")
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stderr, "400 retained messages cleared")

	alice := []string{"--url", os.Getenv("MQTT_AUTH"), "-u", os.Getenv("MQTT_USER"), "-P", os.Getenv("MQTT_PASSWORD")}
	r = runCall(t, call{args: append([]string{"retained", "load", "-"}, alice...), stdin: strings.NewReader(`{"topic":"closed/a","payload":"1"}`)})
	require.Equal(t, 6, r.code, r.stderr)
	r = runCall(t, call{args: append([]string{"retained", "load", "-"}, alice...), stdin: strings.NewReader(`{"topic":"open/a","payload":"1"}`)})
	require.Equal(t, 0, r.code, r.stderr)
	r = run(t, append([]string{"retained", "ls", "#"}, alice...)...)
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, "open/a")
	require.Contains(t, r.stderr, "guess")
}
