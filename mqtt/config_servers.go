package mqtt

import (
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt/netx"
)

const defaultServer = "mqtt://localhost:1883"

// settleServers reads the URLs. What Config says wins over them, each field for itself.
func (s *settings) settleServers() error {
	if len(s.Servers) == 0 {
		s.Servers = []string{defaultServer}
	}
	for i, url := range s.Servers {
		server, err := netx.Parse(url)
		if err != nil {
			return faulty(fmt.Sprintf("Servers[%d]", i), "%v", err).config()
		}
		if s.hasCertificate() && !server.Secure() {
			return faulty("TLS", "has a client certificate, and Servers[%d] (%s) is not secure: write mqtts:// or wss://", i, server).config()
		}
		if s.Username != "" {
			server.Username, server.HasUsername = s.Username, true
		}
		if s.Password != nil {
			server.Password, server.HasPassword = s.Password, true
		}
		s.servers = append(s.servers, server)
	}
	return s.checkCredentials()
}

// checkWays looks for what can't be done where the program runs: in a browser, most of it.
func (s *settings) checkWays() error {
	o := s.options()
	for i, server := range s.servers {
		err := o.Check(server)
		if wrong, ok := errors.AsType[*netx.OptionError](err); ok {
			return faulty(wrong.Field, "%s", wrong.Reason).config()
		}
		if err != nil {
			return faulty(fmt.Sprintf("Servers[%d]", i), "%v", err).config()
		}
	}
	return nil
}

func (s *settings) hasCertificate() bool { return s.TLS != nil && bearsCertificate(s.TLS) }

// bearsCertificate says that c has a client certificate, which nobody sends without TLS.
func bearsCertificate(c *tls.Config) bool {
	return len(c.Certificates) > 0 || c.GetClientCertificate != nil
}

// checkCredentials looks at what came from the URLs too.
func (s *settings) checkCredentials() error {
	for i, server := range s.servers {
		for _, f := range []*fault{textFault("user name", server.Username), binaryFault("password", server.Password)} {
			if f != nil {
				return faulty(fmt.Sprintf("Servers[%d]", i), "its %s %s", f.field, f.reason).config()
			}
		}
	}
	return nil
}

// settleClientID finds the one identifier that the client has for its whole life.
func (s *settings) settleClientID() error {
	if s.NoClientID && s.ClientID != "" {
		return faulty("NoClientID", "is set, and ClientID too: leave out one").config()
	}
	if s.ClientID == "" && !s.NoClientID {
		if err := s.clientIDOfURLs(); err != nil {
			return err
		}
	}
	if s.Session == SessionDurable && s.ClientID == "" {
		return faulty("ClientID", "is empty, and SessionDurable (which Store means) needs one to find its session by: set it").config()
	}
	if !s.NoClientID {
		s.ClientID = cmp.Or(s.ClientID, "sluice"+rand.Text()[:17])
	}
	return nil
}

// clientIDOfURLs takes the identifier from the URLs. Those that name one must agree.
func (s *settings) clientIDOfURLs() error {
	var first *netx.Server
	for i, server := range s.servers {
		switch {
		case !server.HasClientID:
		case first == nil:
			first = server
			s.ClientID, s.NoClientID = server.ClientID, server.ClientID == ""
		case server.ClientID != first.ClientID:
			return faulty(fmt.Sprintf("Servers[%d]", i), "its clientId isn't that of an earlier URL, and a client has one: set ClientID").config()
		}
	}
	return textFault("ClientID", s.ClientID).config()
}

// checkWebSocket looks at what goes with each request, whether or not a URL of Servers needs it.
func (s *settings) checkWebSocket() error { return optionFault(s.WebSocket.Check()).config() }

func (s *settings) checkProxy() error { return optionFault(s.Proxy.Check()).config() }

// optionFault is what netx says of an option that is called the same here; nil stays nil.
func optionFault(err error) *fault {
	wrong, ok := errors.AsType[*netx.OptionError](err)
	if !ok {
		return nil
	}
	return faulty(wrong.Field, "%s", wrong.Reason)
}
