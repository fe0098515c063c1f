package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// streams declares many, has each receive a first message, and then measures a flood through all. They are weighed when they are
// new and when they have received something, as a stream has no goroutine before.
func (s sluice) streams(ctx context.Context, o order) (result, error) {
	c, err := s.connect(ctx, o)
	if err != nil {
		return result{}, err
	}
	defer c.Abort()
	crowd(o.Streams)
	none, few := resting()
	m := now()
	sources, err := s.declare(ctx, c, o)
	if err != nil {
		return result{}, err
	}
	made := m.took(o.Streams)
	declared, _ := resting()
	firsts := o
	firsts.N = o.Streams
	first, asked, err := s.flooded(ctx, c, firsts, sources)
	if err != nil {
		return result{}, err
	}
	used, many := resting()
	r, _, err := s.flooded(ctx, c, o, sources)
	if err != nil {
		return result{}, err
	}
	r.Connect, r.First = made.Seconds, (asked.Seconds()+first.Seconds)/float64(o.Streams)
	r.Bytes, r.Used = weight(none, declared, o.Streams), weight(none, used, o.Streams)
	r.Goroutines = float64(many-few) / float64(o.Streams)
	return r, c.Close(ctx)
}

// declare makes all streams, and then waits for the server's answers, which so share writes.
func (sluice) declare(ctx context.Context, c *mqtt.Client, o order) (all []*mqtt.Stream, err error) {
	for _, topic := range o.topics() {
		stream, err := c.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: topic, QoS: mqtt.QoS(o.QoS)})
		if err != nil {
			return nil, err
		}
		all = append(all, stream)
	}
	for _, stream := range all {
		if _, err := stream.Ready(ctx); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// flooded takes one flood, a goroutine for each stream. It is measured from the answer to the request, since with many topics it
// takes the server a while to get it ready; asked is what came before. With few messages, some of them came then.
func (s sluice) flooded(ctx context.Context, c *mqtt.Client, o order, sources []*mqtt.Stream) (r result, asked time.Duration, wrong error) {
	taken, due := make(chan error, len(sources)), expectationsOf(o, len(sources))
	for i, source := range sources {
		go func() { taken <- take(source.Messages(), due[i]) }()
	}
	start := time.Now()
	wrong = s.request(ctx, c, o)
	asked = time.Since(start)
	m := begin()
	if wrong != nil {
		c.Abort()
	}
	for range sources {
		if err := <-taken; err != nil && wrong == nil {
			wrong = fmt.Errorf("%w (the client: %v)", err, c.Err())
			c.Abort() // the others end with it
		}
	}
	return m.end(o.N), asked, wrong
}

// crowd has so many goroutines at once and lets them end. The runtime keeps a part of each for the next one: so readers who come
// and go later leave nothing behind that would count as a stream's.
func crowd(n int) {
	var all sync.WaitGroup
	leave := make(chan struct{})
	for range n {
		all.Go(func() { <-leave })
	}
	close(leave)
	all.Wait()
}

// weight is what one of n takes, by the weight of all.
func weight(before, after uint64, n int) float64 {
	return float64(after-min(after, before)) / float64(n)
}
