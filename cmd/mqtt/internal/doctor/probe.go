package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// lab is where checks are made: clients of their own, on topics that nobody else uses.
type lab struct {
	*patient
	prefix string // of all topics
}

// check finds out one thing. Its error is what kept it from that; the words about it are the lab's.
type check struct {
	name string
	run  func(context.Context, *lab) (finding, error)
}

var checks = []check{
	{"QoS 0", delivers(mqtt.AtMostOnce)}, {"QoS 1", delivers(mqtt.AtLeastOnce)}, {"QoS 2", delivers(mqtt.ExactlyOnce)},
	{"wildcards", wildcards}, {"shared", shared}, {"retain", retains}, {"identifiers", identifiers}, {"no local", noLocal},
	{"expiry", expires}, {"session", resumes}, {"will", wills}, {"large", large},
}

// always are those that need no topics of our own. They come first, and one by one: they measure.
var always = []check{{"round trip", roundTrip}, {"$SYS", system}}

// atOnce is how many checks run at the same time: servers may count the connections of an address.
const atOnce = 4

// probe makes all checks, and reports them in their order.
func (d *doctor) probe(ctx context.Context, s *server, p *patient) {
	d.tell(ctx, s, p.limits()...)
	l := &lab{p, d.prefix + "/" + strings.ToLower(rand.Text()[:12])}
	for _, c := range always {
		d.tell(ctx, s, l.make(ctx, c))
	}
	if f := l.first(ctx); f.Status != ok {
		d.tell(ctx, s, f)
		return
	}
	results := make([]chan finding, len(checks))
	room := make(chan struct{}, atOnce)
	for i, c := range checks {
		results[i] = make(chan finding, 1)
		go func() {
			room <- struct{}{}
			results[i] <- l.make(ctx, c)
			<-room
		}()
	}
	for _, r := range results {
		d.tell(ctx, s, <-r)
	}
}

// make makes a check within its time.
func (l *lab) make(ctx context.Context, c check) finding {
	ctx, cancel := l.bound(ctx)
	defer cancel()
	f, err := c.run(ctx, l)
	if err != nil {
		f = l.obstacle(err)
	}
	f.Step = c.name
	return f
}

// obstacle puts into words what kept a check from its end. What isn't allowed, or isn't there, is a result as any.
func (l *lab) obstacle(err error) finding {
	limit, limited := errors.AsType[*mqtt.LimitError](err)
	switch {
	case errors.Is(err, codec.NotAuthorized):
		return found("", info, "not allowed to this client")
	case limited:
		return found("", info, "not there: %s", limit.Reason)
	case errors.Is(err, errNotDelivered):
		return found("", warn, "%v", err)
	case errors.Is(err, context.DeadlineExceeded):
		return found("", warn, "no end within %s", l.limit)
	case errors.Is(err, mqtt.ErrVersion):
		return found("", info, "needs MQTT 5.0")
	}
	if refused, isSubscribe := errors.AsType[*mqtt.SubscribeError](err); isSubscribe {
		return found("", info, "the server refuses the subscription: %v", refused.Grants[len(refused.Grants)-1].Code)
	}
	return found("", warn, "%s", brief(err))
}

// errNotDelivered is for messages that a server has taken, and a subscription that it has granted, and nothing comes.
var errNotDelivered = errors.New("granted and acknowledged, and nothing is delivered")

// first looks whether messages to the lab's topics come back at all. Without that the other checks would all say the same.
func (l *lab) first(ctx context.Context) finding {
	f := l.make(ctx, check{"topics", func(ctx context.Context, l *lab) (finding, error) {
		c, err := l.client(ctx)
		if err != nil {
			return finding{}, err
		}
		defer l.leave(c)
		topic := l.topic("first")
		if _, err := c.Subscribe(ctx, mqtt.Subscription{Filter: topic, QoS: mqtt.AtLeastOnce}); err != nil {
			return finding{}, err
		}
		if err := c.Publish(ctx, mqtt.Message{Topic: topic, QoS: l.best(mqtt.AtLeastOnce)}); err != nil {
			return finding{}, err
		}
		_, err = l.next(ctx, c)
		return found("", ok, ""), err
	}})
	if f.Status != ok {
		f.Text = fmt.Sprintf("no message comes back from topics below %s (%s): --topic-prefix gives one that this client may publish and subscribe to",
			l.prefix, f.Text)
	}
	return f
}

func (l *lab) topic(name string) string { return l.prefix + "/" + name }

// best is the highest QoS up to want that the server takes.
func (l *lab) best(want mqtt.QoS) mqtt.QoS { return min(want, l.ack.MaximumQoS) }

// client connects a client of our own. Who gets it leaves it.
func (l *lab) client(ctx context.Context, change ...func(*mqtt.Config)) (*mqtt.Client, error) {
	cfg := l.stranger()
	cfg.Version = l.ack.Version
	cfg.Ack = mqtt.AckOnTake
	cfg.Trace = nil
	for _, c := range change {
		c(&cfg)
	}
	c, err := mqtt.New(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		c.Abort()
		return nil, err
	}
	return c, nil
}

// leave disconnects, also when the check's time is over.
func (l *lab) leave(c *mqtt.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c.CloseWith(ctx, mqtt.Disconnect{})
}

// next is the next message.
func (l *lab) next(ctx context.Context, c *mqtt.Client) (*mqtt.Received, error) {
	select {
	case m, open := <-c.Messages():
		if !open {
			return nil, c.Err()
		}
		return m, nil
	case <-ctx.Done():
		return nil, errNotDelivered
	}
}

// collect takes messages until want of them are there, or time is up.
func (l *lab) collect(ctx context.Context, c *mqtt.Client, want ...string) error {
	for len(want) > 0 {
		m, err := l.next(ctx, c)
		if err != nil {
			return err
		}
		if i := slices.Index(want, string(m.Payload)); i >= 0 {
			want = slices.Delete(want, i, i+1)
		}
	}
	return nil
}
