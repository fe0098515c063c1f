package mqtt

import (
	"time"

	"github.com/sluicemq/sluice/mqtt/netx"
)

// Trace is a set of functions to be called as things happen; any of them may be nil. New copies the set.
//
// The functions run where the thing happens: those for packets on the goroutines that encode and decode, those for stages
// on the goroutine that dials. They must not block, not even for a lock that is held across a call of this package, and
// must not call the client: it stands still meanwhile. They may run at the same time as each other, and one set may serve
// many clients. What they are given holds no payload, no property and no secret, and may be kept.
type Trace struct {
	// PacketSent is called for each packet, in order, when it is encoded, before its bytes are written.
	PacketSent func(PacketInfo)

	// PacketReceived is called for each packet, in order, when it was decoded, before it is acted upon.
	PacketReceived func(PacketInfo)

	// DNSStart and DNSDone stand around the lookup of a host's name. A host that is an address has no lookup, and that
	// of a Config.Dialer isn't seen.
	DNSStart, DNSDone func(StageInfo)

	// TCPStart and TCPDone stand around the connecting, by TCP or to a unix socket, with Config.Dialer or without.
	TCPStart, TCPDone func(StageInfo)

	// ProxyStart and ProxyDone stand around the connecting through a Config.Proxy, TLS with it included. The lookup and the
	// connecting between them are those of the proxy's own host.
	ProxyStart, ProxyDone func(StageInfo)

	// TLSStart and TLSDone stand around the TLS handshake.
	TLSStart, TLSDone func(StageInfo)

	// WebSocketStart and WebSocketDone stand around the request for WebSocket.
	WebSocketStart, WebSocketDone func(StageInfo)
}

// PacketInfo describes a packet. Fields that its type doesn't have are zero.
type PacketInfo struct {
	Type     string     // as in "PUBLISH"
	Size     int        // bytes of the whole packet, fixed header included
	PacketID uint16     // the Packet Identifier (§2.2.1)
	Topic    string     // of a PUBLISH, resolved from its alias
	QoS      QoS        // of a PUBLISH
	Retain   bool       // of a PUBLISH
	Dup      bool       // of a PUBLISH
	Code     ReasonCode // of a packet that has one of its own; 3.x codes in their v5 form
}

// StageInfo describes a stage on the way to a server, at its start or its end.
type StageInfo struct {
	Server  string    // the server's URL, without credentials and query
	Attempt int       // which attempt in a row this is, from 1
	Time    time.Time // when this was
	Err     error     // at the end: why it failed; nil at the start and after success
}

// step tells of a stage. A nil Trace tells nobody.
func (t *Trace) step(s netx.Step, info StageInfo) {
	if t == nil {
		return
	}
	var start, done func(StageInfo)
	switch s.Stage {
	case netx.StageDNS:
		start, done = t.DNSStart, t.DNSDone
	case netx.StageTCP, netx.StageUnix:
		start, done = t.TCPStart, t.TCPDone
	case netx.StageProxy:
		start, done = t.ProxyStart, t.ProxyDone
	case netx.StageTLS:
		start, done = t.TLSStart, t.TLSDone
	case netx.StageWebSocket:
		start, done = t.WebSocketStart, t.WebSocketDone
	}
	tell := start
	if s.Done {
		tell = done
	}
	if tell != nil {
		info.Err = s.Err
		tell(info)
	}
}
