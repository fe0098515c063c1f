package conformance

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
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

// line is the server's end of one connection, in bytes as the specification writes them.
type line struct {
	*pair
	conn *mqtttest.Conn
}

// packetOf writes a packet in hexadecimal: its first byte, its length, and its parts, of which a string is preceded by its
// length in two bytes, an int is two bytes, and a []byte stands as it is.
func packetOf(first byte, parts ...any) string {
	var body []byte
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			body = append(body, byte(len(part)>>8), byte(len(part)))
			body = append(body, part...)
		case int:
			body = append(body, byte(part>>8), byte(part))
		case []byte:
			body = append(body, part...)
		default:
			panic(fmt.Sprintf("a %T", part))
		}
	}
	return hex.EncodeToString(append(binary.AppendUvarint([]byte{first}, uint64(len(body))), body...))
}

// says sends packets, in one segment.
func (l *line) says(packets ...string) {
	l.Helper()
	require.NoError(l, l.conn.SendBytes(bytesOf(strings.Join(packets, ""))))
}

// read waits for a packet for d.
func (l *line) read(d time.Duration) ([]byte, error) {
	ctx, stop := context.WithTimeout(context.Background(), d)
	defer stop()
	return l.conn.ReadRaw(ctx)
}

// packet takes the next packet, which must be there.
func (l *line) packet() []byte {
	l.Helper()
	b, err := l.read(time.Nanosecond)
	require.NoError(l, err, "no packet")
	return b
}

// hears takes the next packets, which must be these and be there.
func (l *line) hears(packets ...string) {
	l.Helper()
	synctest.Wait()
	for _, want := range packets {
		want := bytesOf(want)
		require.Equal(l, fmt.Sprintf("% X", want), fmt.Sprintf("% X", l.packet()))
	}
}

// quiet says that the client sends nothing for a while, and keeps the connection.
func (l *line) quiet() {
	l.Helper()
	b, err := l.read(5 * time.Second)
	require.ErrorIs(l, err, context.DeadlineExceeded, "% X", b)
}

// shut checks that the client closes the connection, both ways, without another byte; about is what it is closed for.
func (l *line) shut(about string) {
	l.Helper()
	b, err := l.read(2 * time.Second)
	require.Error(l, err, "%s: the client sends % X", about, b)
	require.NotErrorIs(l, err, context.DeadlineExceeded, "%s: the connection stays open", about)
	elapse(100 * time.Millisecond)
	require.Error(l, l.conn.SendBytes([]byte{0xD0, 0}), "%s: the client still reads", about)
	l.conn.Close()
}

// farewell takes DISCONNECT and checks that the client then closes the connection, without another byte. It may read until the
// server closes, and for a second.
func (l *line) farewell() {
	l.Helper()
	l.hears("E0 00")
	b, err := l.read(time.Nanosecond)
	require.ErrorIs(l, err, io.EOF, "after DISCONNECT: % X", b)
	elapse(time.Second + time.Millisecond)
	require.Error(l, l.conn.SendBytes([]byte{0xD0, 0}), "the client still reads")
}

// refused checks that the client takes nothing of a packet, closes the connection for it and says why, and comes back.
func (l *line) refused(packet string) *line {
	l.Helper()
	l.says(packet)
	l.shut(packet)
	l.blames(packet)
	l.takesNothing()
	return l.answered(accepted)
}

// cut ends the connection from the server's side.
func (l *line) cut() { l.conn.Close() }

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
