package main_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// startBroker starts `mqtt broker` on free ports, and gives the URLs that it prints, one for each listener.
func startBroker(t testing.TB, listeners int, args ...string) (p *process, urls []string) {
	t.Helper()
	p = start(t, append([]string{"broker", "--port", "0", "--ws-port", "0"}, args...)...)
	text := p.stdout.await(t, "URLs", func(text string) bool { return strings.Count(text, "\n") >= listeners })
	return p, strings.Split(strings.TrimSpace(text), "\n")
}

// echoes publishes a message at url and gets it back.
func echoes(t testing.TB, url string, cfg mqtt.Config) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client, err := mqtt.Connect(ctx, url, cfg)
	require.NoError(t, err)
	_, err = client.Subscribe(ctx, mqtt.Subscription{Filter: "a/#", QoS: mqtt.ExactlyOnce})
	require.NoError(t, err)
	require.NoError(t, client.Publish(ctx, mqtt.Message{Topic: "a/b", Payload: []byte("hello"), QoS: mqtt.ExactlyOnce}))
	select {
	case m := <-client.Messages():
		require.Equal(t, "hello", string(m.Payload))
	case <-ctx.Done():
		t.Error("no message came")
	}
	require.NoError(t, client.Close(ctx))
}

func TestBroker(t *testing.T) {
	t.Parallel()
	p, urls := startBroker(t, 2, "-v")
	require.Len(t, urls, 2)
	require.Regexp(t, `^mqtt://127\.0\.0\.1:\d+$`, urls[0])
	require.Regexp(t, `^ws://127\.0\.0\.1:\d+/mqtt$`, urls[1])
	for _, url := range urls {
		echoes(t, url, mqtt.Config{ClientID: "client-" + url[:2]})
	}
	said := p.stderr.awaitText(t, `disconnected "client-ws"`)
	require.Regexp(t, `connected    "client-mq" from 127\.0\.0\.1:\d+, MQTT 5\.0\n`, said)
	require.Contains(t, said, `subscribed   "client-ws" "a/#" QoS 2`)
	require.Contains(t, said, `published    "client-ws" "a/b" QoS 2, 5 bytes`)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client, err := mqtt.Connect(ctx, urls[0], mqtt.Config{})
	require.NoError(t, err)
	p.signal(syscall.SIGINT) // with a client that is in
	require.Equal(t, 0, p.wait().code)
	client.Abort()
}

func TestBrokerAsksWhoComes(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("hush\n"), 0o600))
	p, urls := startBroker(t, 1, "--no-ws", "--username", "alice", "--password-file", secret)
	require.Len(t, urls, 1)
	echoes(t, urls[0], mqtt.Config{Username: "alice", Password: []byte("hush")})
	for _, cfg := range []mqtt.Config{{}, {Username: "alice", Password: []byte("hush\n")}, {Username: "bob", Password: []byte("hush")}} {
		_, err := mqtt.Connect(t.Context(), urls[0], cfg)
		require.ErrorIs(t, err, codec.BadUserNameOrPassword)
	}
	p.signal(syscall.SIGTERM)
	r := p.wait()
	require.Equal(t, 0, r.code)
	require.NotContains(t, r.stdout+r.stderr, "hush")
}

func TestBrokerWithTLS(t *testing.T) {
	t.Parallel()
	cert, key, pool := brokerCertificate(t)
	p, urls := startBroker(t, 3, "--tls-cert", cert, "--tls-key", key, "--tls-port", "0")
	require.Regexp(t, `^mqtts://127\.0\.0\.1:\d+$`, urls[2])
	echoes(t, urls[2], mqtt.Config{TLS: &tls.Config{RootCAs: pool}})
	p.signal(syscall.SIGINT)
	require.Equal(t, 0, p.wait().code)
}

// TestBrokerTurnsPagesFromElsewhereAway: a browser on this machine would let any page in.
func TestBrokerTurnsPagesFromElsewhereAway(t *testing.T) {
	t.Parallel()
	p, urls := startBroker(t, 2, "--ws-origin", "app.example.org")
	for origin, ok := range map[string]bool{"http://localhost:3000": true, "http://127.0.0.1": true, "https://app.example.org": true,
		"https://evil.example.org": false, "null": false} {
		cfg := mqtt.Config{}
		cfg.WebSocket.Header = http.Header{"Origin": {origin}}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		client, err := mqtt.Connect(ctx, urls[1], cfg)
		require.Equal(t, ok, err == nil, "%s: %v", origin, err)
		if ok {
			require.NoError(t, client.Close(ctx))
		}
		cancel()
	}
	p.signal(syscall.SIGINT)
	require.Equal(t, 0, p.wait().code)
}

func TestBrokerRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"a port in use", []string{"--port", port}, 1, "127.0.0.1:" + port + " is in use, maybe by another server; give another --port, or 0 for a free one"},
		{"a port for WebSocket in use", []string{"--port", "0", "--ws-port", port}, 1, "give another --ws-port, or 0"},
		{"no port", []string{"--port", "70000"}, 2, "--port 70000: a port is 1 to 65535, or 0 for a free one"},
		{"no address", []string{"--bind", "192.0.2.1", "--port", "0"}, 1, "--bind 192.0.2.1, --port 0"},
		{"a name without password", []string{"--username", "alice"}, 2, "--username needs --password-file, or MQTT_PASSWORD"},
		{"a password without name", []string{"--password", "x"}, 2, "a password needs --username"},
		{"a certificate without key", []string{"--port", "0", "--no-ws", "--tls-cert", "x"}, 2, "--tls-cert and --tls-key go together"},
		{"no certificate", []string{"--port", "0", "--no-ws", "--tls-cert", "nosuch", "--tls-key", "nosuch"}, 2, "nosuch: no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, append([]string{"broker"}, c.args...)...)
			require.Equal(t, c.code, r.code, r.stderr)
			require.Empty(t, r.stdout)
			require.Contains(t, r.stderr, c.says)
		})
	}
}

// brokerCertificate writes a certificate for 127.0.0.1 that vouches for itself.
func brokerCertificate(t testing.TB) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	parsed, err := x509.ParseCertificate(cert)
	require.NoError(t, err)
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", secret), pool
}

func TestBrokerTakesTheFlagBeforeTheEnvironment(t *testing.T) {
	r := runCall(t, call{args: []string{"broker", "--username", "alice", "--password-file", "nosuch"}, env: []string{"MQTT_PASSWORD=hush"}})
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "nosuch: no such file")
	r = run(t, "broker", "--username", "alice", "--password-file", "nosuch", "-P", "hush")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "--password and --password-file both say what the password is; give one of them")
}

// TestBrokerOutlivesACrowd: with as many clients as it may have files, it waits for one to leave.
func TestBrokerOutlivesACrowd(t *testing.T) {
	t.Parallel()
	inner := command(t.Context(), t, call{args: []string{"broker", "--port", "0", "--no-ws"}})
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `ulimit -n 40; exec "$@"`, "sh"}, inner.Args...)...)
	cmd.Env = inner.Env
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	out, said := follow(stdout), follow(stderr)
	defer func() {
		cmd.Process.Kill()
		<-out.ended
		<-said.ended
		cmd.Wait()
	}()
	url := strings.TrimSpace(out.awaitText(t, "\n"))
	var crowd []net.Conn
	for range 60 {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "mqtt://"))
		require.NoError(t, err)
		crowd = append(crowd, c)
	}
	said.awaitText(t, "nobody more can come in")
	for _, c := range crowd {
		c.Close()
	}
	echoes(t, url, mqtt.Config{})
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	<-out.ended
	require.Equal(t, 1, strings.Count(said.text(), "nobody more can come in"), "once is enough")
}
