//go:build integration

package integration

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// patience is how long a test waits for one thing before it fails. Nothing takes so long.
const patience = 10 * time.Second

// matrix says where a behaviour is shown. What is left out is everything, but for MQTT 3.1, which is for the basics.
type matrix struct {
	places   []place
	versions []mqtt.Version
	qos      []mqtt.QoS
	parallel bool // for those that mostly wait for a server's clock
}

var (
	allVersions  = []mqtt.Version{mqtt.V5, mqtt.V311, mqtt.V31}
	v5           = []mqtt.Version{mqtt.V5}
	acknowledged = []mqtt.QoS{mqtt.AtLeastOnce, mqtt.ExactlyOnce}
)

// once is a QoS for what doesn't depend on it.
var once = []mqtt.QoS{mqtt.AtLeastOnce}

// cell is one place of the matrix.
type cell struct {
	*testing.T
	ctx     context.Context // ends when the test has had its time
	server  server
	version mqtt.Version
	qos     mqtt.QoS
	root    string // of all topics of this cell
}

func (m matrix) run(t *testing.T, test func(c *cell)) {
	if m.parallel {
		t.Parallel()
	}
	if m.places == nil {
		m.places = everywhere
	}
	if m.versions == nil {
		m.versions = []mqtt.Version{mqtt.V5, mqtt.V311}
	}
	if m.qos == nil {
		m.qos = []mqtt.QoS{mqtt.AtMostOnce, mqtt.AtLeastOnce, mqtt.ExactlyOnce}
	}
	for _, at := range m.places {
		for _, version := range m.versions {
			for _, qos := range m.qos {
				t.Run(fmt.Sprintf("%s/v%v/qos=%d", at.name, version, qos), func(t *testing.T) {
					if m.parallel {
						t.Parallel()
					}
					test(newCell(t, at.open(t), version, qos))
				})
			}
		}
	}
}

func newCell(t *testing.T, s server, version mqtt.Version, qos mqtt.QoS) *cell {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return &cell{T: t, ctx: ctx, server: s, version: version, qos: qos, root: "integration/" + rand.Text()[:8] + "/"}
}

// topic is one that no other cell uses.
func (c *cell) topic(name string) string { return c.root + name }

// name is a Client Identifier that no other cell uses.
func (c *cell) name(short string) string { return short + "-" + rand.Text()[:8] }

// config is that of a client that gets in, and reconnects fast.
func (c *cell) config() mqtt.Config {
	cfg := mqtt.Config{Version: c.version, Backoff: mqtt.Backoff{Min: 20 * time.Millisecond, Max: 200 * time.Millisecond}}
	c.server.access(&cfg)
	_, limited := c.server.(*mosquitto)
	switch {
	case c.version == mqtt.V5:
		// mosquitto 2.0.11 forgets the client's Receive Maximum once messages have waited for it. mochi's use of it is
		// off: mochiend.NoWindow has the reason.
		cfg.ReceiveMaximum = 65_535
	case limited && c.qos == mqtt.ExactlyOnce:
		// mosquitto 2.0 takes so many messages of QoS 2 at a time (max_inflight_messages). It says so on 5.0. On 3.x it
		// answers to one more as if it had taken it, or drops the connection.
		cfg.MaxInFlight = 20
	}
	return cfg
}

// resumed is a config whose session outlives a connection: on 5.0 that of the default does, on 3.1.1 one has to ask for it.
func (c *cell) resumed(short string) mqtt.Config {
	if c.version != mqtt.V5 {
		return c.durable(short)
	}
	cfg := c.config()
	cfg.ClientID = c.name(short)
	return cfg
}

// durable is a config whose session outlives the client and, at some servers, the server's life. That of the default
// doesn't outlive mosquitto: it writes no session down that began with Clean Start.
func (c *cell) durable(short string) mqtt.Config {
	cfg := c.config()
	cfg.ClientID, cfg.Session = c.name(short), mqtt.SessionDurable
	c.forget(cfg)
	return cfg
}

// forget has the server forget the session of a client when the test is over.
func (c *cell) forget(cfg mqtt.Config) {
	cfg.Session, cfg.SessionExpiry, cfg.Will, cfg.Trace = mqtt.SessionConnection, 0, nil, nil
	c.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if client, err := mqtt.New(cfg); err == nil {
			client.Connect(ctx)
			client.Close(ctx)
		}
	})
}

// idle makes a client that the test's end closes.
func (c *cell) idle(cfg mqtt.Config) *mqtt.Client {
	c.Helper()
	client, err := mqtt.New(cfg)
	require.NoError(c, err)
	c.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		client.Close(ctx)
		<-client.Done()
	})
	return client
}

// connect makes a client and connects it.
func (c *cell) connect(cfg mqtt.Config) *mqtt.Client {
	c.Helper()
	client := c.idle(cfg)
	require.NoError(c, client.Connect(c.ctx))
	return client
}
