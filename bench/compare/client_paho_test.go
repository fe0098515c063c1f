package compare

import (
	"context"
	"math"
	"time"

	pahomqtt "github.com/eclipse/paho.mqtt.golang"
)

// classic is paho.mqtt.golang.
type classic struct {
	client pahomqtt.Client
	handle pahomqtt.MessageHandler
	gone   chan struct{}
}

func openPaho(ctx context.Context, address string, s settings) (link, error) {
	return openClassic(ctx, address, s, pahomqtt.NewClientOptions())
}

func openUnorderedPaho(ctx context.Context, address string, s settings) (link, error) {
	return openClassic(ctx, address, s, pahomqtt.NewClientOptions().SetOrderMatters(false))
}

func openClassic(ctx context.Context, address string, s settings, o *pahomqtt.ClientOptions) (link, error) {
	l := &classic{gone: make(chan struct{}, 1)}
	o.AddBroker("tcp://" + address).SetClientID("compare").SetAutoAckDisabled(s.manual)
	o.SetConnectionLostHandler(func(pahomqtt.Client, error) { signal(l.gone) })
	if s.keepAlive > 0 {
		o.SetKeepAlive(s.keepAlive).SetPingTimeout(s.keepAlive * 3 / 4)
	}
	if s.steady {
		o.SetMaxReconnectInterval(steadyPace)
	}
	if s.handle != nil {
		l.handle = func(_ pahomqtt.Client, m pahomqtt.Message) { s.handle(l, received{m.Payload(), m.Ack}) }
	}
	l.client = pahomqtt.NewClient(o)
	return l, outcome(ctx, l.client.Connect())
}

// outcome waits for a token as its WaitTimeout does.
func outcome(ctx context.Context, t pahomqtt.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *classic) subscribe(ctx context.Context, filter string) error {
	return outcome(ctx, l.client.Subscribe(filter, 1, l.handle))
}

func (l *classic) publish(ctx context.Context, m sent) error {
	return outcome(ctx, l.client.Publish(m.topic, m.qos, false, m.payload))
}

func (l *classic) lost() <-chan struct{} { return l.gone }

func (l *classic) online(ctx context.Context) error {
	look := time.NewTicker(5 * time.Millisecond) // there is no call that waits for it
	defer look.Stop()
	for !l.client.IsConnectionOpen() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// close gives Disconnect the time that ctx leaves; there is no error to hand on but ctx's own.
func (l *classic) close(ctx context.Context) error {
	quiesce := uint(math.MaxInt32)
	if end, ok := ctx.Deadline(); ok {
		quiesce = uint(max(0, time.Until(end)).Milliseconds())
	}
	l.client.Disconnect(quiesce)
	return ctx.Err()
}
