package compare

import (
	"context"

	"github.com/sluicemq/sluice/mqtt"
)

// sluice is this library.
type sluice struct {
	client *mqtt.Client
	gone   chan struct{}
}

func openSluice5(ctx context.Context, address string, s settings) (link, error) {
	return openSluice(ctx, address, s, mqtt.V5)
}

func openSluice311(ctx context.Context, address string, s settings) (link, error) {
	return openSluice(ctx, address, s, mqtt.V311)
}

func openSluice(ctx context.Context, address string, s settings, v mqtt.Version) (link, error) {
	c := mqtt.Config{Version: v, ClientID: "compare", Outbox: mqtt.Bounds{Bytes: s.outbox}}
	if s.keepAlive > 0 {
		c.KeepAlive, c.PingTimeout = s.keepAlive, s.keepAlive*3/4
	}
	if s.manual {
		c.Ack = mqtt.AckManual
	}
	if s.steady {
		c.Backoff = mqtt.Backoff{Min: steadyPace, Max: steadyPace}
	}
	opened, err := mqtt.Connect(ctx, "mqtt://"+address, c)
	if err != nil {
		return nil, err
	}
	l := &sluice{client: opened, gone: make(chan struct{}, 1)}
	go l.watch()
	if s.handle != nil {
		go l.consume(s.handle)
	}
	return l, nil
}

func (l *sluice) watch() {
	for e := range l.client.Events() {
		if _, ok := e.(mqtt.EventDisconnected); ok {
			signal(l.gone)
		}
	}
}

func (l *sluice) consume(handle func(link, received)) {
	for m := range l.client.Messages() {
		handle(l, received{m.Payload, func() { m.Ack() }})
	}
}

func (l *sluice) subscribe(ctx context.Context, filter string) error {
	_, err := l.client.Subscribe(ctx, mqtt.Subscription{Filter: filter, QoS: mqtt.AtLeastOnce})
	return err
}

func (l *sluice) publish(ctx context.Context, m sent) error {
	return l.client.Publish(ctx, mqtt.Message{Topic: m.topic, QoS: mqtt.QoS(m.qos), Payload: m.payload})
}

func (l *sluice) lost() <-chan struct{}            { return l.gone }
func (l *sluice) online(ctx context.Context) error { return l.client.AwaitConnected(ctx) }
func (l *sluice) close(ctx context.Context) error  { return l.client.Close(ctx) }

// signal leaves a mark that somebody may be waiting for; repeats merge.
func signal(mark chan<- struct{}) {
	select {
	case mark <- struct{}{}:
	default:
	}
}
