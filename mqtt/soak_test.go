package mqtt_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// TestSoak publishes and receives over connections that are cut, stalled, slowed down and torn into small pieces at random,
// and checks what must hold all the same: every admitted operation ends exactly once and truthfully, order holds by QoS,
// QoS 2 is exactly once, and nothing is left running. SLUICE_SOAK is the number of operations, SLUICE_SEED the seed of the
// randomness, which a failure names.
func TestSoak(t *testing.T) {
	n := number(t, "SLUICE_SOAK", 12_000)
	seed := uint64(number(t, "SLUICE_SEED", int(time.Now().UnixNano()%1_000_000)))
	for _, v := range []mqtt.Version{mqtt.V5, mqtt.V311} {
		t.Run("Regression18 v"+v.String(), func(t *testing.T) {
			t.Logf("SLUICE_SEED=%d SLUICE_SOAK=%d", seed, n)
			synctest.Test(t, func(t *testing.T) { soak(t, v, n/2, seed) })
		})
	}
}

func number(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

// chaos is what happens to the connections.
type chaos struct {
	mu sync.Mutex
	r  *rand.Rand
	on bool
}

func (c *chaos) int(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.IntN(n)
}

func (c *chaos) calm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = false
}

// prepare gives each connection its own faults.
func (c *chaos) prepare(p *mqtttest.PipeConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.on {
		return
	}
	for _, flow := range []*mqtttest.Flow{p.In(), p.Out()} {
		if c.r.IntN(2) == 0 {
			flow.SetSize(c.r.IntN(4000) + 1)
		}
		if c.r.IntN(2) == 0 {
			flow.ChunkRandom(c.r.IntN(50)+1, c.r.Uint64())
		}
		if c.r.IntN(3) > 0 {
			flow.CutAfter(c.r.IntN(30_000) + 100)
		}
	}
}

// run does what a whole server suffers: connections dropped, silence, delay.
func (c *chaos) run(ctx context.Context, b *mqtttest.Broker) {
	for ctx.Err() == nil {
		pause := time.Duration(c.int(800)+1) * time.Millisecond
		switch c.int(5) {
		case 0:
			b.Drop()
		case 1:
			b.Stall(true)
		case 2:
			b.Delay(time.Duration(c.int(50)) * time.Millisecond)
		case 3:
			b.Stall(false)
			b.Delay(0)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	b.Stall(false)
	b.Delay(0)
}

// ledger is what one publisher was told of its messages.
type ledger struct {
	qos   mqtt.QoS
	fates map[int]error
	open  map[int]*mqtt.Delivery
}

func soak(t *testing.T, v mqtt.Version, n int, seed uint64) {
	const publishers = 6
	server := mqtttest.NewServer()
	broker := mqtttest.NewBroker(mqtttest.BrokerConfig{Server: server})
	defer broker.Close()
	c := &chaos{r: rand.New(rand.NewPCG(seed, uint64(v))), on: true}
	server.Prepare(c.prepare)
	cfg := mqtt.Config{
		Version: v, Dialer: broker, ClientID: "publisher", Session: mqtt.SessionDurable, ConnectTimeout: 2 * time.Second,
		WriteTimeout: 2 * time.Second, KeepAlive: 10 * time.Second, RetryFirst: true, MaxInFlight: 50,
		Backoff: mqtt.Backoff{Min: 10 * time.Millisecond, Max: 200 * time.Millisecond},
	}
	publisher, err := mqtt.New(cfg)
	require.NoError(t, err)
	cfg.ClientID = "consumer"
	consumer, err := mqtt.New(cfg)
	require.NoError(t, err)

	ctx, stop := context.WithCancel(context.Background())
	var crowd sync.WaitGroup
	crowd.Go(func() { c.run(ctx, broker) })
	var received []string
	var reader sync.WaitGroup
	reader.Go(func() { received = read(consumer) })
	require.NoError(t, consumer.Connect(context.Background()))
	_, err = consumer.Subscribe(context.Background(), mqtt.Subscription{Filter: "soak/#", QoS: mqtt.ExactlyOnce})
	require.NoError(t, err)
	require.NoError(t, publisher.Connect(context.Background()))

	ledgers := make([]*ledger, publishers)
	var writers sync.WaitGroup
	for w := range publishers {
		ledgers[w] = &ledger{qos: mqtt.QoS(w % 3), fates: map[int]error{}, open: map[int]*mqtt.Delivery{}}
		r := rand.New(rand.NewPCG(seed, uint64(w)))
		writers.Go(func() { ledgers[w].write(t, publisher, w, n/publishers, r) })
	}
	writers.Wait()
	stop()
	crowd.Wait()
	c.calm()
	broker.Drop() // from here on connections are sound
	for _, l := range ledgers {
		l.settle(t)
	}
	publisher.Flush(closing(t, time.Hour))
	require.NoError(t, publisher.Close(closing(t, time.Hour)))
	stats := publisher.Stats().Out
	require.Equal(t, stats.Admitted, stats.Done+stats.Refused+stats.NotSent+stats.Uncertain, "every admitted operation ends exactly once")
	require.Empty(t, broker.Violations())
	arrived := arrivals(broker)
	for w, l := range ledgers {
		l.judge(t, w, arrived[w])
	}
	drain(t, broker, consumer)
	reader.Wait()
	judgeReceived(t, ledgers, arrived, received)
}

// read takes all that comes, half of it in loops that acknowledge after their body.
func read(c *mqtt.Client) (got []string) {
	for {
		n := 0
		for m := range c.All(context.Background()) {
			got = append(got, m.Topic+"/"+string(m.Payload))
			if n++; n == 100 {
				m.Ack() // the loop is left by break: without this the message would come back
				break
			}
		}
		if n == 0 {
			return got
		}
		for range 100 {
			m, open := <-c.Messages()
			if !open {
				return got
			}
			got = append(got, m.Topic+"/"+string(m.Payload))
		}
	}
}

// write publishes n messages in every way that there is.
func (l *ledger) write(t *testing.T, c *mqtt.Client, w, n int, r *rand.Rand) {
	topic := fmt.Sprintf("soak/%d", w)
	for i := range n {
		m := mqtt.Message{Topic: topic, QoS: l.qos, Payload: fmt.Appendf(nil, "%d", i)}
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(3000))*time.Millisecond)
		if r.IntN(4) == 0 {
			l.note(t, i, c.Publish(ctx, m))
		} else {
			d, err := c.PublishAsync(ctx, m)
			if err != nil {
				l.note(t, i, err)
			} else {
				l.open[i] = d
				if r.IntN(50) == 0 {
					d.Withdraw(context.Background())
				}
			}
		}
		cancel()
	}
}

// note keeps one outcome, or what goes on towards one.
func (l *ledger) note(t *testing.T, i int, err error) {
	if e, ok := errors.AsType[*mqtt.InFlightError](err); ok {
		l.open[i] = e.Delivery
		return
	}
	if _, twice := l.fates[i]; twice {
		t.Errorf("operation %d has ended twice", i)
	}
	l.fates[i] = err
}

// settle waits for what is open.
func (l *ledger) settle(t *testing.T) {
	for i, d := range l.open {
		l.note(t, i, d.Wait(closing(t, time.Hour)))
	}
}

// arrivals lists for each publisher what the server got, in the order of completion.
func arrivals(b *mqtttest.Broker) map[int][]int {
	all := map[int][]int{}
	for _, m := range b.Received() {
		w, i := parse(m.Message.Topic + "/" + string(m.Message.Payload))
		all[w] = append(all[w], i)
	}
	return all
}

func parse(text string) (w, i int) {
	parts := strings.Split(text, "/")
	w, _ = strconv.Atoi(parts[1])
	i, _ = strconv.Atoi(parts[2])
	return w, i
}

// judge compares what a publisher was told with what arrived.
func (l *ledger) judge(t *testing.T, w int, arrived []int) {
	times := map[int]int{}
	var firsts []int
	for _, i := range arrived {
		if times[i]++; times[i] == 1 {
			firsts = append(firsts, i)
		}
	}
	if !slices.IsSorted(firsts) {
		t.Errorf("publisher %d (%v): order was not kept", w, l.qos)
	}
	for _, i := range slices.Sorted(maps.Keys(l.fates)) {
		err, n := l.fates[i], times[i]
		switch {
		case err == nil && l.qos == mqtt.AtLeastOnce && n == 0, err == nil && l.qos == mqtt.ExactlyOnce && n != 1:
			t.Errorf("publisher %d (%v): message %d is done, and arrived %d times", w, l.qos, i, n)
		case errors.Is(err, mqtt.ErrNotSent) && n != 0:
			t.Errorf("publisher %d (%v): message %d was not sent (%v), and arrived %d times", w, l.qos, i, err, n)
		case n > 1 && l.qos != mqtt.AtLeastOnce:
			t.Errorf("publisher %d (%v): message %d arrived %d times", w, l.qos, i, n)
		case err != nil && !errors.Is(err, mqtt.ErrNotSent) && !errors.Is(err, mqtt.ErrUncertain):
			t.Errorf("publisher %d (%v): message %d ended with %v", w, l.qos, i, err)
		}
	}
}

// drain publishes a last message and waits until the consumer has all before it.
func drain(t *testing.T, b *mqtttest.Broker, consumer *mqtt.Client) {
	synctest.Wait()
	time.Sleep(time.Minute) // of the bubble: the session is resumed, all is sent again and taken
	synctest.Wait()
	require.NoError(t, consumer.Close(closing(t, time.Hour)))
}

// judgeReceived compares what the consumer got with what the server had to deliver.
func judgeReceived(t *testing.T, ledgers []*ledger, arrived map[int][]int, received []string) {
	got := map[int][]int{}
	for _, text := range received {
		w, i := parse(text)
		got[w] = append(got[w], i)
	}
	for w, l := range ledgers {
		switch l.qos {
		case mqtt.ExactlyOnce:
			require.Equal(t, arrived[w], got[w], "publisher %d: what came in at QoS 2 goes out exactly once, in order", w)
		case mqtt.AtLeastOnce:
			var firsts []int
			seen := map[int]bool{}
			for _, i := range got[w] {
				if !seen[i] {
					seen[i] = true
					firsts = append(firsts, i)
				}
			}
			want := slices.Compact(slices.Sorted(slices.Values(arrived[w])))
			require.Equal(t, want, firsts, "publisher %d: at QoS 1 nothing is missing, first comings are in order", w)
		}
	}
}
