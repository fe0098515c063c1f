package compare

import (
	"context"
	"net/url"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
)

// auto is paho.golang with autopaho, which keeps it connected.
type auto struct {
	manager *autopaho.ConnectionManager
	gone    chan struct{}
}

func openAutopaho(ctx context.Context, address string, s settings) (link, error) {
	l := &auto{gone: make(chan struct{}, 1)}
	c := autopaho.ClientConfig{
		ServerUrls:       []*url.URL{{Scheme: "mqtt", Host: address}},
		KeepAlive:        uint16(s.keepAlive / time.Second),
		OnConnectionDown: func() bool { signal(l.gone); return true },
		ClientConfig:     paho.ClientConfig{ClientID: "compare", EnableManualAcknowledgment: s.manual},
	}
	if s.steady {
		c.ReconnectBackoff = autopaho.NewConstantBackoff(steadyPace)
	}
	if s.handle != nil {
		c.OnPublishReceived = []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
			s.handle(l, received{p.Packet.Payload, func() { p.Client.Ack(p.Packet) }})
			return true, nil
		}}
	}
	var err error
	if l.manager, err = autopaho.NewConnection(context.WithoutCancel(ctx), c); err != nil {
		return nil, err
	}
	return l, l.manager.AwaitConnection(ctx)
}

func (l *auto) subscribe(ctx context.Context, filter string) error {
	_, err := l.manager.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: filter, QoS: 1}}})
	return err
}

func (l *auto) publish(ctx context.Context, m sent) error {
	_, err := l.manager.Publish(ctx, &paho.Publish{Topic: m.topic, QoS: m.qos, Payload: m.payload})
	return err
}

func (l *auto) lost() <-chan struct{}            { return l.gone }
func (l *auto) online(ctx context.Context) error { return l.manager.AwaitConnection(ctx) }
func (l *auto) close(ctx context.Context) error  { return l.manager.Disconnect(ctx) }
