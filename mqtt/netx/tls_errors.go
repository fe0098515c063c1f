//go:build !js

package netx

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
)

// certificateAlerts are the alerts that speak of the client's certificate (RFC 8446 §6.2).
var certificateAlerts = []tls.AlertError{42, 43, 44, 45, 46, 48, 49, 116}

// rejected tells whether err is the server's alert about our certificate.
func rejected(err error) bool { return alerted(err, certificateAlerts...) }

// alerted tells whether err is one of these alerts, from the server. crypto/tls keeps the alert's type to itself, so the
// names that it gives to them are what can be compared.
func alerted(err error, alerts ...tls.AlertError) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error" && slices.ContainsFunc(alerts, func(a tls.AlertError) bool {
		return op.Err.Error() == a.Error()
	})
}

// remedyOf says what can be done about a failed handshake, in a tls.Config that is called config; empty for what is not known.
func remedyOf(err error, config string) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "put the authority that signed the server's certificate into " + config + ".RootCAs"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "dial by a name that the certificate has, or set " + config + ".ServerName to one"
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok && bad.Reason == x509.Expired {
		return "the server's certificate has to be renewed, unless the clock here is wrong"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "what listens there speaks no TLS: check port and scheme"
	}
	return remedyOfAlert(err, config)
}

// remedyOfAlert is the same for what the server has to say.
func remedyOfAlert(err error, config string) string {
	switch {
	case alerted(err, 116): // certificate_required
		return "give one in " + config + ".Certificates"
	case alerted(err, 44, 45): // certificate_revoked, certificate_expired
		return "renew the one in " + config
	case rejected(err):
		return "give one in " + config + " that the server's authority has signed for clients"
	case alerted(err, 40): // handshake_failure
		return "the server may miss a client certificate in " + config + ".Certificates, or share no cipher suite"
	case alerted(err, 70): // protocol_version
		return "the server knows no version that " + config + " allows: see its MinVersion and MaxVersion"
	case alerted(err, 112): // unrecognized_name
		return "the server isn't known by this name: set " + config + ".ServerName to one that it has"
	case alerted(err, 120): // no_application_protocol
		return "the server knows none of " + config + ".NextProtos"
	}
	return ""
}
