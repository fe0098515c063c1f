package netx

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	stagger       = 250 * time.Millisecond // between the begins of two attempts (RFC 8305 §8), unless Dialer.FallbackDelay says otherwise
	leastShare    = 2 * time.Second        // of the time, for each of several that are tried one by one
	mostAddresses = 64                     // of one name: what a name server writes isn't trusted
)

// everyAddress is a net.Dialer that tries the addresses of a name as RFC 8305 says, and whose error keeps what each of them said,
// where that of net.Dialer keeps the first reason alone. Each address is dialled by the net.Dialer, so that all of its fields count.
type everyAddress struct{ *net.Dialer }

// DialContext looks the host up, unless it is an address, and gives the first connection.
func (d everyAddress) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if _, literal := netip.ParseAddr(host); err != nil || literal == nil {
		return d.Dialer.DialContext(ctx, network, address)
	}
	ctx, done := d.bound(ctx)
	defer done()
	found, err := d.resolver().LookupIPAddr(ctx, host)
	if over := ctx.Err(); err == nil && over != nil { // the answer came in the same moment
		err = &net.DNSError{Err: over.Error(), Name: host, UnwrapErr: over, IsTimeout: errors.Is(over, context.DeadlineExceeded)}
	}
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	addresses := interleave(found)
	for i, ip := range addresses {
		addresses[i] = net.JoinHostPort(ip, port)
	}
	r := race{addresses: addresses, stagger: d.FallbackDelay}
	if r.stagger == 0 {
		r.stagger = stagger
	}
	return r.run(ctx, func(ctx context.Context, address string) (net.Conn, error) {
		return d.Dialer.DialContext(ctx, network, address)
	})
}

// bound is what the fields Timeout and Deadline say about the lookup and all addresses together.
func (d everyAddress) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	end := d.Deadline
	if d.Timeout > 0 {
		if by := time.Now().Add(d.Timeout); end.IsZero() || by.Before(end) {
			end = by
		}
	}
	if end.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end)
}

func (d everyAddress) resolver() *net.Resolver {
	if d.Resolver != nil {
		return d.Resolver
	}
	return net.DefaultResolver
}

// interleave puts the addresses of the two families in turn, that of the first one first, and keeps their order otherwise
// (RFC 8305 §4). The order is the resolver's, which is that of RFC 6724.
func interleave(found []net.IPAddr) []string {
	var families [2][]string // that of the first, and the other
	for _, a := range found {
		of := 0
		if (a.IP.To4() == nil) != (found[0].IP.To4() == nil) {
			of = 1
		}
		families[of] = append(families[of], a.String())
	}
	var mixed []string
	for i := range max(len(families[0]), len(families[1])) {
		for _, f := range families {
			if i < len(f) && len(mixed) < mostAddresses {
				mixed = append(mixed, f[i])
			}
		}
	}
	return mixed
}

// race tries addresses until one answers: the next one begins when one has failed, or when stagger has passed since the last one
// began. With a negative stagger one begins when the one before has failed, and each has its share of the time.
type race struct {
	addresses []string
	stagger   time.Duration

	// owned by run
	next    int // which address is next
	running int
	results chan reached
	reasons reasons
}

// reached is what came of an address.
type reached struct {
	at   int
	conn net.Conn
	err  error
}

// run gives the first connection, or all reasons. When it returns, nothing runs and no other connection is open.
func (r *race) run(ctx context.Context, dial func(context.Context, string) (net.Conn, error)) (net.Conn, error) {
	ctx, stop := context.WithCancel(ctx)
	r.results, r.reasons = make(chan reached, len(r.addresses)), make(reasons, len(r.addresses))
	var dials sync.WaitGroup
	pause := time.NewTimer(r.stagger)
	defer pause.Stop()
	begin := func() {
		if r.next == len(r.addresses) || ctx.Err() != nil {
			return
		}
		at := r.next
		mine, done := r.share(ctx)
		r.next, r.running = r.next+1, r.running+1
		dials.Go(func() {
			defer done()
			conn, err := dial(mine, r.addresses[at])
			r.results <- reached{at, conn, err}
		})
		pause.Reset(r.stagger)
	}
	conn := r.winner(begin, pause.C)
	stop()
	dials.Wait()
	r.closeRest()
	switch {
	case conn != nil:
		return conn, nil
	case r.next == 0: // ctx was over before the first
		return nil, context.Cause(ctx)
	}
	return nil, r.reasons.all()
}

// winner is the first connection; nil when there is none.
func (r *race) winner(begin func(), pause <-chan time.Time) net.Conn {
	if r.stagger < 0 {
		pause = nil
	}
	for begin(); r.running > 0; {
		select {
		case <-pause:
			begin()
		case got := <-r.results:
			r.running--
			if got.err == nil {
				return got.conn
			}
			r.reasons[got.at] = got.err
			begin()
		}
	}
	return nil
}

// closeRest closes what was reached too late.
func (r *race) closeRest() {
	for ; r.running > 0; r.running-- {
		if late := <-r.results; late.err == nil {
			late.conn.Close()
		}
	}
}

// share is the time of the address that is next.
func (r *race) share(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.stagger >= 0 {
		return ctx, func() {}
	}
	return share(ctx, len(r.addresses)-r.next)
}

// share is the part of ctx's time that belongs to one of several that are tried one by one.
func share(ctx context.Context, left int) (context.Context, context.CancelFunc) {
	end, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	part := max(time.Until(end)/time.Duration(left), leastShare)
	return context.WithTimeout(ctx, part)
}

// reasons are why several ways failed, nil for one that wasn't tried.
type reasons []error

// all is one error of them: the one that there is, or all, between semicolons.
func (r reasons) all() error {
	var tried reasons
	for _, err := range r {
		if err != nil {
			tried = append(tried, err)
		}
	}
	if len(tried) == 1 {
		return tried[0]
	}
	return tried
}

// Error gives all of them.
func (r reasons) Error() string {
	texts := make([]string, len(r))
	for i, err := range r {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap gives all of them.
func (r reasons) Unwrap() []error { return r }
