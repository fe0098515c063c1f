package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// blindTLS is the client's tls.Config, which looks at no certificate: that is done apart, so that it can be explained.
func (p *patient) blindTLS() *tls.Config {
	own := p.cfg.TLS.Clone()
	if own == nil {
		own = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	own.InsecureSkipVerify = true
	own.VerifyConnection, own.VerifyPeerCertificate = nil, nil
	own.ServerName = p.tlsName()
	return own
}

// tlsName is the name that the certificate has to be for.
func (p *patient) tlsName() string {
	if p.cfg.TLS != nil && p.cfg.TLS.ServerName != "" {
		return p.cfg.TLS.ServerName
	}
	name, _, _ := strings.Cut(cmp.Or(p.domain, p.at.Host, "localhost"), "%")
	return name
}

// secured looks at TLS and at the certificates.
func secured(ctx context.Context, p *patient) ([]finding, int) {
	if !p.at.Secure() {
		return nil, app.ExitOK
	}
	own := p.blindTLS()
	var wants *tls.CertificateRequestInfo
	given := own.GetClientCertificate
	own.GetClientCertificate = func(i *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		wants = i
		if given == nil {
			return &tls.Certificate{}, nil
		}
		return given(i)
	}
	begin := time.Now()
	state, err := p.handshake(ctx, own)
	if err != nil {
		return []finding{found("tls", fail, "%s", p.handshakeFailure(ctx, err, wants != nil && given == nil))}, app.ExitTLS
	}
	all := []finding{found("tls", ok, "%s, %s%s (%s)", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite), alpn(own, state),
		took(time.Since(begin))).with("version", tls.VersionName(state.Version)).with("alpn", state.NegotiatedProtocol)}
	if len(own.NextProtos) > 0 && state.NegotiatedProtocol == "" {
		all = append(all, found("tls", warn, "the server chose none of the protocols offered by --alpn"))
	}
	all = append(all, p.judge(state.PeerCertificates)...)
	if wants != nil {
		all = append(all, p.ourCertificate(given, wants))
	}
	for _, f := range all {
		if f.Status == fail {
			return all, app.ExitTLS
		}
	}
	return all, app.ExitOK
}

func alpn(own *tls.Config, s tls.ConnectionState) string {
	if len(own.NextProtos) == 0 || s.NegotiatedProtocol == "" {
		return ""
	}
	return ", ALPN " + s.NegotiatedProtocol
}

func (p *patient) handshake(ctx context.Context, own *tls.Config) (tls.ConnectionState, error) {
	ctx, cancel := p.bound(ctx)
	defer cancel()
	raw, err := p.raw(ctx)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer raw.Close()
	conn := tls.Client(raw, own)
	err = conn.HandshakeContext(ctx)
	return conn.ConnectionState(), err
}

// remoteAlert is the server's word on why it ends TLS; empty when it said none.
func remoteAlert(err error) string {
	if op, isOp := errors.AsType[*net.OpError](err); isOp && op.Op == "remote error" {
		return op.Err.Error()
	}
	return ""
}

// certificateAlerts are those that speak of our certificate (RFC 8446 §6.2).
func certificateAlert(alert string) bool {
	for _, a := range []tls.AlertError{42, 43, 44, 45, 46, 48, 49, 116} {
		if alert == a.Error() {
			return true
		}
	}
	return false
}

// handshakeFailure says why there is no TLS, and what to do.
func (p *patient) handshakeFailure(ctx context.Context, err error, lacking bool) string {
	alert := remoteAlert(err)
	switch {
	case alert != "" && (lacking || certificateAlert(alert)):
		return p.rejection(alert)
	case alert == tls.AlertError(70).Error():
		if old := p.olderTLS(ctx); old != "" {
			return fmt.Sprintf("the server speaks %s at most, which is unsafe and not spoken here: it has to be renewed", old)
		}
		return "the server takes none of the versions of TLS that are offered; see --tls-version"
	case alert == tls.AlertError(112).Error():
		return fmt.Sprintf("the server knows no %q: --tls-servername gives another name", p.tlsName())
	case alert == tls.AlertError(120).Error():
		return "the server knows none of the protocols offered by --alpn"
	case alert == tls.AlertError(40).Error():
		return "the server ends the handshake: it shares no cipher with us, or wants a client certificate (--cert, --key)"
	case alert != "":
		return "the server ends the handshake: " + alert
	}
	advice := p.advice(ctx)
	switch silent := errors.Is(err, context.DeadlineExceeded); {
	case advice != "" && !(silent && advice == nothingKnown):
		return advice
	case silent:
		return "no answer to the handshake: perhaps this port doesn't speak TLS, or something on the way lets no TLS through"
	}
	return fmt.Sprintf("the handshake failed: %s", cause(err))
}

// rejection is what a server says about our certificate.
func (p *patient) rejection(alert string) string {
	if p.cfg.TLS == nil || p.cfg.TLS.GetClientCertificate == nil {
		return fmt.Sprintf("the server wants a client certificate: give --cert and --key (%s)", alert)
	}
	return fmt.Sprintf("the server rejects our certificate: give one that its authority has signed for clients, and that is valid (%s)", alert)
}

// olderTLS is the newest version below 1.2 that the server speaks.
func (p *patient) olderTLS(ctx context.Context) string {
	own := p.blindTLS()
	own.MinVersion, own.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	state, err := p.handshake(ctx, own)
	if err != nil {
		return ""
	}
	return tls.VersionName(state.Version)
}

// ourCertificate says what the server was given that asked for one.
func (p *patient) ourCertificate(given func(*tls.CertificateRequestInfo) (*tls.Certificate, error), wants *tls.CertificateRequestInfo) finding {
	if given == nil {
		return found("certificate", info, "the server asks for a client certificate, and none is given (--cert, --key)")
	}
	pair, err := given(wants)
	if err != nil || len(pair.Certificate) == 0 {
		return found("certificate", warn, "the server asks for a client certificate, and ours can't be read: %v", err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return found("certificate", warn, "our certificate: %v", err)
	}
	state, until := validity(leaf, time.Now())
	if state == fail {
		state = warn // the server decides
	}
	return found("certificate", state, "the server asks for ours, %s, by %s, %s", leaf.Subject, leaf.Issuer, until)
}
