package main_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// keeper is a strict server on TCP that keeps sessions, also while it is down.
type keeper struct {
	*mqtttest.Broker
	t       testing.TB
	url     string
	address string
	stop    func() // as a kill would; keeper.start starts it again
}

// newKeeper starts one. At the test's end it must have seen nothing that breaks a rule of MQTT.
func newKeeper(t testing.TB, cfg mqtttest.BrokerConfig) *keeper {
	t.Helper()
	k := &keeper{Broker: mqtttest.NewBroker(cfg), t: t, address: "127.0.0.1:0"}
	k.start()
	k.url = "mqtt://" + k.address
	t.Cleanup(func() {
		k.stop()
		k.Close()
		require.Empty(t, k.Violations())
	})
	return k
}

func (k *keeper) start() {
	k.t.Helper()
	l := listenAgain(k.t, k.address)
	k.address = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { k.join(ctx, c) })
		}
	})
	k.stop = sync.OnceFunc(func() {
		cancel()
		l.Close()
		all.Wait()
	})
}

// listenAgain listens where somebody listened before. A client that dialled meanwhile can have got that port as its own.
func listenAgain(t testing.TB, address string) net.Listener {
	t.Helper()
	end := time.Now().Add(patience)
	for {
		l, err := net.Listen("tcp", address)
		if err == nil {
			return l
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
}

// join carries bytes between a connection and the broker until either end closes.
func (k *keeper) join(ctx context.Context, c net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b, err := k.DialContext(ctx, "tcp", k.address)
	if err != nil {
		c.Close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { defer cancel(); io.Copy(b, c) })
	both.Go(func() { defer cancel(); io.Copy(c, b) })
	<-ctx.Done()
	c.Close()
	b.Close()
	both.Wait()
}

// await waits until the server has seen enough.
func (k *keeper) await(enough func(mqtttest.BrokerStats) bool) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), patience)
	defer cancel()
	require.NoError(k.t, k.Await(ctx, enough), "%+v", k.Stats())
}
