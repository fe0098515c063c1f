package mqtt_test

import (
	"context"
	"errors"
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
	crashes := number(t, "SLUICE_CRASHES", 40)
	for _, v := range []mqtt.Version{mqtt.V5, mqtt.V311} {
		for _, mode := range []mqtt.AckMode{mqtt.AckOnTake, mqtt.AckManual} {
			t.Run(v.String()+map[mqtt.AckMode]string{mqtt.AckOnTake: "/on take", mqtt.AckManual: "/by hand"}[mode], func(t *testing.T) {
				t.Logf("SLUICE_SEED=%d SLUICE_CRASHES=%d", seed, crashes)
				synctest.Test(t, func(t *testing.T) { crash(t, v, mode, crashes, seed) })
			})
		}
	}
}

// village is the server and the clients' disks.
type village struct {
	*testing.T
	chaos
	broker   *mqtttest.Broker
	version  mqtt.Version
	mode     mqtt.AckMode
	mu       sync.Mutex
	next     int
	promised map[int]bool // Stored was told
	took     map[int]int  // by the consumer, how often without Redelivered
	again    map[int]int  // and with
	order    []int        // first takings at QoS 2
}

func crash(t *testing.T, v mqtt.Version, mode mqtt.AckMode, crashes int, seed uint64) {
	c := &village{T: t, chaos: chaos{r: rand.New(rand.NewPCG(seed, uint64(v)))}, version: v, mode: mode,
		promised: make(map[int]bool), took: make(map[int]int), again: make(map[int]int)}
	c.broker = mqtttest.NewBroker(mqtttest.BrokerConfig{})
	defer c.broker.Close()
	var processes sync.WaitGroup
	lag := func() time.Duration { return time.Duration(c.int(20)) * time.Millisecond }
	publisher, consumer := newDisk(), newDisk()
	publisher.lag, consumer.lag = lag, lag
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
	close(calm)
	processes.Wait()
	c.judge()
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
	return mqtt.Config{Version: c.version, ClientID: id, Store: d, Dialer: c.broker, Ack: c.mode, MaxInFlight: 20,
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
	require.Zero(c, d.count("mnr"), "nothing is left in the store: %q", d.records)
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
		watchers.Go(func() {
			<-d.Stored()
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
	for m := range client.Messages() {
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
			time.Sleep(time.Duration(c.int(50)) * time.Millisecond)
		}
		if c.mode == mqtt.AckManual {
			m.Ack()
		}
	}
}

func (c *village) judge() {
	arrived := make(map[int]int)
	last := [3]int{-1, -1, -1}
	for _, r := range c.broker.Received() {
		n, err := strconv.Atoi(string(r.Message.Payload))
		require.NoError(c, err)
		if arrived[n]++; arrived[n] == 1 {
			q := r.Message.QoS
			require.Greater(c, n, last[q], "order of QoS %d", q)
			last[q] = n
		}
	}
	lost, promised := 0, 0
	for n := range c.next {
		qos := codec.QoS(1 + n%2)
		if c.promised[n] {
			promised++
			require.Positive(c, arrived[n], "number %d was stored, and has not arrived", n)
		}
		if qos == codec.ExactlyOnce {
			require.LessOrEqual(c, arrived[n], 1, "number %d arrived twice", n)
			require.LessOrEqual(c, c.took[n], 1, "number %d was handed out twice, and not as redelivered", n)
			if c.mode == mqtt.AckOnTake {
				require.LessOrEqual(c, c.took[n]+c.again[n], 1, "number %d was handed out twice", n)
			}
		}
		if arrived[n] > 0 && c.took[n]+c.again[n] == 0 {
			lost++
			require.True(c, c.mode == mqtt.AckOnTake && qos == codec.ExactlyOnce, "number %d was never handed out", n)
		}
	}
	require.IsIncreasing(c, c.order)
	require.Empty(c, c.broker.Violations())
	c.Logf("%d numbers, %d promised, %d arrived, %d taken by nobody", c.next, promised, len(arrived), lost)
	require.Greater(c, promised, 100)
}
