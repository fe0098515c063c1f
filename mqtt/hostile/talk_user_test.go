package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// user is the application's side of a conversation.
type user struct {
	sent      []*sent
	begun     int
	results   chan result
	ended     int
	consumers []*consumer
	taken     chan taking
	stop      chan struct{}    // closed when the conversation is over, whatever came of it
	held      []*mqtt.Received // taken and not acknowledged
	handed    map[string]int   // how often each consumer was handed each message
	rejected  map[string]bool
	up        bool // what the events say
	serial    int
	connected bool // Connect was called
	closing   bool
	withdrew  bool
}

// sent is a message of the client's.
type sent struct {
	payload string
	qos     mqtt.QoS
	expires bool
	d       *mqtt.Delivery
	over    bool
	end     error
}

// result is how a blocking call ended.
type result struct {
	number  int
	name    string
	message *sent // of a Publish
	err     error
}

// consumer takes messages while it isn't held.
type consumer struct {
	stream *mqtt.Stream
	number int
	hold   chan bool
	held   bool
	gone   chan struct{}
}

type taking struct {
	by int
	m  *mqtt.Received
}

func (u *user) begin(c *talk) {
	u.results, u.taken = make(chan result, 256), make(chan taking, 256)
	u.stop = make(chan struct{})
	u.handed, u.rejected = map[string]int{}, map[string]bool{}
	u.consume(nil, c.client.Messages())
}

func (u *user) consume(s *mqtt.Stream, messages <-chan *mqtt.Received) {
	k := &consumer{stream: s, number: len(u.consumers), hold: make(chan bool), gone: make(chan struct{})}
	u.consumers = append(u.consumers, k)
	go func() {
		defer close(k.gone)
		open := messages
		for {
			select {
			case hold := <-k.hold:
				if open = messages; hold {
					open = nil
				}
			case <-u.stop:
				return
			case m, more := <-open:
				if !more {
					return
				}
				u.taken <- taking{k.number, m}
			}
		}
	}()
}

// set holds a consumer, or lets it go on.
func (k *consumer) set(hold bool) {
	k.held = hold
	select {
	case k.hold <- hold:
	case <-k.gone:
	}
}

// call runs a blocking call beside the conversation.
func (c *talk) call(name string, patience time.Duration, f func(ctx context.Context) error) {
	c.callFor(name, nil, patience, f)
}

func (c *talk) callFor(name string, m *sent, patience time.Duration, f func(ctx context.Context) error) {
	c.user.begun++
	c.note("call %d: %s for %v", c.user.begun, name, patience)
	number := c.user.begun
	go func() {
		ctx, stop := context.WithTimeout(context.Background(), patience)
		defer stop()
		c.user.results <- result{number, name, m, f(ctx)}
	}()
}

// patience is how long a call may take.
func (c *talk) patience() time.Duration {
	return []time.Duration{time.Hour, time.Millisecond, time.Second, 30 * time.Second}[c.n(4)]
}

// use is one step of the user's.
func (c *talk) use() {
	u := &c.user
	switch c.n(16) {
	case 0, 1, 2, 3:
		c.publish()
	case 4:
		c.subscribe()
	case 5:
		filter := c.filter()
		c.call("Unsubscribe", c.patience(), func(ctx context.Context) error { return c.client.Unsubscribe(ctx, filter) })
	case 6:
		c.declare()
	case 7:
		if k := u.consumers[c.n(len(u.consumers))]; k.stream != nil {
			c.call("Stream.Close", c.patience(), k.stream.Close)
		}
	case 8:
		c.withdraw()
	case 9:
		k := u.consumers[c.n(len(u.consumers))]
		k.set(!k.held)
	case 10, 11:
		c.acknowledge()
	case 12:
		c.pass([]time.Duration{time.Second, 100 * time.Millisecond, 5 * time.Second, 20 * time.Second, 2 * time.Minute}[c.n(5)])
	case 13:
		c.call("Flush", c.patience(), c.client.Flush)
	case 14:
		c.connect()
	case 15:
		c.end()
	}
}

func (c *talk) connect() {
	if c.user.connected {
		c.call("Reconnect", c.patience(), c.client.Reconnect)
		return
	}
	c.user.connected = true
	c.call("Connect", time.Hour, c.client.Connect)
}

// end ends the client in one of the ways; most scripts say otherwise.
func (c *talk) end() {
	switch c.n(8) {
	case 1:
		c.user.closing = true
		c.call("Close", c.patience(), c.client.Close)
	case 2:
		c.user.closing = true
		c.call("Abort", time.Hour, func(context.Context) error { return c.client.Abort() })
	}
}

func (c *talk) publish() {
	u := &c.user
	u.serial++
	s := &sent{payload: fmt.Sprintf("c%d", u.serial), qos: mqtt.QoS(c.n(3))}
	b := c.byte()
	m := mqtt.Message{Topic: fmt.Sprintf("c/%d", b&3), QoS: s.qos, Retain: b&4 != 0, Payload: []byte(s.payload)}
	if c.cfg.Version == mqtt.V5 && b&8 != 0 {
		m.Properties = &mqtt.PublishProperties{TopicAlias: uint16(b >> 6)}
		if b&16 != 0 {
			m.Properties.MessageExpiryInterval, s.expires = new(3*time.Second), true
		}
	}
	if b&32 != 0 {
		m.Payload = append(m.Payload, make([]byte, 300)...)
		s.payload = string(m.Payload)
	}
	patience := c.patience()
	if c.n(2) == 0 {
		ctx, stop := context.WithTimeout(context.Background(), time.Millisecond)
		defer stop()
		d, err := c.client.PublishAsync(ctx, m)
		if s.d = d; err != nil {
			s.over, s.end = true, err
		}
		u.sent = append(u.sent, s)
		return
	}
	u.sent = append(u.sent, s)
	c.callFor("Publish", s, patience, func(ctx context.Context) error { return c.client.Publish(ctx, m) })
}

func (c *talk) filter() string { return []string{"s/0", "s/1", "s/#", "s/+", "#"}[c.n(5)] }

func (c *talk) subscribe() {
	var subs []mqtt.Subscription
	for range 1 + c.n(3) {
		subs = append(subs, mqtt.Subscription{Filter: c.filter(), QoS: mqtt.QoS(c.n(3))})
		if len(subs) > 1 && subs[0].Filter == subs[len(subs)-1].Filter {
			subs = subs[:len(subs)-1]
		}
	}
	c.call("Subscribe", c.patience(), func(ctx context.Context) error {
		_, err := c.client.Subscribe(ctx, subs...)
		return err
	})
}

func (c *talk) declare() {
	if len(c.user.consumers) > 6 {
		return
	}
	cfg := mqtt.StreamConfig{Ack: mqtt.AckMode(c.n(3)), Overflow: mqtt.Overflow(c.n(3))}
	s, err := c.client.Declare(cfg, mqtt.Subscription{Filter: c.filter(), QoS: mqtt.QoS(c.n(3))})
	if err != nil {
		return // the client has ended, or this can't be asked for here
	}
	c.user.consume(s, s.Messages())
}

func (c *talk) withdraw() {
	u := &c.user
	if len(u.sent) == 0 {
		return
	}
	if s := u.sent[c.n(len(u.sent))]; s.d != nil {
		u.withdrew = true
		c.call("Withdraw", c.patience(), s.d.Withdraw)
	}
}

// acknowledge deals with one of the messages that were taken, in any order, also more than once.
func (c *talk) acknowledge() {
	u := &c.user
	if len(u.held) == 0 {
		return
	}
	m := u.held[c.n(len(u.held))]
	var err error
	if c.yes(5) {
		u.rejected[string(m.Payload)] = true
		err = m.Reject(mqtt.ReasonCode(0x83), "no")
	} else {
		err = m.Ack()
	}
	if err != nil && !c.ended() && !errors.Is(err, mqtt.ErrStale) && !errors.Is(err, mqtt.ErrVersion) {
		c.Fatalf("acknowledging: %v", err)
	}
}

// release ends every hold.
func (u *user) release(c *talk) {
	for _, k := range u.consumers {
		k.set(false)
	}
	c.settle()
}
