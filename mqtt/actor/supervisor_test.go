package actor

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// office is where a supervisor works: the test stands in for the tracker, which takes its news one by one, and for the
// server.
type office struct {
	*testing.T
	news   <-chan question
	orders chan<- *order
	dialed <-chan net.Conn // the server's ends
}

// stand is a server that only has a name, and maybe a way to it.
type stand struct {
	name string
	dial func() (net.Conn, error)
}

func host(name string, dial func() (net.Conn, error)) Server { return stand{name, dial} }

func (s stand) Name() string                                               { return s.name }
func (s stand) Dial(context.Context, int, codec.Version) (net.Conn, error) { return s.dial() }
func (s stand) Credentials(*codec.Connect)                                 {}
func (s stand) Warning() *Record                                           { return nil }
func (s stand) Refer(string) ([]Server, error)                             { return nil, nil }

var errNoWay = errors.New("no way")

// supervise runs a supervisor in a bubble. refuse says whether the n-th dial, from 1, fails.
func supervise(t *testing.T, retryFirst bool, refuse func(n int) bool, f func(o *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		news, inbound, orders, dialed := make(chan question), make(chan inquiry), make(chan *order, 2), make(chan net.Conn, 100)
		dials := 0
		cfg := &Config{
			Version: codec.V5, MinVersion: codec.V5, RetryFirst: retryFirst, Session: SessionClient,
			Connect:        codec.Connect{ClientID: "c", Properties: &codec.ConnectProperties{}},
			ConnectTimeout: time.Minute, WriteTimeout: time.Minute, Stable: time.Minute, ReceiveMaximum: 10, MaxPacketSize: 1000,
			Delay: func(int, error) (time.Duration, bool) { return time.Second, true },
		}
		cfg.Servers = []Server{host("server", func() (net.Conn, error) {
			if dials++; refuse(dials) {
				return nil, errNoWay
			}
			ours, theirs := net.Pipe()
			dialed <- theirs
			return ours, nil
		})}
		s := &supervisor{cfg: cfg, asks: news, inbound: inbound, orders: orders}
		ctx, stop := context.WithCancelCause(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- lasting(ctx, s) }()
		go func() { // a dispatcher that holds nothing
			for {
				select {
				case n := <-inbound:
					if q, ok := n.(census); ok {
						q.reply <- 0
					}
				case <-ctx.Done():
					return
				}
			}
		}()
		f(&office{t, news, orders, dialed})
		stop(ErrClosed)
		require.ErrorIs(t, <-ended, ErrClosed)
	})
}

// heard is the supervisor's next word, which has to be an N.
func heard[N any](o *office) N {
	o.Helper()
	n := (<-o.news).(news).what
	found, ok := n.(N)
	require.True(o, ok, "%T: %+v", n, n)
	return found
}

// silent fails the test when the supervisor says anything within an hour.
func (o *office) silent() {
	o.Helper()
	select {
	case n := <-o.news:
		o.Fatalf("%T: %+v", n, n)
	case <-time.After(time.Hour):
	}
}

// answer lets the server answer the attempt that was dialled last with a CONNACK, and read on.
func (o *office) answer(code codec.ReasonCode) net.Conn {
	o.Helper()
	conn := <-o.dialed
	_, err := conn.Read(make([]byte, 512))
	require.NoError(o, err)
	_, err = conn.Write([]byte{0x20, 3, 0, byte(code), 0})
	require.NoError(o, err)
	go io.Copy(io.Discard, conn)
	o.Cleanup(func() { conn.Close() })
	return conn
}

func never(int) bool  { return false }
func always(int) bool { return true }

func TestAConnectionThatWasAbandoned(t *testing.T) {
	t.Run("a Connect after it fails like a first one", func(t *testing.T) {
		supervise(t, false, func(n int) bool { return n > 1 }, func(o *office) {
			o.orders <- &order{wish: wish{n: 1, on: true}}
			heard[attempting](o)
			conn := o.answer(0)
			heard[linkUp](o).wire.why <- errAbandoned // its caller had gone: the tracker ends it
			conn.Close()
			require.ErrorIs(o, heard[linkDown](o).why, errAbandoned)
			require.Equal(o, failed{errAbandoned, 1}, heard[failed](o))
			o.orders <- &order{wish: wish{n: 2, on: true}}
			heard[attempting](o)
			require.ErrorIs(o, heard[missed](o).err, errNoWay)
			f := heard[failed](o)
			require.EqualValues(o, 2, f.wish)
			require.ErrorIs(o, f.err, errNoWay)
			o.silent()
		})
	})
	t.Run("a refusal for good after it ends that Connect, not the client", func(t *testing.T) {
		supervise(t, false, never, func(o *office) {
			o.orders <- &order{wish: wish{n: 1, on: true}}
			heard[attempting](o)
			conn := o.answer(0)
			heard[linkUp](o).wire.why <- errAbandoned
			conn.Close()
			heard[linkDown](o)
			heard[failed](o)
			o.orders <- &order{wish: wish{n: 2, on: true}}
			heard[attempting](o)
			o.answer(codec.NotAuthorized)
			heard[missed](o)
			require.ErrorIs(o, heard[failed](o).err, codec.NotAuthorized)
			o.orders <- &order{wish: wish{n: 3, on: true}}
			heard[attempting](o)
			o.answer(0)
			heard[linkUp](o)
		})
	})
	t.Run("a Connect after it that is given up goes on with nothing", func(t *testing.T) {
		supervise(t, true, never, func(o *office) {
			o.orders <- &order{wish: wish{n: 1, on: true}}
			heard[attempting](o)
			conn := o.answer(0)
			heard[linkUp](o).wire.why <- errAbandoned
			conn.Close()
			heard[linkDown](o)
			heard[failed](o)
			o.orders <- &order{wish: wish{n: 2, on: true}}
			heard[attempting](o)
			o.orders <- &order{wish: wish{n: 2}}
			require.Equal(o, failed{errAbandoned, 2}, heard[failed](o))
			o.silent()
		})
	})
	t.Run("it ends for good although the server was quicker than the tracker", func(t *testing.T) {
		supervise(t, false, never, func(o *office) {
			o.orders <- &order{wish: wish{n: 1, on: true}}
			heard[attempting](o)
			conn := o.answer(0)
			wire := heard[linkUp](o).wire
			conn.Close()
			synctest.Wait() // until the supervisor waits to tell it
			wire.why <- errAbandoned
			heard[linkDown](o)
			require.Equal(o, failed{errAbandoned, 1}, heard[failed](o))
			o.silent()
		})
	})
	t.Run("a Connect while it ends begins behind it", func(t *testing.T) {
		supervise(t, false, never, func(o *office) {
			o.orders <- &order{wish: wish{n: 1, on: true}}
			heard[attempting](o)
			conn := o.answer(0)
			heard[linkUp](o).wire.why <- errAbandoned
			o.orders <- &order{wish: wish{n: 2, on: true}}
			synctest.Wait()
			conn.Close()
			heard[linkDown](o)
			heard[attempting](o)
			o.answer(0)
			heard[linkUp](o)
			o.silent()
		})
	})
	t.Run("and one that is given up again doesn't", func(t *testing.T) {
		supervise(t, false, never, func(o *office) {
			o.orders <- &order{wish: wish{n: 1, on: true}}
			heard[attempting](o)
			conn := o.answer(0)
			heard[linkUp](o).wire.why <- errAbandoned
			o.orders <- &order{wish: wish{n: 2, on: true}}
			synctest.Wait()
			o.orders <- &order{wish: wish{n: 2}}
			synctest.Wait()
			conn.Close()
			heard[linkDown](o)
			require.Equal(o, failed{errAbandoned, 2}, heard[failed](o))
			o.silent()
		})
	})
}

func TestConnectGivenUp(t *testing.T) {
	t.Run("while it waits for the next attempt", func(t *testing.T) {
		supervise(t, true, always, func(o *office) {
			o.orders <- &order{wish: wish{n: 1, on: true}}
			heard[attempting](o)
			heard[missed](o)
			heard[retrying](o)
			o.orders <- &order{wish: wish{n: 1}}
			require.Equal(o, failed{errAbandoned, 1}, heard[failed](o))
			o.silent()
		})
	})
	t.Run("before the supervisor heard of it", func(t *testing.T) {
		supervise(t, true, always, func(o *office) {
			o.orders <- &order{wish: wish{n: 1}} // took the place of wish{n: 1, on: true}
			require.Equal(o, failed{errAbandoned, 1}, heard[failed](o))
			o.silent()
		})
	})
	t.Run("and called again before the supervisor heard of either: an attempt of its own", func(t *testing.T) {
		supervise(t, false, never, func(o *office) {
			o.orders <- &order{wish: wish{n: 1, on: true}}
			heard[attempting](o)
			synctest.Wait()
			<-o.dialed // it is given up: as it fails, that is no failure of the second Connect's
			o.orders <- &order{wish: wish{n: 2, on: true, anew: true}}
			heard[attempting](o)
			o.answer(0)
			heard[linkUp](o)
			o.silent()
		})
	})
	t.Run("and called again when the server had accepted: the connection serves the later one", func(t *testing.T) {
		supervise(t, false, never, func(o *office) {
			o.orders <- &order{wish: wish{n: 1, on: true}}
			heard[attempting](o)
			o.answer(0)
			up := heard[linkUp](o)
			o.orders <- &order{wish: wish{n: 2, on: true, anew: true}}
			o.silent()
			up.wire.why <- errReconnect // it isn't taken for abandoned
			up.wire.cut <- struct{}{}
			require.ErrorIs(o, heard[linkDown](o).why, errReconnect)
			heard[retrying](o)
			heard[attempting](o)
		})
	})
	t.Run("and called again while it waits: an attempt at once", func(t *testing.T) {
		supervise(t, true, always, func(o *office) {
			o.orders <- &order{wish: wish{n: 1, on: true}}
			heard[attempting](o)
			heard[missed](o)
			heard[retrying](o)
			start := time.Now()
			o.orders <- &order{wish: wish{n: 2, on: true, anew: true}}
			require.Equal(o, failed{errAbandoned, 1}, heard[failed](o))
			heard[attempting](o)
			require.Zero(o, time.Since(start))
			heard[missed](o)
			require.Equal(o, 2, heard[retrying](o).attempt)
		})
	})
	t.Run("a failure that belongs to it doesn't end a later one", func(t *testing.T) {
		reply := make(chan error, 1)
		desk := &tracker{cfg: &Config{Tell: func(any) {}}}
		desk.state, desk.connect, desk.connects = StateConnecting, reply, 2
		desk.failed(failed{errNoWay, 1})
		require.Equal(t, StateConnecting, desk.state)
		require.Empty(t, reply)
		desk.failed(failed{errNoWay, 2})
		require.Equal(t, StateIdle, desk.state)
		require.ErrorIs(t, <-reply, errNoWay)
	})
	t.Run("what was not heard is one order: the later wish takes the place of the earlier one", func(t *testing.T) {
		slot := make(chan *order, 1)
		o := orders{to: slot, unheard: slot}
		o.give(order{wish: wish{n: 1, on: true}})
		o.give(order{wish: wish{n: 1}})
		require.Equal(t, &order{wish: wish{n: 1}}, <-slot)
		o.give(order{wish: wish{n: 1}})
		o.give(order{wish: wish{n: 2, on: true}})
		o.give(order{wish: wish{n: 2}})
		o.give(order{wish: wish{n: 3, on: true}})
		o.give(order{reconnect: true})
		require.Equal(t, &order{wish: wish{n: 3, on: true, anew: true}, reconnect: true}, <-slot)
		o.give(order{reconnect: true})
		o.give(order{wish: wish{n: 2, on: true}})
		o.give(order{end: ErrClosed})
		require.Equal(t, &order{wish{n: 2, on: true}, true, ErrClosed}, <-slot)
		o.give(order{end: ErrClosed})
		o.give(order{reconnect: true})
		require.Equal(t, &order{reconnect: true, end: ErrClosed}, <-slot)
		require.Empty(t, slot)
	})
}
