package netx

import (
	"errors"
	"net/netip"
	"strings"
)

const (
	viaSRV      = "+srv" // at the end of a scheme
	mostTargets = 16     // of one domain: what a name server writes isn't trusted
)

// service is the name of a secure or plain server in DNS, as IANA has registered it.
func service(secure bool) string {
	if secure {
		return "secure-mqtt"
	}
	return "mqtt"
}

// base is the scheme by which the targets of a domain are reached; any other scheme is its own.
func base(scheme string) string { return strings.TrimSuffix(scheme, viaSRV) }

// parseDomain reads a domain in the place of host and port.
func parseDomain(s *Server, u parts) error {
	if err := parseHostPort(s, u); err != nil {
		return err
	}
	_, literal := netip.ParseAddr(s.Host)
	switch {
	case s.Port != "":
		return errors.New("the port comes from the SRV record: leave it out, or write " + base(s.Scheme) + "://host:port")
	case literal == nil || s.Host == "localhost":
		return errors.New("an SRV record belongs to a domain: write " + s.Scheme + "://example.org")
	}
	return nil
}
