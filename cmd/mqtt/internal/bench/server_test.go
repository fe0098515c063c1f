package bench

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// ownRun is a run of a work against the server that calibrates.
func ownRun(t *testing.T, o options, v mqtt.Version) *summary {
	t.Helper()
	a := &app.App{Stdout: os.Stdout, Stderr: os.Stderr, Drain: time.Minute}
	server, err := startServer(a, o.work == "sub", "a/b", o.qos)
	require.NoError(t, err)
	defer server.stop()
	o.run = 7
	b := &bench{options: &o, app: a, cfg: mqtt.Config{Servers: []string{server.url()}, Version: v}, live: newLive(a, o.work, false)}
	b.live.quiet = true
	for _, k := range works {
		if k.name == o.work {
			b.kind = k
		}
	}
	f, err := b.measure(t.Context())
	require.NoError(t, err)
	return f
}

func TestTheServerHandsOnAllInOrder(t *testing.T) {
	for _, v := range []mqtt.Version{mqtt.V311, mqtt.V5} {
		for qos := range 3 {
			t.Run(fmt.Sprintf("%v QoS %d", v, qos), func(t *testing.T) {
				f := ownRun(t, options{work: "e2e", qos: qos, size: 100, topic: "a/%c/b", clients: 2, subscribers: 2, count: 3000, saturate: true}, v)
				require.Equal(t, counts{Offered: 3000, Acknowledged: 3000, Received: 6000}, f.counts)
				require.Equal(t, int64(6000), f.Latency.Count)
			})
		}
	}
}

func TestTheServerSendsBackAndFloods(t *testing.T) {
	f := ownRun(t, options{work: "rtt", qos: 2, size: 64, topic: "a/%c", clients: 2, count: 300}, mqtt.V5)
	require.Equal(t, counts{Offered: 300, Acknowledged: 300, Received: 300}, f.counts)
	f = ownRun(t, options{work: "sub", qos: 1, topic: "a/b", clients: 2, count: 3000}, mqtt.V311)
	require.Equal(t, int64(3000), f.Received)
	require.Zero(t, f.Lost+f.Duplicated+f.Reordered+f.Foreign)
}

func TestMessagesThatAreLargerThanMostComeBack(t *testing.T) {
	var cfg mqtt.Config
	(&options{work: "pub", size: 100_000_000}).room(&cfg)
	require.Greater(t, cfg.Outbox.Bytes, 100_000_000)
	for _, work := range []string{"e2e", "rtt"} {
		for qos := range 2 {
			f := ownRun(t, options{work: work, qos: qos, size: 3 << 20, topic: "a", clients: 1, subscribers: 1, count: 2, saturate: true}, mqtt.V5)
			require.Equal(t, counts{Offered: 2, Acknowledged: 2, Received: 2}, f.counts)
		}
	}
}

// full is a listener that can't let the first ones in.
type full struct {
	net.Listener
	times int
}

func (l *full) Accept() (net.Conn, error) {
	if l.times--; l.times >= 0 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

func TestTheServerGoesOnWithoutRoom(t *testing.T) {
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	defer stderr.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := serve(&app.App{Stderr: stderr}, &full{l, 2}, false, "a", 0)
	defer server.stop()
	client, err := mqtt.Connect(t.Context(), server.url(), mqtt.Config{})
	require.NoError(t, err)
	require.NoError(t, client.Close(t.Context()))
	said, err := os.ReadFile(stderr.Name())
	require.NoError(t, err)
	require.Equal(t, "mqtt: nobody more can come in to "+l.Addr().String()+" until somebody leaves: accept: accept4: too many open files\n", string(said))
}
