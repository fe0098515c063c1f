package netx

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	writeInstead = "write mqtt://host:port"
	mustEscape   = "in a user name, password or path write @ as %40, / as %2F, ? as %3F, # as %23, % as %25"
)

// Parse reads a server URL: scheme://user:password@host:port/path?query. All after the scheme is optional.
//
// Schemes, in any case, are
//
//	mqtt, tcp           TCP, port 1883
//	mqtts, tls, ssl     TLS, port 8883
//	ws                  WebSocket, port 80
//	wss                 WebSocket over TLS, port 443
//	mqtt+srv            the servers of a domain, by its SRV records _mqtt._tcp: mqtt+srv://example.org, without a port
//	mqtts+srv           the same over TLS, by _secure-mqtt._tcp
//	mqtt+unix, unix     a unix socket: mqtt+unix:///run/broker.sock
//	mqtts+unix          TLS over one
//	ws+unix, wss+unix   WebSocket over one: ws+unix:///run/broker.sock:/mqtt?query, as ws of Node.js writes it
//	wxs, alis           wss as WeChat and Alipay give it to their mini-programs, with GOOS=js alone
//
// No host means localhost; an IPv6 address stands in brackets. User name and password are MQTT's, also in a URL of
// WebSocket; they are split at their first colon and then percent-decoded.
//
// The path of ws and wss, "/" when there is none, and the query are sent to the server as they stand, as are those of wxs
// and alis; a clientId in the query is read all the same. A socket's path is percent-decoded and absolute; the first colon in
// that of ws+unix ends it. With mqtt and mqtts a path is dropped. There, and with mqtt+unix, the query knows clientId alone, which is decoded as
// forms are: a + is a space. An error is a *URLError.
func Parse(rawURL string) (*Server, error) {
	s, err := parse(rawURL)
	if err != nil {
		return nil, &URLError{URL: redact(rawURL), Reason: err.Error()}
	}
	return s, nil
}

func parse(rawURL string) (*Server, error) {
	if rawURL == "" {
		return nil, errors.New("it is empty: " + writeInstead)
	}
	if strings.ContainsFunc(rawURL, func(r rune) bool { return r == ' ' || unicode.IsControl(r) }) {
		return nil, errors.New("it holds a space or a control character: remove it, or percent-encode it")
	}
	scheme, rest, ok := cutScheme(rawURL)
	switch {
	case !ok && !strings.Contains(rawURL, "//"):
		return nil, errors.New(`"//" is missing: ` + writeInstead)
	case !ok:
		return nil, errors.New("the scheme is missing: " + writeInstead)
	}
	t, err := transportOf(strings.ToLower(scheme))
	if err != nil {
		return nil, err
	}
	s := &Server{Scheme: t.scheme, Port: t.port}
	if err := t.parse(s, rest); err != nil {
		return nil, err
	}
	return s, nil
}

// cutScheme splits at "://"; ok is false when what stands before it can't be a scheme.
func cutScheme(rawURL string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(rawURL, "://")
	if !ok || scheme == "" || strings.ContainsFunc(scheme, func(r rune) bool {
		return r != '+' && r != '-' && r != '.' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}) {
		return "", rawURL, false
	}
	return scheme, rest, true
}

// parts are what follows the scheme, not decoded.
type parts struct{ userinfo, address, path, query string }

// cutURL splits user:password@host:port/path?query. A character of a password that should have been escaped ends the
// address too early; each such case is an error, so that no dial goes to a piece of a password.
func cutURL(rest string) (u parts, err error) {
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	path, fragment, hasFragment := strings.Cut(tail, "#")
	u.path, u.query, _ = strings.Cut(path, "?")
	switch {
	case hasFragment && strings.Contains(fragment, "@"), strings.Contains(u.path, "@"):
		return u, errors.New(mustEscape)
	case hasFragment:
		return u, errors.New("it holds a #, which has no meaning here: write %23")
	}
	u.address = authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		u.userinfo, u.address = authority[:i], authority[i+1:]
	}
	return u, nil
}

func parseHostPort(s *Server, u parts) error {
	err := parseAddress(s, u.address)
	if err != nil && strings.Contains(u.query, "@") {
		return errors.New(mustEscape)
	}
	return err
}

// parseUserinfo splits before it decodes, so that an escaped colon belongs to the user name.
func parseUserinfo(s *Server, userinfo string) error {
	name, password, hasPassword := strings.Cut(userinfo, ":")
	username, err := url.PathUnescape(name)
	if err != nil {
		return errors.New("the user name has a % without two hex digits: " + mustEscape)
	}
	if !isText(username) {
		return errors.New("the user name is not UTF-8, or holds U+0000")
	}
	s.Username, s.HasUsername = username, userinfo != ""
	if !hasPassword {
		return nil
	}
	secret, err := url.PathUnescape(password)
	if err != nil {
		return errors.New("the password has a % without two hex digits: " + mustEscape)
	}
	s.Password, s.HasPassword = []byte(secret), true
	return nil
}

// parseQuery names the keys that it doesn't know, and never a value.
func parseQuery(s *Server, query string) error {
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		switch {
		case key != "clientId" && strings.Contains(query, "@"): // the key may be a piece of a password
			return errors.New("unknown query key: the only one is clientId; " + mustEscape)
		case key != "clientId":
			return fmt.Errorf("unknown query key %q: the only one is clientId", key)
		}
		if err := parseClientID(s, value); err != nil {
			return err
		}
	}
	return nil
}

func parseClientID(s *Server, value string) error {
	if s.HasClientID {
		return errors.New("query key clientId stands there twice")
	}
	id, err := url.QueryUnescape(value)
	if err != nil {
		return errors.New("clientId has a % without two hex digits: write % as %25")
	}
	if !isText(id) {
		return errors.New("clientId is not UTF-8, or holds U+0000")
	}
	s.ClientID, s.HasClientID = id, true
	return nil
}

// isText tells whether text can be an MQTT string (§1.5.4).
func isText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// redact takes out what may be secret, also of a URL that can't be read: all between the first colon after the scheme
// and the last @, and the query. When that @ stood in a query, the query goes on after it.
func redact(rawURL string) string {
	scheme, rest, ok := cutScheme(rawURL)
	if ok {
		scheme += "://"
	}
	tail := ""
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if name, _, ok := strings.Cut(rest[:at], ":"); ok {
			rest, tail = name+":xxxxx", rest[at:]
		}
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		return scheme + rest[:i+1] + "…"
	}
	if i := strings.IndexAny(tail, "?#&="); i >= 0 {
		tail = tail[:i+1] + "…"
	}
	return scheme + rest + tail
}
