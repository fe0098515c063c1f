package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// tongues are what a port was found to speak, by trying each.
type tongues struct {
	mqtt, http       bool
	tls              bool
	tlsMQTT, tlsHTTP bool
	says             string // what it said that is none of these
}

// hear finds out what listens at the server's port. Each attempt has a connection of its own; the first answer that leaves no doubt
// ends them all.
func (p *patient) hear(ctx context.Context) (t tongues) {
	ctx, enough := p.bound(ctx)
	defer enough()
	var all sync.WaitGroup
	put := func(dial func(context.Context) (net.Conn, error), request []byte) *[]byte {
		answer := new([]byte)
		all.Go(func() {
			if *answer = ask(ctx, dial, request); isConnAck(*answer) || isHTTP(*answer) && !maybeHTTPS(*answer) {
				enough()
			}
		})
		return answer
	}
	plainMQTT, plainHTTP := put(p.raw, greeting()), put(p.raw, p.page())
	secureMQTT, secureHTTP := put(p.blind, greeting()), put(p.blind, p.page())
	all.Go(func() { t.tls = p.speaksTLS(ctx) })
	all.Wait()
	t.mqtt, t.tlsMQTT = isConnAck(*plainMQTT), isConnAck(*secureMQTT)
	t.tlsHTTP = isHTTP(*secureHTTP) || isHTTP(*secureMQTT)
	t.tls = t.tls || t.tlsMQTT || t.tlsHTTP
	for _, answer := range [][]byte{*plainHTTP, *plainMQTT} { // mosquitto's WebSocket answers what it doesn't understand alone
		t.http = t.http || isHTTP(answer) && !(t.tls && maybeHTTPS(answer))
	}
	if line, _, _ := bytes.Cut(*plainMQTT, []byte("\n")); !t.mqtt && !t.http && !t.tls && len(line) > 0 {
		t.says = fmt.Sprintf("%.60q", strings.TrimSpace(string(line)))
	}
	return t
}

// nothingKnown is of a port that was asked for TLS, and gave no answer of any kind.
const nothingKnown = "this port doesn't speak TLS, nor anything else that is known here"

// advice says what listens there, when that isn't what the URL says, and what to write; else nothing.
func (p *patient) advice(ctx context.Context) string {
	t := p.hear(ctx)
	scheme := p.at.Scheme
	switch {
	case t.mqtt && !strings.HasPrefix(scheme, "mqtt+") && scheme != "mqtt":
		return "this port speaks MQTT without TLS and WebSocket: use " + p.as("mqtt", "")
	case t.tlsMQTT && !strings.HasPrefix(scheme, "mqtts"):
		return "this port speaks MQTT over TLS: use " + p.as("mqtts", "")
	case t.http && !strings.HasPrefix(scheme, "ws+") && scheme != "ws":
		return "this is an HTTP server" + p.paths(ctx, "ws")
	case t.tlsHTTP && !strings.HasPrefix(scheme, "wss"):
		return "this is an HTTPS server" + p.paths(ctx, "wss")
	case t.tls && !p.at.Secure():
		return "this port speaks TLS: use " + p.as("mqtts", "")
	case !t.tls && p.at.Secure() && !t.mqtt && !t.http:
		if t.says != "" {
			return "this port doesn't speak TLS, but says " + t.says
		}
		return nothingKnown
	case t.says != "":
		return "what listens there is no MQTT server: it says " + t.says
	}
	return ""
}

// paths looks where an HTTP server takes MQTT over WebSocket.
func (p *patient) paths(ctx context.Context, scheme string) string {
	if path, ok := p.findPath(ctx, scheme); ok {
		return ": it takes MQTT over WebSocket at " + p.as(scheme, path)
	}
	return ", and takes no MQTT over WebSocket at the usual paths: check the port"
}

// usualPaths are where servers take WebSocket as a rule.
var usualPaths = []string{"/mqtt", "/", "/ws", "/mqtt/ws", "/websocket"}

func (p *patient) findPath(ctx context.Context, scheme string) (string, bool) {
	ctx, cancel := p.bound(ctx)
	defer cancel()
	paths := usualPaths
	if p.web() && p.at.Scheme != scheme {
		paths = slices.Insert(slices.Clone(paths), 0, p.at.Path)
	}
	for _, path := range paths {
		s := &netx.Server{Scheme: scheme, Host: p.at.Host, Port: p.at.Port, Path: path}
		conn, err := netx.Dial(ctx, s, p.options(p.blindTLS()))
		if err == nil {
			conn.Close()
			return path, true
		}
	}
	return "", false
}

// options are those of the client, for netx.
func (p *patient) options(secure *tls.Config) netx.Options {
	o := netx.Options{Proxy: p.cfg.Proxy, TLS: secure, WebSocket: p.cfg.WebSocket}
	if o.Proxy.URL = p.proxy; p.proxy == "" {
		o.Proxy.URL = netx.ProxyNone
	}
	return o
}

// ask gives the first bytes of an answer to request, or nil.
func ask(ctx context.Context, dial func(context.Context) (net.Conn, error), request []byte) []byte {
	conn, err := dial(ctx)
	if err != nil {
		return nil
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if _, err := conn.Write(request); err != nil {
		return nil
	}
	answer := make([]byte, 512)
	n, _ := conn.Read(answer)
	return answer[:n]
}

// greeting is a CONNECT that each server of MQTT 3.1.1 answers.
func greeting() []byte {
	b, err := (&codec.Connect{CleanStart: true, KeepAlive: 60, ClientID: anyID()}).Append(nil, codec.V311)
	if err != nil {
		return nil
	}
	return b
}

// page is a request of HTTP.
func (p *patient) page() []byte {
	host := "localhost"
	if p.at.Socket == "" {
		host = p.at.Address()
	}
	return []byte("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
}

func isConnAck(b []byte) bool { return len(b) >= 4 && b[0] == 0x20 && b[1] == 2 }

func isHTTP(b []byte) bool { return bytes.HasPrefix(b, []byte("HTTP/")) }

// maybeHTTPS says of an answer to plain HTTP that HTTPS servers give it, too: 400, or where else to go.
func maybeHTTPS(b []byte) bool {
	_, status, _ := bytes.Cut(b, []byte(" "))
	return bytes.HasPrefix(status, []byte("400")) || bytes.HasPrefix(status, []byte("3"))
}

// anyID is a client id of at most 23 characters, which 3.1 allows.
func anyID() string { return "doctor-" + strings.ToLower(rand.Text()[:14]) }

// blind opens TLS and looks at no certificate.
func (p *patient) blind(ctx context.Context) (net.Conn, error) {
	raw, err := p.raw(ctx)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, p.blindTLS())
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(p.limit))
	return conn, nil
}

// speaksTLS says whether the port does: also who refuses a handshake in the words of TLS does.
func (p *patient) speaksTLS(ctx context.Context) bool {
	conn, err := p.blind(ctx)
	if err == nil {
		conn.Close()
	}
	return err == nil || remoteAlert(err) != ""
}

// listensForTLS is speaksTLS within its time.
func (p *patient) listensForTLS(ctx context.Context) bool {
	ctx, cancel := p.bound(ctx)
	defer cancel()
	return p.speaksTLS(ctx)
}
