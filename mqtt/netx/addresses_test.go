//go:build !js

package netx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestB068AddressesOfTwoFamiliesAreInTurn(t *testing.T) { // RFC 8305 §4
	for _, c := range []struct{ found, want []string }{
		{[]string{"10.0.0.1"}, []string{"10.0.0.1"}},
		{[]string{"::1", "::2", "10.0.0.1", "10.0.0.2"}, []string{"::1", "10.0.0.1", "::2", "10.0.0.2"}},
		{[]string{"10.0.0.1", "::1", "::2", "::3"}, []string{"10.0.0.1", "::1", "::2", "::3"}},
		{[]string{"10.0.0.1", "10.0.0.2", "::ffff:10.0.0.3"}, []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}},
	} {
		var found []net.IPAddr
		for _, a := range c.found {
			found = append(found, net.IPAddr{IP: net.ParseIP(a)})
		}
		require.Equal(t, c.want, interleave(found))
	}
	require.Equal(t, []string{"fe80::1%eth0"}, interleave([]net.IPAddr{{IP: net.ParseIP("fe80::1"), Zone: "eth0"}}))
	require.Len(t, interleave(make([]net.IPAddr, 4000)), mostAddresses)
}

// ground is where a race takes place: what each address does, and when it was dialled.
type ground struct {
	*testing.T
	mu    sync.Mutex
	dials []string
	conns []*spy
	start time.Time
	plan  map[string]func(ctx context.Context) error
}

func (g *ground) dial(ctx context.Context, address string) (net.Conn, error) {
	g.mu.Lock()
	g.dials = append(g.dials, fmt.Sprintf("%s %v", address, time.Since(g.start)))
	g.mu.Unlock()
	if err := g.plan[address](ctx); err != nil {
		return nil, err
	}
	near, far := net.Pipe()
	far.Close()
	conn := &spy{Conn: near}
	g.mu.Lock()
	g.conns = append(g.conns, conn)
	g.mu.Unlock()
	return conn, nil
}

func racing(t *testing.T, name string, stagger time.Duration, plan map[string]func(context.Context) error, f func(g *ground, run func(context.Context) (net.Conn, error))) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := &ground{T: t, start: time.Now(), plan: plan}
			var addresses []string
			for a := range plan {
				addresses = append(addresses, a)
			}
			slices.Sort(addresses)
			f(g, func(ctx context.Context) (net.Conn, error) {
				r := race{addresses: addresses, stagger: stagger}
				return r.run(ctx, g.dial)
			})
		})
	})
}

var errFirst, errSecond = errors.New("first"), errors.New("second")

func fails(err error) func(context.Context) error { return func(context.Context) error { return err } }

func answersAfter(d time.Duration) func(context.Context) error {
	return func(context.Context) error { // deaf to its context, as a connection that comes in the same moment is
		time.Sleep(d)
		return nil
	}
}

func silent(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

type plan = map[string]func(context.Context) error

func TestB068RaceOfAddresses(t *testing.T) {
	racing(t, "one that fails is followed at once", stagger, plan{"a": fails(errFirst), "b": fails(errSecond), "c": answersAfter(0)},
		func(g *ground, run func(context.Context) (net.Conn, error)) {
			conn, err := run(g.Context())
			require.NoError(g, err)
			require.False(g, conn.(*spy).closed)
			require.Equal(g, []string{"a 0s", "b 0s", "c 0s"}, g.dials)
		})
	racing(t, "one that is silent is followed after a quarter of a second, and ended by the winner", stagger, plan{"a": silent, "b": silent, "c": answersAfter(time.Second)},
		func(g *ground, run func(context.Context) (net.Conn, error)) {
			_, err := run(g.Context())
			require.NoError(g, err)
			require.Equal(g, []string{"a 0s", "b 250ms", "c 500ms"}, g.dials)
			require.Equal(g, 1500*time.Millisecond, time.Since(g.start))
		})
	racing(t, "one that was slow may still win", stagger, plan{"a": answersAfter(time.Second), "b": silent, "c": silent},
		func(g *ground, run func(context.Context) (net.Conn, error)) {
			_, err := run(g.Context())
			require.NoError(g, err)
			require.Equal(g, time.Second, time.Since(g.start))
		})
	racing(t, "what comes after the winner is closed", stagger, plan{"a": answersAfter(time.Second), "b": answersAfter(0)},
		func(g *ground, run func(context.Context) (net.Conn, error)) {
			conn, err := run(g.Context())
			require.NoError(g, err)
			require.Len(g, g.conns, 2)
			for _, c := range g.conns {
				require.Equal(g, c != conn, c.closed)
			}
		})
	racing(t, "the reason of each is kept", stagger, plan{"a": fails(errFirst), "b": fails(errSecond)},
		func(g *ground, run func(context.Context) (net.Conn, error)) {
			_, err := run(g.Context())
			require.ErrorIs(g, err, errFirst)
			require.ErrorIs(g, err, errSecond)
			require.EqualError(g, err, "first; second")
		})
	racing(t, "a single reason is itself", stagger, plan{"a": fails(errFirst)},
		func(g *ground, run func(context.Context) (net.Conn, error)) {
			_, err := run(g.Context())
			require.Equal(g, errFirst, err)
		})
	racing(t, "the end of its context ends all, and begins none", stagger, plan{"a": silent, "b": silent, "c": silent},
		func(g *ground, run func(context.Context) (net.Conn, error)) {
			ctx, stop := context.WithTimeout(g.Context(), 300*time.Millisecond)
			defer stop()
			_, err := run(ctx)
			require.ErrorIs(g, err, context.DeadlineExceeded)
			require.Equal(g, 300*time.Millisecond, time.Since(g.start))
			require.Equal(g, []string{"a 0s", "b 250ms"}, g.dials)
		})
	racing(t, "a negative FallbackDelay: one by one, each with its share of the time", -1, plan{"a": silent, "b": silent, "c": silent},
		func(g *ground, run func(context.Context) (net.Conn, error)) {
			ctx, stop := context.WithTimeout(g.Context(), 30*time.Second)
			defer stop()
			_, err := run(ctx)
			require.ErrorIs(g, err, context.DeadlineExceeded)
			require.Equal(g, []string{"a 0s", "b 10s", "c 20s"}, g.dials)
		})
	racing(t, "a share is two seconds at least", -1, plan{"a": silent, "b": silent, "c": silent},
		func(g *ground, run func(context.Context) (net.Conn, error)) {
			ctx, stop := context.WithTimeout(g.Context(), 3*time.Second)
			defer stop()
			_, err := run(ctx)
			require.Error(g, err)
			require.Equal(g, []string{"a 0s", "b 2s"}, g.dials)
		})
}

func TestB068NetDialerTriesEachAddress(t *testing.T) {
	z := zone{hosts: map[string][]string{"broker.example": {"127.0.0.2", "127.0.0.3"}}}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	require.NoError(t, l.Close())
	s := server(t, "mqtt://u:hush@broker.example:"+port)

	t.Run("B013 all refuse: the error has each", func(t *testing.T) {
		_, err := Dial(t.Context(), s, Options{Dialer: z.dialer()})
		requireDialError(t, err, StageTCP)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.ErrorContains(t, err, "127.0.0.2:"+port)
		require.ErrorContains(t, err, "127.0.0.3:"+port)
	})
	t.Run("Control is asked about each", func(t *testing.T) {
		d := z.dialer()
		refusals := map[string]error{"127.0.0.2:" + port: errFirst, "127.0.0.3:" + port: errSecond}
		d.Control = func(_, address string, _ syscall.RawConn) error { return refusals[address] }
		_, err := Dial(t.Context(), s, Options{Dialer: d})
		require.ErrorIs(t, err, errFirst)
		require.ErrorIs(t, err, errSecond)
	})
	t.Run("LocalAddr is that of each", func(t *testing.T) {
		address := listen(t, echo)
		_, port, _ := net.SplitHostPort(address)
		z := zone{hosts: map[string][]string{"broker.example": {"::1", "127.0.0.1"}}}
		d := z.dialer()
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}
		conn, err := Dial(t.Context(), server(t, "mqtt://broker.example:"+port), Options{Dialer: d})
		require.NoError(t, err)
		closing(t, conn)
		require.Equal(t, "127.0.0.9", conn.LocalAddr().(*net.TCPAddr).IP.String())
	})
	t.Run("Timeout and Deadline bound the lookup and all of them", func(t *testing.T) {
		for _, set := range []func(*net.Dialer){
			func(d *net.Dialer) { d.Timeout = time.Second },
			func(d *net.Dialer) { d.Timeout, d.Deadline = time.Hour, time.Now().Add(time.Second) },
			func(d *net.Dialer) { d.Deadline = time.Now().Add(time.Second) },
		} {
			d := new(net.Dialer)
			set(d)
			ctx, done := everyAddress{d}.bound(t.Context())
			end, bounded := ctx.Deadline()
			done()
			require.True(t, bounded)
			require.WithinDuration(t, time.Now().Add(time.Second), end, 500*time.Millisecond)
		}
		d := z.dialer()
		d.Deadline = time.Unix(1, 0)
		_, err := Dial(t.Context(), s, Options{Dialer: d})
		requireDialError(t, err, StageDNS)
		failed, _ := errors.AsType[net.Error](err)
		require.True(t, failed.Timeout())
		require.NotErrorIs(t, err, context.Canceled)
	})
}
