package doctor

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// patient is a server under examination, and what the steps before have found out about it.
type patient struct {
	url    string
	at     *netx.Server
	cfg    mqtt.Config // for this server alone
	limit  time.Duration
	names  resolver
	proxy  string // URL of the proxy on the way; empty: none
	domain string // whose SRV record named it; empty: none

	ack mqtt.ConnAck // of the connection that worked
}

func (p *patient) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, p.limit)
}

// raw opens the connection beneath TLS, WebSocket and MQTT.
func (p *patient) raw(ctx context.Context) (net.Conn, error) {
	s := &netx.Server{Scheme: "mqtt", Host: p.at.Host, Port: p.at.Port, Socket: p.at.Socket}
	if s.Socket != "" {
		s.Scheme = "mqtt+unix"
	}
	o := netx.Options{Proxy: p.cfg.Proxy}
	if o.Proxy.URL = p.proxy; p.proxy == "" {
		o.Proxy.URL = netx.ProxyNone
	}
	return netx.Dial(ctx, s, o)
}

// web says whether the scheme is one of WebSocket.
func (p *patient) web() bool { return strings.HasPrefix(p.at.Scheme, "ws") }

// where is host and port, or the socket.
func (p *patient) where() string { return p.at.Address() }

// as is the URL of the same host and port, or socket, by another scheme.
func (p *patient) as(scheme, path string) string {
	at := netx.Server{Scheme: scheme, Host: p.at.Host, Port: p.at.Port, Socket: p.at.Socket, Path: path}
	if at.Socket != "" {
		at.Scheme += "+unix"
	}
	return at.String()
}

// described says what the URL asks for.
func described(_ context.Context, p *patient) (all []finding, code int) {
	by := map[string]string{"mqtt": "MQTT over TCP", "mqtts": "MQTT over TLS", "ws": "MQTT over WebSocket", "wss": "MQTT over WebSocket and TLS"}
	scheme, beneath, _ := strings.Cut(p.at.Scheme, "+")
	what := by[scheme]
	switch beneath {
	case "unix":
		all = append(all, found("url", ok, "%s through the socket %s", what, p.at.Socket))
	case "srv":
		all = append(all, found("url", ok, "%s to the servers that the domain %s names", what, p.at.Host))
	default:
		all = append(all, found("url", ok, "%s to %s, port %s", what, p.at.Host, p.at.Port))
	}
	if secret := len(p.cfg.Password) > 0 || p.at.HasPassword; secret && !p.at.Secure() && beneath != "unix" && !loopback(p.at.Host) {
		all = append(all, found("url", warn, "the password goes over the network for all to read: use %s", p.secureURL()))
	}
	return all, app.ExitOK
}

// secureURL is the same with TLS. Where the port is the usual one, so is that for TLS.
func (p *patient) secureURL() string {
	at := *p.at
	scheme, beneath, layered := strings.Cut(at.Scheme, "+")
	if at.Scheme = scheme + "s"; layered {
		at.Scheme += "+" + beneath
	}
	if port, usual := map[string]string{"mqtt 1883": "8883", "ws 80": "443"}[scheme+" "+at.Port]; usual {
		at.Port = port
	}
	return at.String()
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
