package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// versions are those that a server may be hostile in.
var versions = []mqtt.Version{mqtt.V5, mqtt.V311, mqtt.V31}

// rig is a client that takes whatever comes, and the server that it is at. It goes from one bad connection to the next.
type rig struct {
	*testing.T
	v      mqtt.Version
	server *mqtttest.Server
	client *mqtt.Client
	id     string
	line   *line
	taken  chan *mqtt.Received
	round  int
}

// aliasesAllowed is what the client announces on 5.0.
const aliasesAllowed = 5

// newRig makes a client that is connected. It comes back a second after whatever happens.
func newRig(t *testing.T, v mqtt.Version, change ...func(*mqtt.Config)) *rig {
	t.Helper()
	r := &rig{T: t, v: v, server: mqtttest.NewServer(), id: "ours", taken: make(chan *mqtt.Received, 4096)}
	cfg := mqtt.Config{Version: v, ClientID: r.id, Dialer: r.server, Session: mqtt.SessionDurable,
		Backoff: mqtt.Backoff{Retry: func(int, error) (time.Duration, bool) { return time.Second, true }}}
	if v == mqtt.V5 {
		cfg.TopicAliasMaximum = aliasesAllowed
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	r.client, err = mqtt.New(cfg)
	require.NoError(t, err)
	messages := r.client.Messages()
	if cfg.Ack != mqtt.AckManual {
		go func() {
			for m := range messages {
				r.taken <- m
			}
		}()
	}
	t.Cleanup(func() {
		r.client.Abort()
		r.server.Close()
	})
	connected := make(chan error, 1)
	go func() { connected <- r.client.Connect(t.Context()) }()
	r.accept()
	require.NoError(t, <-connected)
	return r
}

// dialled takes the next connection and reads its CONNECT, which must be as the first one was.
func (r *rig) dialled() *mqtttest.Conn {
	r.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Minute)
	defer stop()
	conn, err := r.server.Accept(ctx)
	require.NoError(r, err, "the client doesn't come back")
	connect := mqtttest.Expect[*codec.Connect](r, conn)
	require.Equal(r, r.id, connect.ClientID)
	require.EqualValues(r, r.v, connect.Version)
	return conn
}

// accept takes the next connection as a good server does.
func (r *rig) accept() {
	r.Helper()
	conn := r.dialled()
	require.NoError(r, conn.Send(&codec.ConnAck{}))
	r.line = newLine(conn)
	synctest.Wait()
	require.Equal(r, mqtt.StateConnected, r.client.State())
}

// works proves that publishing, subscribing and receiving go well, and that nothing is left behind.
func (r *rig) works() error {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Minute)
	defer stop()
	var open [3]*mqtt.Delivery
	for qos := range open {
		var err error
		m := mqtt.Message{Topic: "works/out", QoS: mqtt.QoS(qos), Retain: true, Payload: make([]byte, 300)}
		if open[qos], err = r.client.PublishAsync(ctx, m); err != nil {
			return fmt.Errorf("publish at QoS %d: %w", qos, err)
		}
	}
	if _, err := r.client.Subscribe(ctx, mqtt.Subscription{Filter: "works/#", QoS: mqtt.ExactlyOnce}); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	for _, d := range open {
		if err := d.Wait(ctx); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
	}
	if err := r.receives(ctx); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	synctest.Wait() // the exchange of the last message comes to its end
	if out := r.client.Stats().Out; out.InFlight+out.Queued != 0 {
		return fmt.Errorf("left behind: %+v", out)
	}
	return nil
}

// receives has the server publish at each QoS, and waits until the client has taken that.
func (r *rig) receives(ctx context.Context) error {
	r.round++
	var all []codec.Packet
	missing := map[string]bool{}
	for qos := range codec.ExactlyOnce + 1 {
		payload := fmt.Sprintf("round %d, QoS %d", r.round, qos)
		missing[payload] = true
		all = append(all, &codec.Publish{Topic: "works/in", QoS: qos, PacketID: uint16(qos), Payload: []byte(payload)})
	}
	if err := r.line.conn.Send(all...); err != nil {
		return err
	}
	for len(missing) > 0 {
		select {
		case m := <-r.taken:
			delete(missing, string(m.Payload))
		case <-ctx.Done():
			return fmt.Errorf("%w: %v", ctx.Err(), missing)
		}
	}
	return nil
}

// next goes on to a connection on which all is well.
func (r *rig) next() {
	r.Helper()
	r.line.conn.Close()
	r.accept()
}

// downs collects why connections and attempts ended since the last call.
func (r *rig) downs() (all []error) {
	for {
		select {
		case e := <-r.client.Events():
			if down, ok := e.(mqtt.EventDisconnected); ok {
				all = append(all, down.Err)
			}
		default:
			return all
		}
	}
}

// sectionForm is how a section, or a statement, of the specification is written.
var sectionForm = regexp.MustCompile(`^\d(\.\d+)+(-\d+)?$`)

// judge holds what came of a connection against what a trial expects.
func (r *rig) judge(c trial, said []codec.Packet, downs []error) error {
	if len(downs) != 1 {
		return fmt.Errorf("it ended %d times: %v", len(downs), downs)
	}
	if c.end == refused {
		if _, ok := errors.AsType[*mqtt.ReasonError](downs[0]); !ok {
			return fmt.Errorf("it ended with %v, want the server's own words", downs[0])
		}
		return nil
	}
	why, ok := errors.AsType[*mqtt.ProtocolError](downs[0])
	if !ok {
		return fmt.Errorf("it ended with %v, want a ProtocolError", downs[0])
	}
	if !sectionForm.MatchString(why.Section) || why.Reason == "" {
		return fmt.Errorf("%#v names no section or no reason", why)
	}
	var bye *codec.Disconnect
	for i, p := range said {
		if d, ok := p.(*codec.Disconnect); ok && i == len(said)-1 {
			bye = d
		} else if ok {
			return errors.New("something came after DISCONNECT")
		}
	}
	switch {
	case r.v != mqtt.V5 && bye != nil:
		return errors.New("a DISCONNECT, which takes back the will on 3.x")
	case r.v != mqtt.V5:
		return nil
	case bye == nil:
		return fmt.Errorf("no DISCONNECT; it ended with %v", why)
	case !slices.Contains(c.codes, byte(bye.Code)) || bye.Code != why.Code:
		return fmt.Errorf("DISCONNECT says 0x%02X (%v), want one of % X", byte(bye.Code), why, c.codes)
	}
	return nil
}
