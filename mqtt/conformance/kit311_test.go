package conformance

import (
	"context"
	"errors"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// The answers to CONNECT on 3.x.
const (
	accepted = "20 02 00 00"
	resumed  = "20 02 01 00"
)

// pair is a client of the scene's version, which is 3.x, and the server that it dials.
type pair struct {
	*scene
	server *mqtttest.Server
	client *mqtt.Client
}

// pairUp makes the two. The client is called "c", unless cfg says otherwise, and somebody listens on its Messages.
func pairUp(s *scene, cfg mqtt.Config) *pair {
	s.Helper()
	p := strangers(s, cfg)
	p.client.Messages()
	return p
}

// strangers is pairUp for a client whose messages nobody asks for.
func strangers(s *scene, cfg mqtt.Config) *pair {
	s.Helper()
	cfg.Version = s.v
	if cfg.ClientID == "" && !cfg.NoClientID && len(cfg.Servers) == 0 {
		cfg.ClientID = "c"
	}
	server := mqtttest.NewServer()
	cfg.Dialer = server
	client, err := mqtt.New(cfg)
	require.NoError(s, err)
	watchdog := time.AfterFunc(15*24*time.Hour, func() { client.Abort() }) // what waits in vain shall fail, not go on for ever
	s.Cleanup(func() {
		watchdog.Stop()
		client.Abort()
		server.Close()
	})
	return &pair{s, server, client}
}

// kept is cfg for a session that outlives its connections: CleanSession 0.
func kept(cfg mqtt.Config) mqtt.Config {
	cfg.Session = mqtt.SessionDurable
	return cfg
}

// wired is pairUp, connected.
func wired(s *scene, cfg mqtt.Config) (*pair, *line) {
	s.Helper()
	p := pairUp(s, cfg)
	return p, p.connected(accepted)
}

// connecting calls Connect beside the test.
func (p *pair) connecting() <-chan error {
	return later(func() error { return p.client.Connect(p.soon()) })
}

// connected brings the client up, with this answer to its CONNECT.
func (p *pair) connected(connack string) *line {
	p.Helper()
	done := p.connecting()
	l := p.answered(connack)
	require.NoError(p, <-done)
	return l
}

// answered takes the next connection and answers its CONNECT.
func (p *pair) answered(connack string) *line {
	p.Helper()
	l := p.dialled()
	require.Equal(p, byte(0x10), l.packet()[0], "CONNECT")
	l.says(connack)
	synctest.Wait()
	return l
}

// dialled takes the next connection and says nothing on it.
func (p *pair) dialled() *line {
	p.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Hour)
	defer stop()
	conn, err := p.server.Accept(ctx)
	require.NoError(p, err, "the client doesn't dial")
	conn.SetVersion(codec.Version(p.v))
	return &line{p, conn}
}

// takes takes the next message off Messages, which must be there.
func (p *pair) takes() *mqtt.Received {
	p.Helper()
	synctest.Wait()
	select {
	case m := <-p.client.Messages():
		return m
	default:
		p.Fatal("no message")
		return nil
	}
}

// takesNothing says that there is no message.
func (p *pair) takesNothing() {
	p.Helper()
	synctest.Wait()
	select {
	case m := <-p.client.Messages():
		p.Fatalf("a message: %q %q", m.Topic, m.Payload)
	default:
	}
}

// publishes admits a message for the topic "a".
func (p *pair) publishes(qos mqtt.QoS, payload string) *mqtt.Delivery {
	p.Helper()
	return p.sends(mqtt.Message{Topic: "a", QoS: qos, Payload: []byte(payload)})
}

func (p *pair) sends(m mqtt.Message) *mqtt.Delivery {
	p.Helper()
	ctx, stop := context.WithTimeout(p.Context(), time.Second)
	defer stop()
	d, err := p.client.PublishAsync(ctx, m)
	require.NoError(p, err)
	return d
}

// subscribing asks for filters beside the test.
func (p *pair) subscribing(qos mqtt.QoS, filters ...string) <-chan answer {
	var subs []mqtt.Subscription
	for _, f := range filters {
		subs = append(subs, mqtt.Subscription{Filter: f, QoS: qos})
	}
	c := make(chan answer, 1)
	go func() {
		grants, err := p.client.Subscribe(p.soon(), subs...)
		c <- answer{grants, err}
	}()
	return c
}

// answer is what Subscribe returned.
type answer struct {
	grants []mqtt.Grant
	err    error
}

// unsubscribing gives filters up beside the test.
func (p *pair) unsubscribing(filters ...string) <-chan error {
	return later(func() error { return p.client.Unsubscribe(p.soon(), filters...) })
}

// why is what the last connection, or attempt at one, ended with.
func (p *pair) why() error {
	synctest.Wait()
	return p.client.Stats().Link.LastError
}

// blames checks that a connection ended because of what the server sent.
func (p *pair) blames(vector string) {
	p.Helper()
	var fault *mqtt.ProtocolError
	require.ErrorAs(p, p.why(), &fault, vector)
}

// soon is a context for a call that doesn't take long.
func (p *pair) soon() context.Context {
	ctx, stop := context.WithTimeout(context.Background(), time.Hour)
	p.Cleanup(stop)
	return ctx
}

// settled is what a delivery has ended with, at once.
func settled(s *scene, d *mqtt.Delivery) error {
	s.Helper()
	synctest.Wait()
	_, ended := d.Result()
	require.True(s, ended, "the delivery has not ended")
	return d.Wait(s.Context())
}

// frail is a store that can be broken.
type frail struct {
	mqtt.Store
	broken atomic.Bool
}

func (f *frail) Write(ctx context.Context, records []mqtt.StoreRecord) error {
	if f.broken.Load() {
		return errors.New("no space left")
	}
	return f.Store.Write(ctx, records)
}
