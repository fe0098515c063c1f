package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// trace writes packets and stages to standard error with --debug, and is nil without. Writing may block: --debug is for
// people who look.
func (a *App) trace() *mqtt.Trace {
	if !a.Debug {
		return nil
	}
	done := func(doing, done string) func(mqtt.StageInfo) {
		return func(i mqtt.StageInfo) { a.Say("%s", stageLine(doing, done, i)) }
	}
	begun := func(doing string) func(mqtt.StageInfo) { return done(doing, doing) }
	return &mqtt.Trace{
		PacketSent:     func(p mqtt.PacketInfo) { a.Say("%s", packetLine("->", p)) },
		PacketReceived: func(p mqtt.PacketInfo) { a.Say("%s", packetLine("<-", p)) },
		DNSStart:       begun("looking up"), DNSDone: done("looking up", "looked up"),
		TCPStart: begun("connecting to"), TCPDone: done("connecting to", "connected to"),
		ProxyStart: begun("through a proxy to"), ProxyDone: done("through a proxy to", "through the proxy to"),
		TLSStart: begun("TLS with"), TLSDone: done("TLS with", "TLS done with"),
		WebSocketStart: begun("WebSocket with"), WebSocketDone: done("WebSocket with", "WebSocket done with"),
	}
}

// stageLine says what was done, or that doing it has failed.
func stageLine(doing, done string, i mqtt.StageInfo) string {
	at := i.Time.Format("15:04:05.000000")
	if i.Err != nil {
		return fmt.Sprintf("%s %s %s failed: %v", at, doing, i.Server, i.Err)
	}
	return fmt.Sprintf("%s %s %s", at, done, i.Server)
}

// packetLine describes a packet without what it carries.
func packetLine(way string, p mqtt.PacketInfo) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %d bytes", time.Now().Format("15:04:05.000000"), way, p.Type, p.Size)
	if p.PacketID != 0 {
		fmt.Fprintf(&b, " id %d", p.PacketID)
	}
	if p.Type == "PUBLISH" {
		fmt.Fprintf(&b, " QoS %d topic %q", p.QoS, p.Topic)
		if p.Retain {
			b.WriteString(" retain")
		}
		if p.Dup {
			b.WriteString(" dup")
		}
	}
	if p.Code != 0 {
		fmt.Fprintf(&b, " %v", p.Code)
	}
	return b.String()
}
