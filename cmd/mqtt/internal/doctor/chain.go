package doctor

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// soon is how long before its end a certificate is worth a warning.
const soon = 30 * 24 * time.Hour

// judge explains the certificates of a server: each one's time, the name, and whether an authority that we trust is behind them.
func (p *patient) judge(chain []*x509.Certificate) (all []finding) {
	if len(chain) == 0 {
		return []finding{found("certificate", fail, "the server has shown none")}
	}
	now := time.Now()
	for i, c := range chain {
		all = append(all, describe(c, i, now))
	}
	all = append(all, p.judgeName(chain[0]), p.judgeTrust(chain, now))
	if p.cfg.TLS != nil && p.cfg.TLS.InsecureSkipVerify {
		for i := range all {
			if all[i].Status == fail {
				all[i].Status = warn
				all[i].Text += "; --insecure goes on all the same"
			}
		}
	}
	return all
}

// describe is one certificate of a chain.
func describe(c *x509.Certificate, place int, now time.Time) finding {
	state, until := validity(c, now)
	by := "by " + c.Issuer.String()
	if selfSigned(c) {
		by = "signed by itself"
	}
	if state == fail && place > 0 {
		state = warn // whether that matters depends on the authority that is trusted
	}
	return found("certificate", state, "%s, %s, %s", c.Subject, by, until).with("subject", c.Subject.String()).with("issuer", c.Issuer.String()).
		with("notBefore", c.NotBefore).with("notAfter", c.NotAfter).with("names", names(c))
}

func selfSigned(c *x509.Certificate) bool {
	return slices.Equal(c.RawIssuer, c.RawSubject) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// validity says in words how a certificate stands in time.
func validity(c *x509.Certificate, now time.Time) (status, string) {
	const day = "2006-01-02 15:04 MST"
	left := c.NotAfter.Sub(now)
	switch {
	case now.Before(c.NotBefore):
		return fail, fmt.Sprintf("not valid before %s: wait, or set this machine's clock, which says %s", c.NotBefore.UTC().Format(day), now.UTC().Format(day))
	case left < 0:
		return fail, fmt.Sprintf("expired on %s (%s ago): the server needs a new one, unless this machine's clock is wrong", c.NotAfter.UTC().Format(day), days(-left))
	case left < soon:
		return warn, fmt.Sprintf("expires on %s, in %s", c.NotAfter.UTC().Format(day), days(left))
	}
	return ok, fmt.Sprintf("expires on %s, in %s", c.NotAfter.UTC().Format(day), days(left))
}

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.Round(time.Minute).String()
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// names are those that a certificate is for.
func names(c *x509.Certificate) []string {
	all := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	for _, u := range c.URIs {
		all = append(all, u.String())
	}
	return all
}

func (p *patient) judgeName(leaf *x509.Certificate) finding {
	name := p.tlsName()
	if leaf.VerifyHostname(name) == nil {
		return found("name", ok, "the certificate is for %s", name)
	}
	has := names(leaf)
	if len(has) == 0 {
		return found("name", fail, "the certificate isn't for %s: it has no names at all but its subject's, which counts nowhere; the server needs another", name)
	}
	return found("name", fail, "the certificate isn't for %s, but for %s: connect by one of these, or give it with --tls-servername", name, strings.Join(has, ", "))
}

// judgeTrust looks for a way to an authority, at a time when the certificate was valid: its time is judged apart.
func (p *patient) judgeTrust(chain []*x509.Certificate, now time.Time) finding {
	leaf, then := chain[0], now
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		then = leaf.NotAfter.Add(-time.Second)
	}
	options := x509.VerifyOptions{Intermediates: x509.NewCertPool(), CurrentTime: then}
	trusted := "the system's authorities"
	if p.cfg.TLS != nil && p.cfg.TLS.RootCAs != nil {
		options.Roots, trusted = p.cfg.TLS.RootCAs, "the authorities of --cafile"
	}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	ways, err := leaf.Verify(options)
	if err == nil {
		way := ways[0]
		return found("trust", ok, "%s lead to it, by %s", trusted, way[len(way)-1].Subject)
	}
	if old, is := errors.AsType[x509.CertificateInvalidError](err); is && old.Reason == x509.Expired && old.Cert != nil {
		_, until := validity(old.Cert, now)
		return found("trust", fail, "%s, which signed it, %s", old.Cert.Subject, until)
	}
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); !unknown {
		return found("trust", fail, "%v", err)
	}
	return found("trust", fail, "%s, and %s", p.untrusted(chain, trusted), p.fetch())
}

func (p *patient) untrusted(chain []*x509.Certificate, trusted string) string {
	last := chain[len(chain)-1]
	switch {
	case selfSigned(chain[0]):
		return "the certificate is signed by itself, and none of " + trusted + " is behind it: --cafile with the certificate itself trusts it"
	case selfSigned(last):
		return fmt.Sprintf("%s don't have %s: --cafile names a file that does", trusted, last.Subject)
	}
	return fmt.Sprintf("%s don't have %s, which signed it: --cafile names a file that does; or the server leaves out a certificate in between", trusted, last.Issuer)
}

// fetch is how to get what the server shows.
func (p *patient) fetch() string {
	return fmt.Sprintf("`openssl s_client -showcerts -connect %s -servername %s </dev/null` shows what it sends; compare with who runs it before you trust it",
		p.where(), p.tlsName())
}
