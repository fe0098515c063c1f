package netx

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// parseTarget reads what a WebSocket server is asked for. It is the server's own: only the client identifier, which also
// stands there for us, is looked at.
func parseTarget(s *Server, u parts) error {
	if strings.Contains(u.query, "@") { // it may be a piece of a password, which is sent to nobody but its owner
		return errors.New("in a query, user name or password write @ as %40; " + mustEscape)
	}
	if _, err := url.PathUnescape(u.path); err != nil {
		return errors.New("the path has a % without two hex digits: write % as %25")
	}
	s.Path, s.Query = escapeRest("/"+strings.TrimPrefix(u.path, "/")), escapeRest(u.query)
	for pair := range strings.SplitSeq(u.query, "&") {
		if key, value, _ := strings.Cut(pair, "="); key == "clientId" {
			if err := parseClientID(s, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// escapeRest escapes what can't stand in an HTTP request, and leaves all that is escaped already.
func escapeRest(text string) string {
	return escape(text, func(c byte) bool { return c > ' ' && c < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", rune(c)) })
}

// escape percent-encodes the bytes of text that may not stay.
func escape(text string, stays func(byte) bool) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; stays(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
