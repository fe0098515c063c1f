package app

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// wantsTLS says that a flag makes sense with TLS alone.
func (c *Connection) wantsTLS() bool {
	return c.CAFile != "" || c.CAPath != "" || c.Cert != "" || c.Key != "" || c.Insecure || len(c.ALPN) > 0 || c.TLSServerName != "" || c.TLSVersion != ""
}

func (c *Connection) tls(cfg *mqtt.Config) error {
	if !c.wantsTLS() {
		return nil
	}
	t := &tls.Config{InsecureSkipVerify: c.Insecure, NextProtos: c.ALPN, ServerName: c.TLSServerName}
	cfg.TLS = t
	switch c.TLSVersion {
	case "", "tlsv1.2", "1.2":
		t.MinVersion = tls.VersionTLS12
	case "tlsv1.3", "1.3":
		t.MinVersion = tls.VersionTLS13
	default:
		return Usage("--tls-version %q: give tlsv1.2 or tlsv1.3", c.TLSVersion)
	}
	if (c.Cert == "") != (c.Key == "") {
		return Usage("--cert and --key go together")
	}
	if c.Cert != "" {
		if _, err := tls.LoadX509KeyPair(c.Cert, c.Key); err != nil {
			return Usage("--cert and --key: %v", err)
		}
		t.GetClientCertificate = netx.ReloadCertificate(c.Cert, c.Key)
	}
	return c.authorities(t)
}

func (c *Connection) authorities(t *tls.Config) error {
	var files []string
	if c.CAFile != "" {
		files = append(files, c.CAFile)
	}
	if c.CAPath != "" {
		entries, err := os.ReadDir(c.CAPath)
		if err != nil {
			return Usage("--capath: %v", err)
		}
		for _, e := range entries {
			files = append(files, filepath.Join(c.CAPath, e.Name()))
		}
	}
	if files == nil {
		return nil
	}
	t.RootCAs = x509.NewCertPool()
	found := false
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return Usage("--cafile: %v", err)
		}
		found = t.RootCAs.AppendCertsFromPEM(b) || found
	}
	if !found {
		return Usage("no certificate in %q; --cafile wants PEM", files)
	}
	return nil
}
