package netx

import "fmt"

// transport is what a scheme stands for: a way to the server's machine, and what goes over it.
type transport struct {
	scheme string // as normalised
	port   string // when the URL has none
	srv    bool   // the servers of a domain, not one
	local  bool   // a unix socket, not TCP
	secure bool   // TLS over that
	web    bool   // WebSocket over that
}

// transportOf is the one place that knows the schemes. scheme is in lower case.
func transportOf(scheme string) (transport, error) {
	switch scheme {
	case "mqtt", "tcp":
		return transport{scheme: "mqtt", port: "1883"}, nil
	case "mqtts", "tls", "ssl":
		return transport{scheme: "mqtts", port: "8883", secure: true}, nil
	case "mqtt+srv":
		return transport{scheme: scheme, srv: true}, nil
	case "mqtts+srv":
		return transport{scheme: scheme, srv: true, secure: true}, nil
	case "ws":
		return transport{scheme: "ws", port: "80", web: true}, nil
	case "wss":
		return transport{scheme: "wss", port: "443", secure: true, web: true}, nil
	case "mqtt+unix", "unix":
		return transport{scheme: "mqtt+unix", local: true}, nil
	case "mqtts+unix":
		return transport{scheme: "mqtts+unix", local: true, secure: true}, nil
	case "ws+unix":
		return transport{scheme: "ws+unix", local: true, web: true}, nil
	case "wss+unix":
		return transport{scheme: "wss+unix", local: true, secure: true, web: true}, nil
	case "wxs", "alis":
		return miniProgram(scheme)
	}
	return transport{}, fmt.Errorf("unknown scheme %q: write mqtt://, mqtts://, ws://, wss:// or unix://", scheme)
}

// parse reads what follows "://"; Scheme and Port are filled in already.
func (t transport) parse(s *Server, rest string) error {
	u, err := cutURL(rest)
	if err != nil {
		return err
	}
	if err := parseUserinfo(s, u.userinfo); err != nil {
		return err
	}
	switch {
	case t.local:
		err = parseSocket(s, &u, t.web)
	case t.srv:
		err = parseDomain(s, u)
	default:
		err = parseHostPort(s, u)
	}
	if err != nil {
		return err
	}
	if t.web {
		return parseTarget(s, u)
	}
	return parseQuery(s, u.query)
}
