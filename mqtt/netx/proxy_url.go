package netx

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	writeProxy     = "write http://, https://, socks5:// or socks5h://user:password@host:port"
	longestRFC1929 = 255 // bytes of a user name or a password for SOCKS
)

// via is a proxy that was chosen: what its URL says, credentials for it included, and what its user set beside that.
type via struct {
	Server
	tls    *tls.Config
	header http.Header
}

// socks tells whether the proxy is asked by SOCKS, and not by HTTP.
func (v *via) socks() bool { return strings.HasPrefix(v.Scheme, "socks") }

// named reads what URL or ForServer says; nil when that is no URL.
func (p Proxy) named(rawURL string) (*via, *ProxyError) {
	switch rawURL {
	case "", ProxyNone, ProxyEnvironment:
		return nil, nil
	}
	u, err := url.Parse(rawURL) // its error holds pieces of what may be a password
	if err != nil || !strings.Contains(rawURL, "://") {
		return nil, &ProxyError{Proxy: redact(rawURL), Err: errors.New("it is not a URL: " + writeProxy + "; " + mustEscape)}
	}
	return p.at(u)
}

// at is the proxy at u.
func (p Proxy) at(u *url.URL) (*via, *ProxyError) {
	v := &via{tls: p.TLS, header: p.Header}
	if reason := v.read(u); reason != "" {
		return nil, &ProxyError{Proxy: redact(u.String()), Err: errors.New(reason)}
	}
	return v, nil
}

// read fills v from u, or says what is wrong with it.
func (v *via) read(u *url.URL) (reason string) {
	ports := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}
	port, known := ports[u.Scheme]
	host := u.Hostname()
	switch {
	case !known:
		return "it has a scheme that no proxy has here: " + writeProxy
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return "something follows its host and port: " + writeProxy + "; " + mustEscape
	case host == "" || strings.ContainsFunc(host, func(r rune) bool { return r != '%' && notInHost(r) }):
		return "it has no host: " + writeProxy
	}
	v.Scheme, v.Host, v.Port = u.Scheme, host, port
	if given := u.Port(); given != "" {
		n, err := strconv.ParseUint(given, 10, 16)
		if err != nil || n == 0 {
			return "its port is not a number from 1 to 65535: " + writeProxy
		}
		v.Port = strconv.FormatUint(n, 10)
	}
	return v.readUser(u.User)
}

// readUser takes the credentials, as far as the proxy's protocol can carry them.
func (v *via) readUser(user *url.Userinfo) (reason string) {
	if user == nil || user.String() == "" {
		return ""
	}
	password, hasPassword := user.Password()
	v.Username, v.HasUsername = user.Username(), true
	v.Password, v.HasPassword = []byte(password), hasPassword
	switch {
	case !v.socks() && strings.Contains(v.Username, ":"):
		return "its user name has a colon, which HTTP's Basic can't carry"
	case v.socks() && (v.Username == "" || len(v.Username) > longestRFC1929 || len(password) > longestRFC1929):
		return "its user name is empty, or it or the password is longer than the 255 bytes that SOCKS can carry"
	}
	return ""
}
