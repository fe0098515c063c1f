package copier

import (
	"net/url"
	"strings"
)

// sameServer says whether two URLs surely are of one server.
func sameServer(a, b string) bool {
	x, y := place(a), place(b)
	return x != "" && x == y
}

// place is what of a URL says where its server is.
func place(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if host == "127.0.0.1" || host == "::1" || host == "" && u.Path == "" {
		host = "localhost"
	}
	if port == "" {
		port = map[string]string{"mqtts": "8883", "tls": "8883", "ssl": "8883", "ws": "80", "wss": "443"}[u.Scheme]
	}
	if port == "" {
		port = "1883"
	}
	if u.Host == "" {
		return u.Path // of a Unix socket
	}
	return host + ":" + port
}
