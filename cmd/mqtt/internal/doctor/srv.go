package doctor

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// resolver looks names up.
type resolver interface {
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// named looks up the servers of a domain, also where a proxy is on the way. The steps that follow look at the first.
func named(ctx context.Context, p *patient) ([]finding, int) {
	if !strings.HasSuffix(p.at.Scheme, "+srv") {
		return nil, app.ExitOK
	}
	ctx, cancel := p.bound(ctx)
	defer cancel()
	service, domain := "mqtt", p.at.Host
	if p.at.Secure() {
		service = "secure-mqtt"
	}
	_, records, err := p.names.LookupSRV(ctx, service, "tcp", domain)
	if len(records) == 0 || records[0].Target == "." {
		return []finding{found("dns", fail, "%s", noServers(domain, service, err))}, app.ExitNoServer
	}
	var all []string
	for _, r := range records {
		all = append(all, net.JoinHostPort(strings.TrimSuffix(r.Target, "."), strconv.Itoa(int(r.Port))))
	}
	at := *p.at
	at.Scheme = strings.TrimSuffix(at.Scheme, "+srv")
	at.Host, at.Port = strings.TrimSuffix(records[0].Target, "."), strconv.Itoa(int(records[0].Port))
	p.at, p.domain = &at, domain
	return []finding{found("dns", ok, "%s names %s; the first is looked at", domain, strings.Join(all, ", ")).with("servers", all)}, app.ExitOK
}

func noServers(domain, service string, err error) string {
	if err == nil {
		return fmt.Sprintf("%s says by its record _%s._tcp that it has no such server: give a host and a port", domain, service)
	}
	return fmt.Sprintf("%s has no record _%s._tcp, which names its servers: give a host and a port (%v)", domain, service, err)
}
