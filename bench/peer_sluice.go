package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strconv"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// sluice is measured as it is by default: its Config has what the order asks for, and nothing else.
type sluice struct{}

func (s sluice) do(ctx context.Context, o order) (result, error) {
	return works{
		"publish": s.publish, "receive": s.receive, "trip": s.trip, "idle": s.idle, "reconnect": s.reconnect,
		"streams": s.streams, "clients": s.clients,
	}.do(ctx, o)
}

func (sluice) config(o order) mqtt.Config {
	cfg := mqtt.Config{Version: mqtt.V311, ClientID: o.Client}
	if o.Version == 5 {
		cfg.Version = mqtt.V5
	}
	if o.Work == "publish" && o.Window > 0 {
		cfg.MaxInFlight = o.Window                    // 1000 by default
		cfg.Outbox.Messages = max(16_384, 2*o.Window) // the former by default
	}
	if o.Work == "receive" && o.Size > 900_000 {
		cfg.MaxPacketSize = o.Size + 100_000 // 1 MiB by default, which a payload of 1 MiB doesn't fit in
	}
	if o.Aliases {
		cfg.TopicAlias = mqtt.AliasAuto
	}
	if o.CA != "" {
		cfg.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
		cfg.TLS.RootCAs.AppendCertsFromPEM([]byte(o.CA))
	}
	return cfg
}

func (s sluice) connect(ctx context.Context, o order) (*mqtt.Client, error) {
	return mqtt.Connect(ctx, o.URL, s.config(o))
}

func (sluice) message(o order) mqtt.Message {
	m := mqtt.Message{QoS: mqtt.QoS(o.QoS)}
	if o.Properties {
		m.Properties = &mqtt.PublishProperties{
			ContentType: contentType, ResponseTopic: responseTopic, CorrelationData: []byte(correlation),
			UserProperties: []mqtt.UserProperty{{Key: userKey, Value: userValue}},
		}
	}
	return m
}

func (s sluice) publish(ctx context.Context, o order) (result, error) {
	c, err := s.connect(ctx, o)
	if err != nil {
		return result{}, err
	}
	defer c.Abort()
	r, err := o.publishing(func(g int) error { return s.stretch(ctx, c, o, g) }, func() error { return s.acknowledged(ctx, c, counted) })
	if err != nil {
		return result{}, err
	}
	return r, c.Close(ctx)
}

// stretch is what one goroutine publishes. It waits for all outcomes.
func (s sluice) stretch(ctx context.Context, c *mqtt.Client, o order, goroutine int) (err error) {
	topics, m := o.topics(), s.message(o)
	m.Payload = o.payload(goroutine)
	for i := range o.share(goroutine) {
		m.Topic = topics[i%len(topics)]
		number(m.Payload, uint64(i))
		if o.Window > 0 && o.QoS > 0 {
			_, err = c.PublishAsync(ctx, m)
		} else {
			err = c.Publish(ctx, m)
		}
		if err != nil {
			return err
		}
	}
	if o.Window > 0 {
		return c.Flush(ctx)
	}
	return nil
}

// acknowledged publishes an empty message at QoS 1.
func (sluice) acknowledged(ctx context.Context, c *mqtt.Client, topic string) error {
	return c.Publish(ctx, mqtt.Message{Topic: topic, QoS: mqtt.AtLeastOnce})
}

func (s sluice) trip(ctx context.Context, o order) (result, error) {
	c, err := s.connect(ctx, o)
	if err != nil {
		return result{}, err
	}
	defer c.Abort()
	m := s.message(o)
	m.Topic = measured
	r, err := o.trips(func(payload []byte) error {
		m.Payload = payload
		return c.Publish(ctx, m)
	})
	if err != nil {
		return result{}, err
	}
	return r, c.Close(ctx)
}

func (s sluice) idle(ctx context.Context, o order) (result, error) {
	var all []*mqtt.Client
	r, err := idle(o.N, func(i int) error {
		c, err := s.connect(ctx, o.numbered(i))
		all = append(all, c)
		return err
	})
	for _, c := range all {
		if c != nil && err == nil {
			err = c.Close(ctx)
		}
	}
	return r, err
}

// reconnect measures from the second dial. The server keeps the session, as it does for the others.
func (s sluice) reconnect(ctx context.Context, o order) (result, error) {
	cfg := s.config(o)
	cfg.MaxInFlight, cfg.Session = o.N, mqtt.SessionDurable
	cfg.Servers = []string{"mqtt://" + o.Address}
	dialled := make(chan *meter, 100)
	cfg.Dialer = dialer{dialled}
	c, err := mqtt.New(cfg)
	if err != nil {
		return result{}, err
	}
	defer c.Abort()
	if err := c.Connect(ctx); err != nil {
		return result{}, err
	}
	<-dialled
	if _, err := c.Subscribe(ctx, mqtt.Subscription{Filter: "hold/" + strconv.Itoa(o.N)}); err != nil {
		return result{}, err
	}
	o.Window = o.N
	if err := s.stretch(ctx, c, o, 0); err != nil {
		return result{}, err
	}
	r := (<-dialled).took(o.N)
	return r, c.Close(ctx)
}

// dialer tells when it dials.
type dialer struct{ dialled chan<- *meter }

var _ netx.Dialer = dialer{}

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.dialled <- now()
	return new(net.Dialer).DialContext(ctx, network, address)
}
