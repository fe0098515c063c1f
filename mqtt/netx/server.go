package netx

import (
	"log/slog"
	"net"
	"strings"
)

// Server is one parsed server URL. Its String has no credentials and no query, and stands for it in every %v and log
// record; the fields themselves hold what is secret as it is.
//
// Dial only reads a Server. Whoever changes fields keeps Scheme and either Host and Port or Socket filled, as Parse leaves
// them.
type Server struct {
	// Scheme is the transport as normalised: mqtt, mqtts, ws or wss, or one of them with +unix; mqtt+srv or mqtts+srv;
	// or wxs or alis, in a mini-program.
	Scheme string

	Host   string // a name, or an address without brackets, with its zone if it has one: "fe80::1%eth0"; empty with +unix
	Port   string // in decimal, 1 to 65535; empty with +unix and +srv
	Socket string // the absolute path of a unix socket, decoded; empty without +unix

	Path  string // what a WebSocket server is asked for, as it is sent: percent-encoded, from its "/" on; else empty
	Query string // of ws and wss, as it is sent, without the "?"; it may hold a signature, and so no String has it

	Username    string // decoded, valid UTF-8 without U+0000 (§1.5.4)
	HasUsername bool   // tells an empty user name from none
	Password    []byte // decoded, any bytes; the caller's own
	HasPassword bool   // tells an empty password from none
	ClientID    string // from the query's clientId, decoded, valid UTF-8 without U+0000 (§1.5.4)
	HasClientID bool   // tells an empty id from none
}

// Address is what a dialler takes: host:port, with brackets around an IPv6 address, or the path of a unix socket.
func (s Server) Address() string {
	if s.Socket != "" {
		return s.Socket
	}
	return net.JoinHostPort(s.Host, s.Port)
}

// Secure tells whether the way to the server is TLS. It is false for a Scheme that Parse doesn't give.
func (s Server) Secure() bool {
	t, err := transportOf(s.Scheme)
	return err == nil && t.secure
}

// String is the URL without credentials and query. Parse reads it back.
func (s Server) String() string {
	if s.Socket != "" {
		file, colon := escapeSocket(s.Socket, s.Path != ""), ""
		if s.Path != "" {
			colon = ":"
		}
		return s.Scheme + "://" + file + colon + s.Path
	}
	address := s.Address()
	if s.Port == "" {
		address = s.Host
	}
	if strings.HasPrefix(address, "[") { // in a URL the % before a zone is escaped (RFC 6874)
		address = strings.Replace(address, "%", "%25", 1)
	}
	return s.Scheme + "://" + address + s.Path
}

// GoString is String, so that %#v doesn't show what is secret either.
func (s Server) GoString() string { return s.String() }

// LogValue is String, so that log/slog doesn't take the fields apart.
func (s Server) LogValue() slog.Value { return slog.StringValue(s.String()) }
