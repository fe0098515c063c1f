package mqtt_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// TestCrashes kills a publisher and a consumer at random moments, beside connections that are lost, over disks that take their
// time, and checks what a durable store promises (contract 11 and 19). SLUICE_CRASHES is how often, SLUICE_SEED the seed.
func TestCrashes(t *testing.T) {
	seed := uint64(number(t, "SLUICE_SEED", int(time.Now().UnixNano()%1_000_000)))
	crashes := number(t, "SLUICE_CRASHES", 20)
	for _, versions := range [][]mqtt.Version{{mqtt.V5}, {mqtt.V311}, {mqtt.V5, mqtt.V311}} {
		for _, mode := range []taking{onTake, byHand, byLoop} {
			for _, flaky := range []bool{false, true} {
				t.Run(fmt.Sprint(versions, "/", mode, map[bool]string{true: "/disks that fail"}[flaky]), func(t *testing.T) {
					t.Logf("SLUICE_SEED=%d SLUICE_CRASHES=%d", seed, crashes)
					synctest.Test(t, func(t *testing.T) { crash(t, versions, mode, flaky, crashes, seed) })
				})
			}
		}
	}
}

// taking is how the consumer takes its messages.
type taking string

const (
	onTake taking = "on take"
	byHand taking = "by hand"
	byLoop taking = "All"
)

// village is the server and the clients' disks.
type village struct {
	*testing.T
	chaos
	broker   *mqtttest.Broker
	versions []mqtt.Version // of the processes, at random
	mode     taking
	mu       sync.Mutex
	quiet    bool
	next     int
	promised map[int]bool // Stored was told
	taken    map[int]bool // it was taken back: a crash may have it sent again all the same, out of its order
	never    map[int]bool // it was told that it is never sent
	took     map[int]int  // by the consumer, how often without Redelivered
	again    map[int]int  // and with
	order    []int        // first takings at QoS 2
	tenants  sync.WaitGroup
}

func crash(t *testing.T, versions []mqtt.Version, mode taking, flaky bool, crashes int, seed uint64) {
	c := &village{T: t, chaos: chaos{r: rand.New(rand.NewPCG(seed, uint64(versions[0])))}, versions: versions, mode: mode,
		promised: make(map[int]bool), never: make(map[int]bool), taken: make(map[int]bool), took: make(map[int]int), again: make(map[int]int)}
	c.broker = mqtttest.NewBroker(mqtttest.BrokerConfig{})
	defer c.broker.Close()
	var processes sync.WaitGroup
	lag := func() time.Duration { return time.Duration(c.int(20)) * time.Millisecond }
	publisher, consumer := newDisk(), newDisk()
	publisher.lag, consumer.lag = lag, lag
	if flaky {
		publisher.flaky, consumer.flaky = c.fails, c.fails
	}
	first := c.consumer(consumer) // so that the session is there before anything is published
	client, err := mqtt.New(first)
	require.NoError(t, err)
	require.NoError(t, client.Connect(t.Context()))
	_, err = client.Subscribe(t.Context(), mqtt.Subscription{Filter: "#", QoS: mqtt.ExactlyOnce})
	require.NoError(t, err)
	require.NoError(t, client.Close(t.Context()))
	calm := make(chan struct{})
	processes.Go(func() { c.live(publisher, crashes, c.publisher, c.publish, calm) })
	processes.Go(func() { c.live(consumer, crashes, c.consumer, c.consume, calm) })
	processes.Go(func() {
		for !closed(calm) {
			time.Sleep(time.Duration(c.int(3000)) * time.Millisecond)
			c.broker.Drop()
		}
	})
	time.Sleep(time.Duration(crashes) * 500 * time.Millisecond)
	c.mu.Lock()
	c.quiet = true
	c.mu.Unlock()
	close(calm)
	processes.Wait()
	c.judge()
}

// fails has a write fail now and then, as long as anybody dies.
func (c *village) fails() error {
	c.mu.Lock()
	calm := c.quiet
	c.mu.Unlock()
	if !calm && c.int(20) == 0 {
		return errors.New("disk full")
	}
	return nil
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (c *village) config(id string, d *disk) mqtt.Config {
	ack := mqtt.AckOnTake
	if c.mode == byHand {
		ack = mqtt.AckManual
	}
	return mqtt.Config{Version: c.versions[c.int(len(c.versions))], ClientID: id, Store: d, Dialer: c.broker, Ack: ack, MaxInFlight: 20, RetryFirst: true,
		Backoff: mqtt.Backoff{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond}}
}

func (c *village) publisher(d *disk) mqtt.Config { return c.config("publisher", d) }
func (c *village) consumer(d *disk) mqtt.Config  { return c.config("consumer", d) }

// live runs a process until it dies, and the next one on its disk; the last one ends in order when all is done.
func (c *village) live(d *disk, crashes int, config func(*disk) mqtt.Config, work func(context.Context, *mqtt.Client), calm <-chan struct{}) {
	for !closed(calm) {
		client, err := mqtt.New(config(d))
		require.NoError(c, err)
		ctx, stop := context.WithCancel(context.Background())
		var busy sync.WaitGroup
		busy.Go(func() { client.Connect(ctx) })
		busy.Go(func() { work(ctx, client) })
		time.Sleep(time.Duration(c.int(1000)) * time.Millisecond)
		d = d.crash()
		client.Abort()
		stop()
		busy.Wait()
	}
	client, err := mqtt.New(config(d))
	require.NoError(c, err)
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	var busy sync.WaitGroup
	if config(d).ClientID == "consumer" {
		busy.Go(func() { work(ctx, client) })
	}
	require.NoError(c, client.Connect(ctx))
	require.NoError(c, client.Flush(context.Background()))
	<-ctx.Done()
	if err := client.Close(context.Background()); err != nil {
		c.Errorf("%v", err)
	}
	busy.Wait()
	require.Zero(c, d.count("mnr")-d.ghosts(), "nothing is left in the store: %q", d.records)
}

// publish publishes numbers, a random time apart, at QoS 1 and 2 by turns.
func (c *village) publish(ctx context.Context, client *mqtt.Client) {
	var watchers sync.WaitGroup
	defer watchers.Wait()
	for ctx.Err() == nil {
		c.mu.Lock()
		n := c.next
		c.next++
		c.mu.Unlock()
		d, err := client.PublishAsync(ctx, mqtt.Message{Topic: "t", Payload: []byte(strconv.Itoa(n)), QoS: mqtt.QoS(1 + n%2)})
		if err != nil {
			return
		}
		withdrawn := c.int(8) == 0
		if withdrawn {
			c.mu.Lock()
			c.taken[n] = true
			c.mu.Unlock()
			watchers.Go(func() {
				elapse(time.Duration(c.int(60)) * time.Millisecond)
				d.Withdraw(context.Background())
			})
		}
		watchers.Go(func() {
			if <-d.Done(); errors.Is(d.Wait(context.Background()), mqtt.ErrNotSent) {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.never[n] = true
			}
		})
		watchers.Go(func() {
			<-d.Stored()
			if withdrawn {
				return
			}
			ended, stop := context.WithCancel(context.Background())
			stop()
			if err := d.Wait(ended); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, mqtt.ErrKept) {
				return
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.promised[n] = true
		})
		if c.int(10) == 0 {
			time.Sleep(time.Duration(c.int(100)) * time.Millisecond)
		}
	}
}

// consume notes each number, and then acknowledges it where that is its to do.
func (c *village) consume(ctx context.Context, client *mqtt.Client) {
	if c.mode == byLoop {
		for !closed(client.Done()) {
			for m := range client.All(ctx) {
				c.take(m)
				if c.int(10) == 0 {
					m.Ack()
					break // a loop ends, and another begins
				}
			}
			elapse(time.Duration(c.int(5)) * time.Millisecond)
		}
		return
	}
	for m := range client.Messages() {
		c.take(m)
		if c.mode == byHand {
			m.Ack()
		}
	}
}

func (c *village) take(m *mqtt.Received) {
	n, err := strconv.Atoi(string(m.Payload))
	require.NoError(c, err)
	c.mu.Lock()
	if m.Redelivered || m.QoS == mqtt.AtLeastOnce && m.Dup {
		c.again[n]++
	} else {
		c.took[n]++
	}
	if c.took[n]+c.again[n] == 1 && m.QoS == mqtt.ExactlyOnce {
		c.order = append(c.order, n)
	}
	c.mu.Unlock()
	if c.int(10) == 0 {
		elapse(time.Duration(c.int(50)) * time.Millisecond)
	}
}

func (c *village) judge() {
	arrived := make(map[int]int)
	last := [3]int{-1, -1, -1}
	for _, r := range c.broker.Received() {
		n, err := strconv.Atoi(string(r.Message.Payload))
		require.NoError(c, err)
		if arrived[n]++; arrived[n] == 1 && !c.taken[n] {
			q := r.Message.QoS
			require.Greater(c, n, last[q], "order of QoS %d", q)
			last[q] = n
		}
	}
	lost, promised := 0, 0
	for n := range c.next {
		qos := codec.QoS(1 + n%2)
		if c.never[n] {
			require.Zero(c, arrived[n], "number %d was never to be sent, and has arrived", n)
		}
		if c.promised[n] {
			promised++
			require.Positive(c, arrived[n], "number %d was stored, and has not arrived", n)
		}
		if qos == codec.ExactlyOnce {
			require.LessOrEqual(c, arrived[n], 1, "number %d arrived twice", n)
			require.LessOrEqual(c, c.took[n], 1, "number %d was handed out twice, and not as redelivered", n)
			if c.mode == onTake {
				require.LessOrEqual(c, c.took[n]+c.again[n], 1, "number %d was handed out twice", n)
			}
		}
		if arrived[n] > 0 && c.took[n]+c.again[n] == 0 {
			lost++
			require.True(c, c.mode == onTake && qos == codec.ExactlyOnce, "number %d was never handed out", n)
		}
	}
	require.IsIncreasing(c, c.order)
	require.Empty(c, c.broker.Violations())
	c.Logf("%d numbers, %d promised, %d arrived, %d taken by nobody", c.next, promised, len(arrived), lost)
	require.Greater(c, promised, 100)
}
