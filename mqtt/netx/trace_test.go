//go:build !js

package netx

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// nameless is a net.Dialer whose lookups fail at once.
func nameless() *net.Dialer {
	return &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server")
	}}}
}

// stepped is a step in words.
func stepped(s Step) string {
	switch {
	case s.Err != nil && !s.Done:
		return string(s.Stage) + " fails before it has ended"
	case s.Err != nil:
		return string(s.Stage) + " fails"
	case s.Done:
		return string(s.Stage) + " ends"
	}
	return string(s.Stage) + " begins"
}

func TestTrace(t *testing.T) {
	address := listen(t, func(net.Conn) {})
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	refuse := DialerFunc(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no") })
	for _, c := range []struct {
		name, url string
		dialer    Dialer
		want      []string
	}{
		{"B009 name", "mqtt://localhost:" + port, nil, []string{"dns begins", "dns ends", "tcp begins", "tcp ends"}},
		{"B034 address", "mqtt://" + address, nil, []string{"tcp begins", "tcp ends"}},
		{"B043 name left to a dialler", "mqtt://broker.example", to(address), []string{"tcp begins", "tcp ends"}},
		{"B014 name unknown", "mqtts://broker.example", nameless(), []string{"dns begins", "dns fails"}},
		{"B013 refused", "mqtts://broker.example", refuse, []string{"tcp begins", "tcp fails"}},
		{"B306 handshake fails", "mqtts://" + address, nil, []string{"tcp begins", "tcp ends", "tls begins", "tls fails"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			conn, err := Dial(t.Context(), server(t, c.url), Options{Dialer: c.dialer, Trace: func(s Step) {
				got = append(got, stepped(s))
			}})
			if err == nil {
				closing(t, conn)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestTraceOfHandshake(t *testing.T) {
	ca := newAuthority(t)
	address := listenTLS(t, ca, nil, echo)
	var got []Step
	conn, err := Dial(t.Context(), server(t, "mqtts://broker.example"), Options{
		Dialer: to(address), TLS: trusting(ca), Trace: func(s Step) { got = append(got, s) },
	})
	require.NoError(t, err)
	closing(t, conn)
	require.Equal(t, []Step{
		{Stage: StageTCP}, {Stage: StageTCP, Done: true}, {Stage: StageTLS}, {Stage: StageTLS, Done: true},
	}, got)
}
