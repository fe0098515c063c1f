package mqtt_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// TestRequestModel has many goroutines ask over connections that fail at random, a responder that answers late, twice, wrongly
// or not at all, and contexts that end at any time. Each Request has to end once, with its own answer or a truthful error.
// SLUICE_SOAK is the number of requests, SLUICE_SEED the seed of the randomness, which a failure names.
func TestRequestModel(t *testing.T) {
	n := number(t, "SLUICE_SOAK", 4_000)
	seed := uint64(number(t, "SLUICE_SEED", int(time.Now().UnixNano()%1_000_000)))
	for name, announce := range map[string]codec.ConnAckProperties{
		"sessions are kept": {}, "sessions end with their connection": {SessionExpiryInterval: new(uint32(0))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Logf("SLUICE_SEED=%d SLUICE_SOAK=%d", seed, n)
			synctest.Test(t, func(t *testing.T) { requestModel(t, n/2, seed, announce) })
		})
	}
}

// hall is a requester and a responder on one broker.
type hall struct {
	*testing.T
	*chaos
	asks, answers *mqtt.Client

	served map[string]int // by payload, how often it was answered rightly
	ends   map[string]int // how requests ended
}

func requestModel(t *testing.T, n int, seed uint64, announce codec.ConnAckProperties) {
	server := mqtttest.NewServer()
	broker := mqtttest.NewBroker(mqtttest.BrokerConfig{Server: server, Announce: announce})
	defer broker.Close()
	h := &hall{T: t, chaos: &chaos{r: rand.New(rand.NewPCG(seed, uint64(n))), on: true}, served: make(map[string]int), ends: make(map[string]int)}
	server.Prepare(h.prepare)
	h.asks, h.answers = h.client(broker, "asks"), h.client(broker, "answers")

	serving, served := context.WithCancel(context.Background())
	var responder sync.WaitGroup
	responder.Go(func() { h.serve(serving) })
	raging, calm := context.WithCancel(context.Background())
	var storm, crowd sync.WaitGroup
	storm.Go(func() { h.run(raging, broker) })
	for w := range 40 {
		crowd.Go(func() {
			for i := range n / 40 {
				h.ask(fmt.Sprintf("%d-%d", w, i))
			}
		})
	}
	crowd.Wait()
	calm()
	storm.Wait()
	h.calm()
	broker.Drop()
	h.answered(n)

	var late sync.WaitGroup
	for i := range 20 { // nobody answers these, and Close ends them
		late.Go(func() {
			_, err := h.asks.Request(context.Background(), h.message(fmt.Sprintf("late-%d", i), 0))
			require.ErrorIs(h, err, mqtt.ErrClosed)
		})
	}
	synctest.Wait()
	h.asks.Close(closing(t, time.Minute))
	late.Wait()
	served()
	responder.Wait()
	h.answers.Close(closing(t, time.Minute))
	require.Empty(t, broker.Violations())
}

func (h *hall) client(broker *mqtttest.Broker, id string) *mqtt.Client {
	c, err := mqtt.New(mqtt.Config{
		Dialer: broker, ClientID: id, ConnectTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second,
		KeepAlive: 10 * time.Second, RetryFirst: true, MaxInFlight: 50, Backoff: mqtt.Backoff{Min: 10 * time.Millisecond, Max: 200 * time.Millisecond},
	})
	require.NoError(h, err)
	h.Cleanup(func() { c.Abort() })
	require.NoError(h, c.Connect(context.Background()))
	return c
}

// message makes a request that tells how it is to be served.
func (h *hall) message(name string, way int) mqtt.Message {
	return mqtt.Message{Topic: "hall/ask", QoS: mqtt.QoS(h.int(3)), Payload: fmt.Appendf(nil, "%s %d", name, way)}
}

// ask makes one request and judges how it ends.
func (h *hall) ask(name string) {
	m := h.message(name, 1+h.int(4))
	patience := time.Duration(h.int(3000)) * time.Millisecond
	if h.int(3) == 0 {
		patience = time.Duration(h.int(20)) * time.Millisecond
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	answer, err := h.asks.Request(ctx, m)
	end := "answered"
	switch {
	case err == nil:
		require.Equal(h, "to "+string(m.Payload), string(answer.Payload), "it isn't its own answer")
	case errors.Is(err, context.DeadlineExceeded):
		end = "over"
	case errors.Is(err, mqtt.ErrUncertain) && m.QoS == mqtt.ExactlyOnce:
		end = "uncertain"
	default:
		require.NoError(h, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ends[end]++
	if end == "answered" {
		require.Positive(h, h.served[string(m.Payload)], "nobody has answered")
	}
}

// answered checks what is left when all of n have ended, and that requests work.
func (h *hall) answered(n int) {
	h.mu.Lock()
	ends := maps.Clone(h.ends)
	h.mu.Unlock()
	h.Logf("ends %v, strays %d", ends, h.asks.Stats().In.Strays)
	require.Equal(h, n, ends["answered"]+ends["over"]+ends["uncertain"])
	require.Greater(h, ends["answered"], n/10, "the model asks for too much")
	for i := range 20 {
		m := h.message(fmt.Sprintf("after-%d", i), 1)
		for tries := 0; ; tries++ { // a session that ends with its connection may lose an answer
			ctx, stop := context.WithTimeout(context.Background(), time.Minute)
			answer, err := h.asks.Request(ctx, m)
			stop()
			if err == nil {
				require.Equal(h, "to "+string(m.Payload), string(answer.Payload))
				break
			}
			require.Less(h, tries, 5, "%v", err)
		}
	}
	synctest.Wait() // an answer that nobody waits for any more may just have come
	s := h.asks.Stats()
	require.Len(h, s.Streams, 2, "Messages, and one response topic")
	require.Zero(h, s.Streams[0].Received, "nothing of it goes to Messages")
	require.Zero(h, s.Streams[1].Depth)
}

// serve answers as each request says: 0 not at all, 1 rightly, 2 twice, 3 late, 4 wrongly and then rightly.
func (h *hall) serve(ctx context.Context) {
	stream, err := h.answers.Stream(ctx, mqtt.StreamConfig{}, mqtt.Subscription{Filter: "hall/ask", QoS: mqtt.ExactlyOnce})
	require.NoError(h, err)
	var late sync.WaitGroup
	defer late.Wait()
	for m := range stream.All(ctx) {
		switch _, way, _ := strings.Cut(string(m.Payload), " "); way {
		case "1":
			h.reply(ctx, m)
		case "2":
			h.reply(ctx, m)
			h.reply(ctx, m)
		case "3":
			late.Go(func() {
				select {
				case <-time.After(time.Duration(h.int(2000)) * time.Millisecond):
					h.reply(ctx, m)
				case <-ctx.Done():
				}
			})
		case "4":
			wrong := wanting(m.Properties.ResponseTopic, []byte("wrong"))
			h.answers.Reply(ctx, wrong, mqtt.Message{Payload: []byte("wrong"), QoS: mqtt.QoS(h.int(3))})
			h.reply(ctx, m)
		}
	}
}

func (h *hall) reply(ctx context.Context, m *mqtt.Received) {
	h.mu.Lock()
	h.served[string(m.Payload)]++
	h.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, 500*time.Millisecond)
	defer stop()
	h.answers.Reply(ctx, m, mqtt.Message{Payload: []byte("to " + string(m.Payload)), QoS: mqtt.QoS(h.int(3))})
}
