package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

const (
	redirectsInARow = 4 // from server to server
	namesTaken      = 8 // of one Server Reference
	longestName     = 1024
)

// target is a server that the client may dial, and what the processes know it by.
type target struct {
	settings *settings
	server   *netx.Server
	foreign  bool // Config doesn't list it: a server has sent the client there

	// Of one that BeforeConnect has seen:
	home   *target     // what it was before; nil for any other
	own    *tls.Config // in place of Config's,
	header http.Header // and of Config.WebSocket's
}

func (s *settings) targets() []actor.Server {
	listed := make([]actor.Server, len(s.servers))
	for i, server := range s.servers {
		listed[i] = &target{settings: s, server: server}
	}
	return listed
}

// Name is the URL without credentials and query.
func (t *target) Name() string { return t.server.String() }

// Dial opens the transport of one attempt.
func (t *target) Dial(ctx context.Context, attempt int, v codec.Version) (net.Conn, error) {
	o := t.settings.options()
	o.TLS = t.tls()
	if o.WebSocket.Subprotocols == nil && v == codec.V31 {
		o.WebSocket.Subprotocols = []string{"mqttv3.1"}
	}
	if t.home != nil {
		o.WebSocket.Header = t.header
	}
	if trace := t.settings.Trace; trace != nil {
		o.Trace = func(s netx.Step) {
			trace.step(s, StageInfo{Server: t.Name(), Attempt: attempt, Time: time.Now()})
		}
	}
	return netx.Dial(ctx, t.server, o)
}

// tls is what its TLS is made of; nil for the default.
func (t *target) tls() *tls.Config {
	if t.home != nil {
		return t.own
	}
	c := t.settings.TLS
	if t.foreign && c != nil && c.ServerName != "" { // that name is another server's
		c = c.Clone()
		c.ServerName = ""
	}
	return c
}

// options are what Config says of the way to a server.
func (s *settings) options() netx.Options {
	return netx.Options{Dialer: s.Dialer, Proxy: s.Proxy, TLS: s.TLS, WebSocket: s.WebSocket}
}

// Warning is about what BeforeConnect allows; what Config does, New has warned of.
func (t *target) Warning() *actor.Record {
	if t.home == nil || !unverified(t.own) || unverified(t.settings.TLS) || !t.server.Secure() {
		return nil
	}
	return new(notVerified("Attempt.TLS.InsecureSkipVerify"))
}

// Credentials puts what the server is to know into its CONNECT.
func (t *target) Credentials(c *codec.Connect) {
	c.Username, c.HasUsername = t.server.Username, t.server.HasUsername
	c.Password, c.HasPassword = t.server.Password, t.server.HasPassword
}

// Refer reads a Server Reference: names between spaces (§3.2.2.3.16).
func (t *target) Refer(reference string) (to []actor.Server, skipped error) {
	if t.settings.Redirect == RedirectOff {
		return nil, nil
	}
	var faults []error
	for name := range strings.FieldsSeq(reference) {
		if len(to)+len(faults) == namesTaken {
			faults = append(faults, fmt.Errorf("more than %d names: the others are left out", namesTaken))
			break
		}
		found, err := t.refer(name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		to = append(to, found)
	}
	if len(to)+len(faults) == 0 {
		faults = append(faults, errors.New("it names no server"))
	}
	return to, errors.Join(faults...)
}

// refer finds what one name stands for: a server of Config's before any other.
func (t *target) refer(name string) (*target, error) {
	if len(name) > longestName {
		return nil, fmt.Errorf("a name of %d bytes is longer than %d", len(name), longestName)
	}
	from := t.referrer()
	other, err := from.Refer(name)
	listed := t.listed(from, name)
	switch {
	case listed != nil:
		other, err = listed, nil
	case err != nil:
		return nil, err
	case t.settings.Redirect != RedirectAny:
		return nil, fmt.Errorf("%s is not in Config.Servers, and Config.Redirect is not RedirectAny", other)
	}
	if same(other, from) {
		return nil, fmt.Errorf("%s names itself", other)
	}
	return &target{settings: t.settings, server: other, foreign: listed == nil}, nil
}

// referrer is what a reference is read from: the server as it was dialled. Whatever else BeforeConnect changed held for that
// attempt alone, and isn't for another server.
func (t *target) referrer() *netx.Server {
	if t.home == nil {
		return t.server
	}
	from := *t.home.server
	from.Scheme, from.Host, from.Port = t.server.Scheme, t.server.Host, t.server.Port
	return &from
}

// listed is the server of Config's that a name stands for, one of the same scheme as from first; never one that is less secure.
func (t *target) listed(from *netx.Server, name string) (found *netx.Server) {
	for _, server := range t.settings.servers {
		named, err := server.Refer(name)
		if err != nil || !same(named, server) || from.Secure() && !server.Secure() {
			continue
		}
		if found == nil || server.Scheme == from.Scheme && found.Scheme != from.Scheme {
			found = server
		}
	}
	return found
}

// same says that two URLs lead to one server.
func same(a, b *netx.Server) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) && a.Port == b.Port && a.Path == b.Path && a.Socket == b.Socket
}
