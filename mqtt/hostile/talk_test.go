package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// script is what a conversation is made of: each step takes the bytes that it needs, and zeros when there are no more.
type script struct{ rest []byte }

func (s *script) byte() byte {
	if len(s.rest) == 0 {
		return 0
	}
	b := s.rest[0]
	s.rest = s.rest[1:]
	return b
}

// n is a number below k.
func (s *script) n(k int) int { return int(s.byte()) % k }

// yes is true for one byte in k.
func (s *script) yes(k int) bool { return s.n(k) == k-1 }

// talk is a conversation: a client whose user does anything that is allowed, and a server that does anything at all. The
// script moves both; after each step all is left to come to rest, so that the same script gives the same conversation.
type talk struct {
	*testing.T
	*script
	cfg    mqtt.Config
	server *mqtttest.Server
	client *mqtt.Client
	peer   *peer
	user   user
	told   bool // each packet is logged
	wild   bool // the server has broken a rule: what it says proves nothing any more
}

// mostSteps bounds a conversation.
const mostSteps = 150

// converse has a conversation and judges it.
func converse(t *testing.T, b []byte, told bool) {
	c := &talk{T: t, told: told, script: &script{b}, server: mqtttest.NewServer(), peer: newPeer()}
	defer c.server.Close()
	c.configure()
	var err error
	if c.client, err = mqtt.New(c.cfg); err != nil {
		t.Fatalf("New: %v", err)
	}
	defer c.client.Abort()
	c.user.begin(c)
	defer close(c.user.stop)
	if !c.yes(4) {
		c.connect()
	}
	for range mostSteps {
		if len(c.rest) == 0 {
			break
		}
		if c.byte()&1 == 0 {
			c.serve()
		} else {
			c.use()
		}
		c.settle()
	}
	c.calm()
}

// configure takes the first bytes for the client's configuration.
func (c *talk) configure() {
	version, life := c.n(3), int(c.byte())
	c.cfg = mqtt.Config{
		Dialer: c.server, ClientID: "talk", ConnectTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, RetryFirst: true,
		Version: versions[version], Session: mqtt.Session(life % 3),
		Backoff:    mqtt.Backoff{Min: 100 * time.Millisecond, Max: time.Second, NoJitter: true},
		KeepAlive:  []time.Duration{10 * time.Second, -1}[c.n(2)],
		Outbox:     mqtt.Bounds{Messages: 12 + c.n(20)},
		OutboxFull: mqtt.OutboxPolicy(c.n(3)), Offline: mqtt.Offline(c.n(3)), Overflow: mqtt.Overflow(c.n(3)), Ack: mqtt.AckMode(c.n(3)),
		MaxInFlight: 1 + c.n(8), ReceiveMaximum: 1 + c.n(8), Inbox: mqtt.Bounds{Messages: 1 + c.n(8)},
		MaxPacketSize: []int{0, 200}[c.n(2)],
	}
	flags := c.byte()
	c.cfg.LatestOnly, c.cfg.NoOfflineQoS0, c.cfg.NoResubscribe, c.cfg.AwaitResubscribe = flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0
	if flags&16 != 0 {
		c.cfg.OnSessionLost = mqtt.LostFail
	}
	if flags&32 != 0 && c.cfg.Version == mqtt.V5 {
		c.cfg.TopicAliasMaximum = 3
	}
	if c.cfg.Version == mqtt.V5 {
		c.cfg.TopicAlias = mqtt.AliasMode(life / 3 % 3)
	}
	if flags&64 != 0 {
		c.cfg.Store, c.cfg.Session = mqtt.NewMemoryStore(), mqtt.SessionDurable
	}
	if flags&128 != 0 {
		c.cfg.InboxHard = mqtt.Bounds{Messages: 8}
	}
}

// rest_ lets all come to rest, and takes what was said.
func (c *talk) settle() {
	synctest.Wait()
	c.peer.hear(c)
	c.user.look(c)
}

// pass lets time pass.
func (c *talk) pass(d time.Duration) {
	time.Sleep(d)
	c.settle()
}

// ended says whether the client has.
func (c *talk) ended() bool {
	select {
	case <-c.client.Done():
		return true
	default:
		return false
	}
}

// calm lets the server be a good one from now on, and proves that nothing has been lost, left or poisoned.
func (c *talk) calm() {
	c.user.release(c)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c.peer.behave(ctx, c)
	c.settle()
	if !c.ended() && !c.user.closing {
		c.settles()
	}
	if !c.ended() {
		short, over := context.WithTimeout(context.Background(), time.Minute)
		defer over()
		c.judgeClose(c.client.Close(short))
	}
	c.settle()
	c.pass(time.Hour)
	c.user.allEnded(c)
	out := c.client.Stats().Out
	if out.InFlight+out.Queued != 0 || out.Admitted != out.Done+out.Refused+out.NotSent+out.Uncertain+out.Kept {
		c.Fatalf("after the end: %+v", out)
	}
	c.user.judge(c)
	c.inherit()
}

func (c *talk) judgeClose(err error) {
	if u, ok := errors.AsType[*mqtt.UnfinishedError](err); err != nil && (!ok || u.Hook != "") {
		c.Fatalf("Close: %v", err)
	}
}

// note tells what happens, for a script that is looked into: one whose seed was given.
func (c *talk) note(format string, values ...any) {
	if c.told {
		c.Logf(format, values...)
	}
}

// settles proves that with a good server everything ends, and that the client is as good as new.
func (c *talk) settles() {
	ctx, stop := context.WithTimeout(context.Background(), time.Hour)
	defer stop()
	if err := c.client.Connect(ctx); err != nil && !errors.Is(err, mqtt.ErrConnected) {
		c.Fatalf("Connect to a good server: %v", err)
	}
	if err := c.client.AwaitConnected(ctx); err != nil {
		c.Fatalf("no connection to a good server: %v", err)
	}
	if err := c.client.Flush(ctx); errors.Is(err, context.DeadlineExceeded) {
		c.Fatalf("something never ends: %+v", c.client.Stats().Out)
	}
	for qos := mqtt.AtMostOnce; qos <= mqtt.ExactlyOnce; qos++ {
		if err := c.client.Publish(ctx, mqtt.Message{Topic: "calm", QoS: qos}); err != nil {
			c.Fatalf("publish at %v: %v", qos, err)
		}
	}
	if _, err := c.client.Subscribe(ctx, mqtt.Subscription{Filter: "calm"}); err != nil {
		c.Fatalf("subscribe: %v", err)
	}
	c.settle()
	if out := c.client.Stats().Out; out.InFlight+out.Queued != 0 {
		c.Fatalf("left behind: %+v", out)
	}
	if !c.user.withdrew {
		c.window(ctx)
	}
}

// window proves that all of the window is free: as many messages leave without an answer as may.
func (c *talk) window(ctx context.Context) {
	c.peer.mute.Store(true)
	before := c.peer.published
	var open []*mqtt.Delivery
	for i := range c.cfg.MaxInFlight + 2 {
		m := mqtt.Message{Topic: fmt.Sprintf("calm/%d", i), QoS: mqtt.AtLeastOnce}
		d, err := c.client.PublishAsync(ctx, m)
		if err != nil {
			c.Fatalf("publish: %v", err)
		}
		open = append(open, d)
	}
	c.settle()
	if n := c.peer.published - before; n != c.cfg.MaxInFlight {
		c.Fatalf("the window lets %d messages through, want %d", n, c.cfg.MaxInFlight)
	}
	c.peer.mute.Store(false)
	c.peer.drop()
	c.settle()
	if err := c.client.AwaitConnected(ctx); err != nil {
		c.Fatalf("no connection: %v", err)
	}
	for _, d := range open {
		if err := d.Wait(ctx); err != nil && !(errors.Is(err, mqtt.ErrUncertain) && c.cfg.OnSessionLost == mqtt.LostFail) {
			c.Fatalf("published in the calm: %v", err)
		}
	}
}

// inherit opens the store again: what was kept must arrive, unless the server has answered what it never got.
func (c *talk) inherit() {
	var missing []string
	for _, s := range c.user.sent {
		if errors.Is(s.end, mqtt.ErrKept) && !s.expires && c.peer.arrived[s.payload] == 0 {
			missing = append(missing, s.payload)
		}
	}
	if len(missing) == 0 || c.cfg.LatestOnly {
		return
	}
	heir, err := mqtt.New(c.cfg)
	if err != nil {
		c.Fatalf("New on the store: %v", err)
	}
	defer heir.Abort()
	ctx, stop := context.WithTimeout(context.Background(), time.Hour)
	defer stop()
	c.peer.session.Store(true)
	if err := heir.Connect(ctx); err != nil {
		c.Fatalf("Connect with the store: %v", err)
	}
	if err := heir.Flush(ctx); errors.Is(err, context.DeadlineExceeded) {
		c.Fatalf("flush: %v", err)
	}
	synctest.Wait()
	c.peer.hear(c)
	missing = slices.DeleteFunc(missing, func(payload string) bool { return c.peer.arrived[payload] > 0 })
	if len(missing) > 0 && !c.wild {
		c.Fatalf("kept, and never sent: %q", missing)
	}
	if err := heir.Close(ctx); err != nil {
		c.judgeClose(err)
	}
}
