package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// proxied finds out whether a proxy is on the way, and goes through it.
func proxied(ctx context.Context, p *patient) ([]finding, int) {
	chosen, err := p.chooseProxy()
	if err != nil {
		return []finding{found("proxy", fail, "%v", err)}, app.ExitNoServer
	}
	if chosen == "" {
		return nil, app.ExitOK
	}
	p.proxy = chosen
	shown := netx.Proxy{URL: chosen}.String()
	ctx, cancel := p.bound(ctx)
	defer cancel()
	begin := time.Now()
	conn, err := p.raw(ctx)
	if err == nil {
		conn.Close()
		return []finding{found("proxy", ok, "%s has opened the way to %s (%s)", shown, p.where(), took(time.Since(begin)))}, app.ExitOK
	}
	if refusal, isProxy := errors.AsType[*netx.ProxyError](err); isProxy && refusal.Status == http.StatusProxyAuthRequired {
		return []finding{found("proxy", fail, "%s wants a user name and a password: write them into --proxy", shown)}, app.ExitNoServer
	}
	return []finding{found("proxy", fail, "%s opens no way to %s: %s", shown, p.where(), cause(err))}, app.ExitNoServer
}

// chooseProxy is the proxy as the client chooses it.
func (p *patient) chooseProxy() (string, error) {
	given := p.cfg.Proxy.URL
	if p.at.Socket != "" || given == netx.ProxyNone || given == "" && !p.web() {
		return "", nil
	}
	if given != "" && given != netx.ProxyEnvironment {
		return given, nil
	}
	u := &url.URL{Scheme: "https", Host: p.at.Address()}
	if p.at.Scheme == "ws" {
		u.Scheme = "http"
	}
	found, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	if err != nil || found == nil {
		return "", err
	}
	return found.String(), nil
}

// resolved looks the host up.
func resolved(ctx context.Context, p *patient) ([]finding, int) {
	if p.at.Socket != "" || p.proxy != "" {
		return nil, app.ExitOK
	}
	if _, err := netip.ParseAddr(p.at.Host); err == nil {
		return nil, app.ExitOK
	}
	ctx, cancel := p.bound(ctx)
	defer cancel()
	begin := time.Now()
	addresses, err := p.names.LookupIPAddr(ctx, p.at.Host)
	if err != nil {
		return []finding{found("dns", fail, "%s", lookupFailure(p.at.Host, err))}, app.ExitNoServer
	}
	var names []string
	for _, a := range addresses {
		names = append(names, a.String())
	}
	time := time.Since(begin)
	return []finding{found("dns", ok, "%s is %s (%s)", p.at.Host, strings.Join(names, ", "), took(time)).
		with("addresses", names).with("ms", millis(time))}, app.ExitOK
}

func lookupFailure(host string, err error) string {
	dns, _ := errors.AsType[*net.DNSError](err)
	switch {
	case dns != nil && dns.IsNotFound:
		return fmt.Sprintf("there is no host %q: check its spelling, or whether this network's name server knows it", host)
	case dns != nil && dns.IsTimeout, errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("the name server doesn't answer for %q: check this machine's network", host)
	}
	return fmt.Sprintf("looking up %q: %v", host, err)
}

// reached opens a connection to each address.
func reached(ctx context.Context, p *patient) (all []finding, code int) {
	if p.proxy != "" {
		return nil, app.ExitOK
	}
	network, targets := "tcp", []string{p.at.Address()}
	if p.at.Socket != "" {
		network = "unix"
	} else if found, err := p.names.LookupIPAddr(ctx, p.at.Host); err == nil {
		targets = targets[:0]
		for _, a := range found {
			targets = append(targets, net.JoinHostPort(a.String(), p.at.Port))
		}
	}
	code = app.ExitNoServer
	bad := warn // while another address works
	for _, target := range targets {
		time, err := knock(ctx, p, network, target)
		if err == nil {
			code = app.ExitOK
			all = append(all, found(network, ok, "%s is open (%s)", target, took(time)).with("address", target).with("ms", millis(time)))
			continue
		}
		all = append(all, found(network, bad, "%s: %s", target, meaning(err)).with("address", target))
	}
	if code != app.ExitOK {
		for i := range all {
			all[i].Status = fail
		}
	}
	return all, code
}

func knock(ctx context.Context, p *patient, network, target string) (time.Duration, error) {
	ctx, cancel := p.bound(ctx)
	defer cancel()
	begin := time.Now()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, target)
	if err != nil {
		return 0, err
	}
	conn.Close()
	return time.Since(begin), nil
}

// meaning says what an error of connecting means.
func meaning(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused: the host is there, and nothing listens on that port; check the port, and that the server runs"
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return "no answer: the host is off, or a firewall drops what comes to that port"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset: something on the way, as a firewall, ends the connection"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no way there from this machine: check its network, a VPN, and IPv6 if that is an address of it"
	case errors.Is(err, os.ErrNotExist):
		return "there is no such file: check the path, and that the server runs"
	case errors.Is(err, os.ErrPermission):
		return "this user may not use it"
	}
	return cause(err)
}

// cause is the innermost text of an error that says enough.
func cause(err error) string {
	if d, isDial := errors.AsType[*netx.DialError](err); isDial {
		err = d.Err
	}
	return err.Error()
}
