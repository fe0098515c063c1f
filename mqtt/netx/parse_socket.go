package netx

import (
	"errors"
	"net/url"
	"strings"
)

// parseSocket reads the path of a socket's file. That of WebSocket ends at its first colon, behind which stands what the
// server is asked for.
func parseSocket(s *Server, u *parts, web bool) error {
	path, resource := u.path, ""
	if web {
		path, resource, _ = strings.Cut(path, ":")
	}
	u.path = resource
	switch {
	case u.address != "":
		return errors.New("the path of a unix socket is absolute, and there is no host: write three slashes, as in unix:///run/broker.sock")
	case path == "" || strings.HasSuffix(path, "/"):
		return errors.New("it names no file: write unix:///run/broker.sock")
	}
	file, err := url.PathUnescape(path)
	if err != nil {
		return errors.New("the path has a % without two hex digits: write % as %25")
	}
	if strings.Contains(file, "\x00") {
		return errors.New("the path holds U+0000, which no file has")
	}
	s.Socket = file
	return nil
}

// escapeSocket writes the path of a socket's file so that parseSocket reads it back.
func escapeSocket(file string, web bool) string {
	return escape(file, func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			strings.ContainsRune("/-._~!$&'()*+,;=", rune(c)) || c == ':' && !web
	})
}
