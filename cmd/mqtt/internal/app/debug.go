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
	stage := func(what string) func(mqtt.StageInfo) {
		return func(i mqtt.StageInfo) {
			end := ""
			if i.Err != nil {
				end = ": " + i.Err.Error()
			}
			a.Say("%s %s %s%s", i.Time.Format("15:04:05.000000"), what, i.Server, end)
		}
	}
	return &mqtt.Trace{
		PacketSent:     func(p mqtt.PacketInfo) { a.Say("%s", packetLine("->", p)) },
		PacketReceived: func(p mqtt.PacketInfo) { a.Say("%s", packetLine("<-", p)) },
		DNSStart:       stage("looking up"), DNSDone: stage("looked up"),
		TCPStart: stage("connecting to"), TCPDone: stage("connected to"),
		ProxyStart: stage("through a proxy to"), ProxyDone: stage("through the proxy to"),
		TLSStart: stage("TLS with"), TLSDone: stage("TLS done with"),
		WebSocketStart: stage("WebSocket with"), WebSocketDone: stage("WebSocket done with"),
	}
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
