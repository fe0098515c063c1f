package sub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// desk is the command's receiving beside a scripted server, in a bubble.
type desk struct {
	*testing.T
	conn   *mqtttest.Conn
	client *mqtt.Client
	ended  chan error
}

// written is where it writes: a batch at a time, each when the test lets it.
type written struct {
	strings.Builder
	ready <-chan error // a batch is written for nil, and fails for an error
}

func (w *written) Write(b []byte) (int, error) {
	if err := <-w.ready; err != nil {
		return 0, err
	}
	return w.Builder.Write(b)
}

// open connects, subscribes to all and receives.
func open(t *testing.T, s *settings, out io.Writer) *desk {
	t.Helper()
	d := openIn(t.Context(), t, s, out)
	d.subscribe()
	return d
}

// subscribe answers the SUBSCRIBE.
func (d *desk) subscribe() {
	d.Helper()
	ask := mqtttest.Expect[*codec.Subscribe](d, d.conn)
	require.NoError(d, d.conn.Send(&codec.SubAck{PacketID: ask.PacketID, Codes: []codec.ReasonCode{codec.ReasonCode(codec.ExactlyOnce)}}))
}

// openIn is open, before the subscription has its answer. ctx is the command's.
func openIn(ctx context.Context, t *testing.T, s *settings, out io.Writer) *desk {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { null.Close() })
	s.app = &app.App{Stdout: null, Stderr: null, Drain: 10 * time.Second}
	server := mqtttest.NewServer()
	t.Cleanup(server.Close)
	client, err := mqtt.New(mqtt.Config{Dialer: server, Ack: mqtt.AckManual, Inbox: inbox, ReceiveMaximum: 65_535})
	require.NoError(t, err)
	d := &desk{T: t, client: client, ended: make(chan error, 1)}
	p := &plan{job: printing(out), format: lines(false, "\n"), subscriptions: []mqtt.Subscription{{Filter: "#", QoS: mqtt.ExactlyOnce}}}
	connected := make(chan error, 1)
	go func() { connected <- client.Connect(t.Context()) }()
	d.conn, err = server.Accept(t.Context())
	require.NoError(t, err)
	d.conn.Handshake(t)
	require.NoError(t, <-connected)
	go func() { d.ended <- s.take(ctx, client, p) }()
	return d
}

// flood sends n messages, the payloads of which are their numbers.
func (d *desk) flood(n int, qos codec.QoS) {
	d.Helper()
	d.floodFrom(0, n, qos)
}

// floodFrom is flood without the messages before the one with that number.
func (d *desk) floodFrom(number, n int, qos codec.QoS) {
	d.Helper()
	var all []codec.Packet
	for i := number; i < n; i++ {
		p := &codec.Publish{Topic: "a", Payload: fmt.Append(nil, i), QoS: qos}
		if qos > 0 {
			p.PacketID = uint16(i + 1)
		}
		all = append(all, p)
	}
	require.NoError(d, d.conn.Send(all...))
}

// counted is what flood's first n messages are written as.
func counted(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}

// acknowledged reads until the client says goodbye, and gives the identifiers that it has acknowledged until then, in their order.
func (d *desk) acknowledged() (ids []uint16) {
	d.Helper()
	for {
		p, err := d.conn.Read(d.Context())
		require.NoError(d, err)
		switch p := p.(type) {
		case *codec.PubAck:
			ids = append(ids, p.PacketID)
		case *codec.PubRec:
			ids = append(ids, p.PacketID)
		case *codec.Disconnect:
			return ids
		}
	}
}

// firstIDs are the identifiers of flood's first n messages.
func firstIDs(n int) (ids []uint16) {
	for i := range n {
		ids = append(ids, uint16(i+1))
	}
	return ids
}

// eachQoS runs f in a bubble for each of them.
func eachQoS(t *testing.T, f func(t *testing.T, qos codec.QoS), all ...codec.QoS) {
	for _, qos := range all {
		t.Run(fmt.Sprint("QoS ", qos), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { f(t, qos) }) })
	}
}

// many is more than what a batch and all that waits before it hold.
const many = 5000

func TestWhatWasTakenIsWrittenWhenTheServerEndsTheClient(t *testing.T) {
	eachQoS(t, func(t *testing.T, qos codec.QoS) {
		ready := make(chan error)
		out := &written{ready: ready}
		d := open(t, new(settings), out)
		d.flood(many, qos)
		synctest.Wait()
		require.NoError(t, d.conn.Send(&codec.Disconnect{Code: codec.SessionTakenOver}))
		synctest.Wait()
		close(ready) // nothing was written before the server's end
		require.ErrorIs(t, <-d.ended, codec.SessionTakenOver)
		lines := strings.Count(out.String(), "\n")
		require.Equal(t, counted(lines), out.String())
		require.Greater(t, lines, printing(nil).limits.messages+mostAhead)
	}, codec.AtMostOnce, codec.AtLeastOnce, codec.ExactlyOnce)
}

func TestCountEndsAFlood(t *testing.T) {
	eachQoS(t, func(t *testing.T, qos codec.QoS) {
		ready := make(chan error)
		close(ready)
		out := &written{ready: ready}
		d := open(t, &settings{count: 10}, out)
		start := time.Now()
		d.flood(many, qos)
		require.Equal(t, firstIDs(10), d.acknowledged())
		d.conn.Close()
		require.NoError(t, <-d.ended)
		require.Zero(t, time.Since(start))
		require.Equal(t, counted(10), out.String())
	}, codec.AtLeastOnce, codec.ExactlyOnce)
}

func TestWhatIsNotWrittenIsNotAcknowledged(t *testing.T) {
	for name, failure := range map[string]error{"a full disk": syscall.ENOSPC, "a closed pipe": app.ErrPipe} {
		t.Run(name, func(t *testing.T) {
			eachQoS(t, func(t *testing.T, qos codec.QoS) {
				ready := make(chan error)
				out := &written{ready: ready}
				d := open(t, new(settings), out)
				d.flood(1, qos)
				ready <- nil
				synctest.Wait()
				d.floodFrom(1, many, qos)
				synctest.Wait()
				ready <- failure
				require.Equal(t, firstIDs(1), d.acknowledged())
				d.conn.Close()
				require.ErrorIs(t, <-d.ended, failure)
				require.Equal(t, counted(1), out.String())
			}, codec.AtLeastOnce, codec.ExactlyOnce)
		})
	}
}

func TestAnInterruptLeavesToTheServerWhatCannotBeWritten(t *testing.T) {
	eachQoS(t, func(t *testing.T, qos codec.QoS) {
		ready := make(chan error)
		out := &written{ready: ready}
		ctx, interrupt := context.WithCancelCause(t.Context())
		d := openIn(ctx, t, new(settings), out)
		d.subscribe()
		start := time.Now()
		d.flood(many, qos)
		synctest.Wait()
		interrupt(app.ErrInterrupted)
		require.Empty(t, d.acknowledged())
		d.conn.Close()
		require.ErrorIs(t, <-d.ended, app.ErrInterrupted)
		require.Less(t, time.Since(start), 11*time.Second, "--drain, and no more")
		ready <- errors.New("at last") // and the worker ends
	}, codec.AtLeastOnce, codec.ExactlyOnce)
}

func TestAnEndWaitsForTheAnswerToTheSubscriptionsForDrainAlone(t *testing.T) {
	for _, c := range []struct {
		name  string
		kept  bool
		cause error
		most  time.Duration
	}{
		{"an interrupt", false, app.ErrInterrupted, 11 * time.Second},
		{"--timeout", false, app.ErrTimeout, 2 * time.Second},
		{"--timeout, and a session that is to be kept", true, app.ErrTimeout, 11 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, end := context.WithCancelCause(t.Context())
				s := new(settings)
				s.connection.KeepSession = c.kept
				d := openIn(ctx, t, s, io.Discard)
				mqtttest.Expect[*codec.Subscribe](t, d.conn)
				start := time.Now()
				end(c.cause)
				require.ErrorIs(t, <-d.ended, c.cause)
				require.Less(t, time.Since(start), c.most)
			})
		})
	}
}
