package netx

import (
	"net/netip"
	"strings"
)

// Refer reads what the server at s calls another one (§4.11): host, host:port, [IPv6], [IPv6]:port, or a URL.
//
// The other is reached as s is: by the same transport, or the same with TLS where a URL says so, never one without; at the
// transport's own port where none is given; with the credentials of s, and over WebSocket with its path and query unless a
// URL has some. What a server writes isn't trusted: user name, password and clientId of a URL are left out, and a text
// without a host, with a zone, or by another transport is an error. A server behind a unix socket can name no other. The
// error is a *URLError.
func (s *Server) Refer(to string) (*Server, error) {
	found, reason := s.refer(to)
	if reason != "" {
		return nil, &URLError{URL: redact(to), Reason: reason}
	}
	return found, nil
}

func (s *Server) refer(to string) (_ *Server, reason string) {
	if s.Socket != "" {
		return nil, "the server that names it is reached by a unix socket, from which no host is the same way"
	}
	scheme, rest, isURL := cutScheme(to)
	if !isURL {
		scheme = base(s.Scheme)
		if rest = bracketed(to); strings.ContainsAny(rest, "/?#@%") {
			return nil, "it is neither host:port nor a URL"
		}
	}
	rest = withoutUserinfo(rest)
	if rest == "" || strings.ContainsRune(":/?#", rune(rest[0])) {
		return nil, "it has no host"
	}
	found, err := parse(scheme + "://" + rest)
	switch {
	case err != nil:
		return nil, err.Error()
	case found.Scheme != base(s.Scheme) && found.Scheme != base(s.Scheme)+"s":
		return nil, "its transport is " + found.Scheme + ", and that of the server that names it is " + base(s.Scheme)
	case strings.Contains(found.Host, "%"):
		return nil, "its address has a zone, which has no meaning on another machine"
	}
	other := *s
	other.Scheme, other.Host, other.Port = found.Scheme, found.Host, found.Port
	if strings.ContainsAny(rest, "/?") {
		other.Path, other.Query = found.Path, found.Query
	}
	return &other, ""
}

// bracketed puts a bare IPv6 address into the brackets that it should have.
func bracketed(to string) string {
	if ip, err := netip.ParseAddr(to); err == nil && ip.Is6() {
		return "[" + to + "]"
	}
	return to
}

// withoutUserinfo takes user:password@ off what follows a scheme.
func withoutUserinfo(rest string) string {
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	return rest[strings.LastIndexByte(rest[:end], '@')+1:]
}
