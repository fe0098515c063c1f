package mqtttest_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

type dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// client is a client by hand.
type client struct {
	t       testing.TB
	conn    net.Conn
	version codec.Version
	buf     []byte
}

func dial(t testing.TB, d dialer, v codec.Version) *client {
	t.Helper()
	conn, err := d.DialContext(t.Context(), "tcp", "broker:1883")
	require.NoError(t, err)
	return &client{t: t, conn: conn, version: v}
}

// connect sends CONNECT and takes the answer, which must accept.
func connect(t testing.TB, d dialer, v codec.Version, id string, change ...func(*codec.Connect)) (*client, *codec.ConnAck) {
	t.Helper()
	c := dial(t, d, v)
	p := &codec.Connect{ClientID: id, CleanStart: true}
	for _, f := range change {
		f(p)
	}
	c.send(p)
	ack := expect[*codec.ConnAck](c)
	require.Equal(t, codec.Success, ack.Code)
	return c, ack
}

// durable has the session live on after the connection.
func durable(p *codec.Connect) {
	p.CleanStart = false
	if p.Properties == nil {
		p.Properties = &codec.ConnectProperties{}
	}
	p.Properties.SessionExpiryInterval = new(uint32(3600))
}

func (c *client) send(packets ...codec.Packet) {
	c.t.Helper()
	var b []byte
	for _, p := range packets {
		var err error
		b, err = p.Append(b, c.version)
		require.NoError(c.t, err)
	}
	_, err := c.conn.Write(b)
	require.NoError(c.t, err)
}

func (c *client) read() (codec.Packet, error) {
	d := codec.Dialect{Version: c.version, From: codec.FromServer}
	for {
		f, size, err := codec.Next(c.buf, d, 0)
		if err != nil {
			return nil, err
		}
		if size > 0 && size <= len(c.buf) {
			c.buf = c.buf[size:]
			return codec.Decode(f, d)
		}
		more := make([]byte, 4096)
		n, err := c.conn.Read(more)
		c.buf = append(c.buf, more[:n]...)
		if err != nil {
			return nil, err
		}
	}
}

// expect takes the next packet, which must be a P.
func expect[P codec.Packet](c *client) P {
	c.t.Helper()
	got, err := c.read()
	require.NoError(c.t, err)
	p, ok := got.(P)
	require.True(c.t, ok, "got %v %+v", got.Type(), got)
	return p
}

// nothing comes for a minute of the bubble.
func (c *client) nothing() {
	c.t.Helper()
	require.NoError(c.t, c.conn.SetReadDeadline(time.Now().Add(time.Minute)))
	got, err := c.read()
	requireTimeout(c.t, err)
	require.Nil(c.t, got)
	require.NoError(c.t, c.conn.SetReadDeadline(time.Time{}))
}

// closed: the server has ended the connection.
func (c *client) closed() {
	c.t.Helper()
	got, err := c.read()
	require.Equal(c.t, io.EOF, err, "got %+v", got)
	c.conn.Close()
}

// subscribe asks for one filter.
func (c *client) subscribe(filter string, q codec.QoS) {
	c.t.Helper()
	c.send(&codec.Subscribe{PacketID: 60000, Subscriptions: []codec.Subscription{{Filter: filter, QoS: q}}})
	require.Equal(c.t, []codec.ReasonCode{codec.ReasonCode(q)}, expect[*codec.SubAck](c).Codes)
}

func (c *client) ping() {
	c.t.Helper()
	c.send(&codec.PingReq{})
	expect[*codec.PingResp](c)
}

// publish is a PUBLISH.
func publish(q codec.QoS, id uint16, topic, payload string) *codec.Publish {
	return &codec.Publish{QoS: q, PacketID: id, Topic: topic, Payload: []byte(payload)}
}

var versions = []codec.Version{codec.V31, codec.V311, codec.V5}

// overVersions runs f in a bubble of its own for each version.
func overVersions(t *testing.T, f func(t *testing.T, v codec.Version)) {
	for _, v := range versions {
		t.Run(fmt.Sprintf("version=%v", v), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, v) })
		})
	}
}
