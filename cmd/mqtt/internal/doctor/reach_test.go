package doctor

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// zone is what a name server knows: services of a domain.
type zone map[string][]*net.SRV

func (z zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	records, there := z["_"+service+"._"+proto+"."+name]
	if !there {
		return "", nil, errors.New("no such host")
	}
	return "", records, nil
}

func (zone) LookupIPAddr(context.Context, string) ([]net.IPAddr, error) {
	return []net.IPAddr{{IP: net.IPv6loopback}}, nil
}

// patientAt is one with a URL, before the first step.
func patientAt(t *testing.T, url string, cfg mqtt.Config) *patient {
	at, err := netx.Parse(url)
	require.NoError(t, err)
	return &patient{url: url, at: at, cfg: cfg, limit: time.Minute, names: zone{
		"_mqtt._tcp.example.org":        {{Target: "a.example.org.", Port: 1884}, {Target: "b.example.org.", Port: 1885}},
		"_secure-mqtt._tcp.example.org": {{Target: "."}},
	}}
}

func TestADomainNamesItsServers(t *testing.T) {
	p := patientAt(t, "mqtt+srv://example.org", mqtt.Config{})
	all, code := named(t.Context(), p)
	require.Zero(t, code)
	require.Contains(t, all[0].Text, "example.org names a.example.org:1884, b.example.org:1885; the first is looked at")
	require.Equal(t, "a.example.org:1884", p.where(), "which a proxy is asked for, too")
	all, code = resolved(t.Context(), p)
	require.Zero(t, code)
	require.Contains(t, all[0].Text, "a.example.org is ::1")

	for url, says := range map[string]string{
		"mqtts+srv://example.org": "says by its record _secure-mqtt._tcp that it has no such server: give a host and a port",
		"mqtt+srv://example.net":  "has no record _mqtt._tcp, which names its servers: give a host and a port (no such host)",
	} {
		all, code = named(t.Context(), patientAt(t, url, mqtt.Config{}))
		require.Equal(t, 3, code)
		require.Contains(t, all[0].Text, says)
	}
}

func TestAPasswordInTheOpenHasItsURLWithTLS(t *testing.T) {
	for url, secure := range map[string]string{
		"mqtt://h.example":           "mqtts://h.example:8883",
		"mqtt://h.example:1234":      "mqtts://h.example:1234",
		"mqtt://me:pw@[2001:db8::1]": "mqtts://[2001:db8::1]:8883",
		"ws://h.example/mqtt":        "wss://h.example:443/mqtt",
		"mqtt+srv://example.org":     "mqtts+srv://example.org",
	} {
		all, _ := described(t.Context(), patientAt(t, url, mqtt.Config{Username: "me", Password: []byte("pw")}))
		require.Len(t, all, 2, url)
		require.Equal(t, warn, all[1].Status)
		require.Contains(t, all[1].Text, "use "+secure)
	}
	for _, url := range []string{"mqtt://localhost", "mqtt://[::1]", "mqtts://h.example", "mqtt+unix:///run/mqtt"} {
		all, _ := described(t.Context(), patientAt(t, url, mqtt.Config{Username: "me", Password: []byte("pw")}))
		require.Len(t, all, 1, url)
	}
}

func TestURLsThatAreAdvisedCanBeGiven(t *testing.T) {
	for url, other := range map[string]string{
		"mqtt://h.example:1":                 "wss://h.example:1/mqtt",
		"mqtt://[::1]:1":                     "wss://[::1]:1/mqtt",
		"mqtt://[fe80::1%25eth0]:1":          "wss://[fe80::1%25eth0]:1/mqtt",
		"mqtt+unix:///run/with%20space.sock": "wss+unix:///run/with%20space.sock:/mqtt",
	} {
		got := patientAt(t, url, mqtt.Config{}).as("wss", "/mqtt")
		require.Equal(t, other, got)
		_, err := netx.Parse(got)
		require.NoError(t, err)
	}
}
