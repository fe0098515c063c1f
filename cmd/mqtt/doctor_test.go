package main_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// someServer answers each connection with handle, and gives its address.
func someServer(t *testing.T, handle func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return answering(t, l, handle)
}

func answering(t *testing.T, l net.Listener, handle func(net.Conn)) string {
	var all sync.WaitGroup
	over := make(chan struct{})
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				gone := make(chan struct{})
				all.Go(func() {
					select {
					case <-over:
						conn.Close()
					case <-gone:
					}
				})
				handle(conn)
				close(gone)
			})
		}
	})
	t.Cleanup(func() {
		close(over)
		l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

// version reads CONNECT, and gives the version that it asks for; 0 for what isn't one.
func version(conn net.Conn) codec.Version {
	buf := make([]byte, 0, 4096)
	for {
		n, err := conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		f, size, bad := codec.Next(buf, codec.Dialect{Version: codec.V311}, 0)
		if bad != nil || err != nil || len(buf) == cap(buf) {
			return 0
		}
		if size > 0 && size <= len(buf) {
			var c codec.Connect
			if f.Type != codec.TypeConnect || c.Decode(f, codec.Dialect{}) != nil {
				return 0
			}
			return c.Version
		}
	}
}

// connAck answers CONNECT with a reason, and stays while that is success.
func connAck(conn net.Conn, v codec.Version, code codec.ReasonCode, reason string) {
	p := &codec.ConnAck{Code: code}
	if v == codec.V5 && reason != "" {
		p.Properties = &codec.ConnAckProperties{ReasonString: reason}
	}
	b, err := p.Append(nil, v)
	if err != nil {
		return
	}
	conn.Write(b)
	if code == codec.Success {
		conn.Read(make([]byte, 64)) // DISCONNECT
	}
}

// connAcks is a server that gives each CONNECT the same answer.
func connAcks(code codec.ReasonCode, reason string) func(net.Conn) {
	return func(conn net.Conn) {
		if v := version(conn); v != 0 {
			connAck(conn, v, code, reason)
		}
	}
}

// requireFinding looks for a line of a status, of a step, that says something.
func requireFinding(t *testing.T, r result, status, step, says string) {
	t.Helper()
	for line := range strings.Lines(r.stdout) {
		if strings.HasPrefix(line, "  "+status) && strings.HasPrefix(strings.TrimSpace(line[6:]), step) && strings.Contains(line, says) {
			return
		}
	}
	require.Fail(t, "no such line", "%s %s %q in\n%s%s", status, step, says, r.stdout, r.stderr)
}

func TestDoctorExplainsWhatListensThere(t *testing.T) {
	silent := func(conn net.Conn) { io.Copy(io.Discard, conn) }
	closing := func(conn net.Conn) { version(conn) }
	ssh := func(conn net.Conn) { conn.Write([]byte("SSH-2.0-OpenSSH_9.6\r\n")); io.Copy(io.Discard, conn) }
	old := func(conn net.Conn) {
		switch v := version(conn); v {
		case codec.V5:
			connAck(conn, codec.V311, codec.UnsupportedProtocolVersion, "")
		case codec.V311:
			connAck(conn, v, codec.Success, "")
		}
	}
	older := func(conn net.Conn) { // of those that close in place of a refusal
		if v := version(conn); v == codec.V311 {
			connAck(conn, v, codec.Success, "")
		}
	}
	for _, c := range []struct {
		name               string
		handle             func(net.Conn)
		scheme             string
		code               int
		status, step, says string
	}{
		{"silent", silent, "mqtt", 3, "FAIL", "connect", "says nothing"},
		{"silent, asked for TLS", silent, "mqtts", 4, "FAIL", "tls", "no answer to the handshake"},
		{"closes, asked for TLS", closing, "mqtts", 4, "FAIL", "tls", "doesn't speak TLS, nor anything else that is known here"},
		{"closes", closing, "mqtt", 3, "FAIL", "connect", "closes the connection without an answer"},
		{"another protocol", ssh, "mqtt", 3, "FAIL", "connect", "SSH-2.0-OpenSSH_9.6"},
		{"another protocol, asked for TLS", ssh, "mqtts", 4, "FAIL", "tls", "doesn't speak TLS, but says \"SSH-2.0"},
		{"MQTT without TLS", connAcks(codec.Success, ""), "mqtts", 4, "FAIL", "tls", "use mqtt://127.0.0.1:"},
		{"MQTT without WebSocket", connAcks(codec.Success, ""), "ws", 3, "FAIL", "websocket", "use mqtt://127.0.0.1:"},
		{"3.1.1 alone", old, "mqtt", 0, "ok", "connect", "accepted by MQTT 3.1.1"},
		{"3.1.1 alone, said of 5.0", old, "mqtt", 0, "    ", "versions", "MQTT 5.0 isn't accepted: unsupported protocol version"},
		{"5.0 isn't answered", older, "mqtt", 3, "", "versions", "MQTT 3.1.1 is accepted: -V 311 asks for it"},
		{"credentials", connAcks(codec.BadUserNameOrPassword, ""), "mqtt", 6, "FAIL", "connect", "give -u and --password-file"},
		{"not authorised", connAcks(codec.NotAuthorized, "not on Sundays"), "mqtt", 6, "FAIL", "connect", "not on Sundays"},
		{"client id", connAcks(codec.ClientIdentifierNotValid, ""), "mqtt", 5, "FAIL", "connect", "give one with -i"},
		{"unavailable", connAcks(codec.ServerUnavailable, ""), "mqtt", 5, "FAIL", "connect", "try again later"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, "doctor", "--no-probe", "--step-timeout", "2", "--url", c.scheme+"://"+someServer(t, c.handle))
			require.Equal(t, c.code, r.code, r.stdout+r.stderr)
			requireFinding(t, r, c.status, c.step, c.says)
		})
	}
}

func TestDoctorTellsCredentialsFromRights(t *testing.T) {
	address := someServer(t, connAcks(codec.BadUserNameOrPassword, ""))
	r := run(t, "doctor", "--no-probe", "--url", "mqtt://"+address, "-u", "me", "-P", "hush")
	require.Equal(t, 6, r.code)
	requireFinding(t, r, "FAIL", "connect", "check user name and password")
	require.NotContains(t, r.stdout+r.stderr, "hush")
}

func TestDoctorFindsNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	r := run(t, "doctor", "--url", "mqtt://"+l.Addr().String())
	require.Equal(t, 3, r.code)
	requireFinding(t, r, "FAIL", "tcp", "nothing listens on that port")

	r = run(t, "doctor", "-h", "nosuch.invalid", "--json")
	require.Equal(t, 3, r.code)
	var report struct {
		Exit    int
		Servers []struct {
			Exit     int
			Findings []struct{ Step, Status, Text string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &report))
	require.Equal(t, 3, report.Exit)
	require.Equal(t, 3, report.Servers[0].Exit)
	last := report.Servers[0].Findings[len(report.Servers[0].Findings)-1]
	require.Equal(t, "dns", last.Step)
	require.Equal(t, "fail", last.Status)

	r = run(t, "doctor", "--unix", filepath.Join(t.TempDir(), "socket"))
	require.Equal(t, 3, r.code)
	requireFinding(t, r, "FAIL", "unix", "no such file")

	r = run(t, "doctor", "--url", "mqtt://192.0.2.1", "--proxy", "socks5h://"+l.Addr().String())
	require.Equal(t, 3, r.code)
	requireFinding(t, r, "FAIL", "proxy", "opens no way to 192.0.2.1:1883")
}

func TestDoctorSaysWhatIsWrongWithTheCommandLine(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"a prefix with a wildcard", []string{"--topic-prefix", "a/+"}, `--topic-prefix "a/+": topic name contains a wildcard`},
		{"no prefix", []string{"--topic-prefix", ""}, `--topic-prefix ""`},
		{"a client id that the version doesn't have", []string{"-V", "31", "-i", "more than twenty-three characters"}, "shorten it to 23 characters"},
		{"a proxy that is none", []string{"--proxy", "http://me:hush@ho st"}, "it is not a URL"},
		{"no time", []string{"--step-timeout", "0"}, "--step-timeout 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, append([]string{"doctor"}, c.args...)...)
			require.Equal(t, 2, r.code, r.stdout+r.stderr)
			require.Empty(t, r.stdout)
			require.Contains(t, r.stderr, c.says)
			require.NotContains(t, r.stderr, "hush")
		})
	}
}

func TestDoctorFindsNothingInAnInterrupt(t *testing.T) {
	address := someServer(t, func(conn net.Conn) { io.Copy(io.Discard, conn) })
	p := start(t, "doctor", "--step-timeout", "1h", "--url", "mqtt://"+address)
	p.stdout.awaitText(t, "is open")
	p.signal(syscall.SIGINT)
	r := p.wait()
	require.Equal(t, 130, r.code, r.stderr)
	require.NotContains(t, r.stdout, "FAIL")
}

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string // PEM
}

func newAuthority(t *testing.T) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return &authority{certificate, key, file}
}

// issue signs a certificate for a name or an address.
func (a *authority) issue(t *testing.T, name string, from, to time.Time) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "a server"}, NotBefore: from, NotAfter: to,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestDoctorExplainsCertificates(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	now := time.Now()
	year := now.AddDate(0, 11, 0)
	valid := ca.issue(t, "127.0.0.1", now.Add(-time.Hour), year)
	for _, c := range []struct {
		name               string
		config             *tls.Config
		args               []string
		code               int
		status, step, says string
	}{
		{"good", &tls.Config{Certificates: []tls.Certificate{valid}}, []string{"--cafile", ca.file}, 0, "ok", "trust", "the authorities of --cafile lead to it, by CN=Test authority"},
		{"unknown authority", &tls.Config{Certificates: []tls.Certificate{valid}}, nil, 4, "FAIL", "trust", "openssl s_client -showcerts -connect 127.0.0.1:"},
		{"another authority", &tls.Config{Certificates: []tls.Certificate{valid}}, []string{"--cafile", other.file}, 4, "FAIL", "trust", "don't have CN=Test authority"},
		{"unknown authority that nobody minds", &tls.Config{Certificates: []tls.Certificate{valid}}, []string{"--insecure"}, 0, "warn", "trust", "--insecure goes on all the same"},
		{"expired", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1", now.AddDate(0, -2, 0), now.AddDate(0, 0, -3))}},
			[]string{"--cafile", ca.file}, 4, "FAIL", "certificate", "(3 days ago)"},
		{"not yet valid", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1", now.Add(time.Hour), year)}},
			[]string{"--cafile", ca.file}, 4, "FAIL", "certificate", "not valid before"},
		{"ends soon", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1", now.Add(-time.Hour), now.AddDate(0, 0, 20))}},
			[]string{"--cafile", ca.file}, 0, "warn", "certificate", "in 19 days"},
		{"ends soon, strictly", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "127.0.0.1", now.Add(-time.Hour), now.AddDate(0, 0, 20))}},
			[]string{"--cafile", ca.file, "--strict"}, 1, "warn", "certificate", "in 19 days"},
		{"another name", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "broker.example", now.Add(-time.Hour), year)}},
			[]string{"--cafile", ca.file}, 4, "FAIL", "name", "isn't for 127.0.0.1, but for broker.example"},
		{"another name that was meant", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "broker.example", now.Add(-time.Hour), year)}},
			[]string{"--cafile", ca.file, "--tls-servername", "broker.example"}, 0, "ok", "name", "the certificate is for broker.example"},
		{"client certificate wanted", &tls.Config{Certificates: []tls.Certificate{valid}, ClientAuth: tls.RequireAnyClientCert},
			[]string{"--cafile", ca.file}, 4, "FAIL", "connect", "wants a client certificate: give --cert and --key"},
		{"client certificate wanted, by TLS 1.2", &tls.Config{Certificates: []tls.Certificate{valid}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12},
			[]string{"--cafile", ca.file}, 4, "FAIL", "tls", "wants a client certificate: give --cert and --key"},
		{"old TLS", &tls.Config{Certificates: []tls.Certificate{valid}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
			[]string{"--cafile", ca.file}, 4, "FAIL", "tls", "the server speaks TLS 1.1 at most"},
		{"ALPN", &tls.Config{Certificates: []tls.Certificate{valid}, NextProtos: []string{"mqtt"}},
			[]string{"--cafile", ca.file, "--alpn", "mqtt"}, 0, "ok", "tls", "ALPN mqtt"},
		{"ALPN that isn't known", &tls.Config{Certificates: []tls.Certificate{valid}, NextProtos: []string{"mqtt"}},
			[]string{"--cafile", ca.file, "--alpn", "x-amzn-mqtt-ca"}, 4, "FAIL", "tls", "none of the protocols offered by --alpn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			address := someServer(t, func(conn net.Conn) { connAcks(codec.Success, "")(tls.Server(conn, c.config)) })
			r := run(t, append([]string{"doctor", "--no-probe", "--url", "mqtts://" + address}, c.args...)...)
			require.Equal(t, c.code, r.code, r.stdout+r.stderr)
			requireFinding(t, r, c.status, c.step, c.says)
		})
	}
	t.Run("TLS where none is asked for", func(t *testing.T) {
		t.Parallel()
		secure := &tls.Config{Certificates: []tls.Certificate{valid}}
		address := someServer(t, func(conn net.Conn) { connAcks(codec.Success, "")(tls.Server(conn, secure)) })
		r := run(t, "doctor", "--no-probe", "--url", "mqtt://"+address)
		require.Equal(t, 3, r.code, r.stdout)
		requireFinding(t, r, "FAIL", "connect", "this port speaks MQTT over TLS: use mqtts://"+address)
	})
	t.Run("client certificate given", func(t *testing.T) {
		t.Parallel()
		pair := ca.issue(t, "client", now.Add(-time.Hour), now.AddDate(0, 0, 20))
		dir := t.TempDir()
		key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
		require.NoError(t, err)
		var files []string
		for kind, der := range map[string][]byte{"CERTIFICATE": pair.Certificate[0], "PRIVATE KEY": key} {
			files = append(files, "--"+map[string]string{"CERTIFICATE": "cert", "PRIVATE KEY": "key"}[kind], filepath.Join(dir, kind))
			require.NoError(t, os.WriteFile(filepath.Join(dir, kind), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		}
		secure := &tls.Config{Certificates: []tls.Certificate{valid}, ClientAuth: tls.RequireAnyClientCert}
		address := someServer(t, func(conn net.Conn) { connAcks(codec.Success, "")(tls.Server(conn, secure)) })
		r := run(t, append([]string{"doctor", "--no-probe", "--url", "mqtts://" + address, "--cafile", ca.file}, files...)...)
		require.Equal(t, 0, r.code, r.stdout)
		requireFinding(t, r, "warn", "certificate", "the server asks for ours, CN=a server")
	})
}

func TestDoctorExplainsWebSocket(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}})
		if err == nil {
			connAcks(codec.Success, "")(websocket.NetConn(r.Context(), c, websocket.MessageBinary))
			c.CloseNow()
		}
	})
	mux.HandleFunc("/locked", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who are you?", http.StatusUnauthorized) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	web := &http.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- web.Serve(l) }()
	t.Cleanup(func() {
		web.Close()
		<-served
	})
	address := l.Addr().String()
	for _, c := range []struct {
		name, url          string
		code               int
		status, step, says string
	}{
		{"another path", "ws://" + address + "/mqtt", 3, "FAIL", "websocket", "it takes MQTT over WebSocket at ws://" + address + "/ws"},
		{"the right path", "ws://" + address + "/ws", 0, "ok", "websocket", "agrees to WebSocket at /ws, with the sub-protocol mqtt"},
		{"credentials of HTTP", "ws://" + address + "/locked", 3, "FAIL", "websocket", "who are you?"},
		{"credentials of HTTP, what to do", "ws://" + address + "/locked", 3, "FAIL", "websocket", "--ws-header"},
		{"HTTP in place of MQTT", "mqtt://" + address, 3, "FAIL", "connect", "this is an HTTP server: it takes MQTT over WebSocket at ws://" + address + "/ws"},
		{"HTTP in place of MQTT over TLS", "mqtts://" + address, 4, "FAIL", "tls", "this is an HTTP server"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, "doctor", "--no-probe", "--step-timeout", "3", "--url", c.url)
			require.Equal(t, c.code, r.code, r.stdout+r.stderr)
			requireFinding(t, r, c.status, c.step, c.says)
		})
	}
}

func TestDoctorTellsHTTPSFromHTTP(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ours", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}})
		if err == nil {
			c.CloseNow()
		}
	})
	web := httptest.NewUnstartedServer(mux)
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	web.StartTLS()
	t.Cleanup(web.Close)
	address := web.Listener.Addr().String()
	for _, c := range []struct {
		url        string
		step, says string
	}{
		{"ws://" + address + "/ours", "websocket", "this is an HTTPS server: it takes MQTT over WebSocket at wss://" + address + "/ours"},
		{"ws://" + address + "/mqtt", "websocket", "this is an HTTPS server, and takes no MQTT over WebSocket at the usual paths"},
		{"mqtt://" + address, "connect", "this is an HTTPS server"},
	} {
		t.Run(c.url, func(t *testing.T) {
			r := run(t, "doctor", "--no-probe", "--url", c.url)
			require.Equal(t, 3, r.code, r.stdout+r.stderr)
			requireFinding(t, r, "FAIL", c.step, c.says)
		})
	}
}

func TestDoctorExplainsACertificateThatWebSocketWants(t *testing.T) {
	web := httptest.NewUnstartedServer(http.NotFoundHandler())
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	web.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	web.StartTLS()
	t.Cleanup(web.Close)
	r := run(t, "doctor", "--no-probe", "--insecure", "--url", "wss://"+web.Listener.Addr().String())
	require.Equal(t, 4, r.code, r.stdout)
	requireFinding(t, r, "FAIL", "websocket", "wants a client certificate: give --cert and --key")
}

// rights lets clients do what it is told, and publish nothing below a topic.
type rights struct {
	mochi.HookBase
	closed  string // topics that begin with this
	swallow func(topic string, payload []byte) bool
}

func (*rights) ID() string { return "rights" }

func (*rights) Provides(b byte) bool {
	return bytes.Contains([]byte{mochi.OnConnectAuthenticate, mochi.OnACLCheck, mochi.OnPublish}, []byte{b})
}

func (*rights) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }

func (r *rights) OnACLCheck(_ *mochi.Client, topic string, write bool) bool {
	return r.closed == "" || !write || !strings.HasPrefix(topic, r.closed)
}

func (r *rights) OnPublish(_ *mochi.Client, p packets.Packet) (packets.Packet, error) {
	if r.swallow != nil && r.swallow(p.TopicName, p.Payload) {
		return p, packets.CodeSuccessIgnore // acknowledged, and delivered to nobody
	}
	return p, nil
}

func TestDoctorFindsOutWhatAServerCanDo(t *testing.T) {
	t.Run("all", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		r := run(t, "doctor", "--url", s.url, "--step-timeout", "30")
		require.Equal(t, 0, r.code, r.stdout+r.stderr)
		for _, step := range []string{"QoS 0", "QoS 1", "QoS 2", "wildcards", "shared", "retain", "identifiers", "no local", "session", "will", "large"} {
			requireFinding(t, r, "ok", step, "")
		}
		requireFinding(t, r, "ok", "large", "262144 bytes")
		require.Empty(t, kept(t, s, "mqtt-doctor/#"), "something was left behind")
	})
	t.Run("3.1.1", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		r := run(t, "doctor", "--url", s.url, "-V", "311", "--step-timeout", "30")
		require.Equal(t, 0, r.code, r.stdout+r.stderr)
		requireFinding(t, r, "", "limits", "MQTT 3.1.1 doesn't tell any")
		requireFinding(t, r, "", "no local", "needs MQTT 5.0")
		requireFinding(t, r, "ok", "session", "with what came meanwhile")
		require.Empty(t, kept(t, s, "mqtt-doctor/#"))
	})
	t.Run("topics that aren't allowed are no failure", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, &rights{closed: "mqtt-doctor/"})
		r := run(t, "doctor", "--url", s.url, "--step-timeout", "2")
		require.Equal(t, 0, r.code, r.stdout+r.stderr)
		requireFinding(t, r, "", "topics", "--topic-prefix")
	})
	t.Run("shared subscriptions that deliver nothing", func(t *testing.T) {
		t.Parallel()
		swallow := func(topic string, _ []byte) bool { return strings.HasSuffix(topic, "/shared") }
		s := newServer(t, &rights{swallow: swallow})
		r := run(t, "doctor", "--url", s.url, "--step-timeout", "4")
		require.Equal(t, 0, r.code, r.stdout+r.stderr)
		requireFinding(t, r, "warn", "shared", "granted and acknowledged, and nothing is delivered")
	})
}

func TestDoctorLeavesNoSessionOfAClientIDBehind(t *testing.T) {
	s := newServer(t)
	for _, version := range []string{"5", "311"} {
		r := run(t, "doctor", "--no-probe", "--url", s.url, "-i", "new"+version, "-V", version)
		require.Equal(t, 0, r.code, r.stdout+r.stderr)
		r = run(t, "doctor", "--no-probe", "--url", s.url, "-i", "new"+version, "-V", version)
		require.NotContains(t, r.stdout, "has a session", "it has left one behind")
	}
}
