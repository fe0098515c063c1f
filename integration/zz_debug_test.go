//go:build integration

package integration

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/sluicemq/sluice/mqtt"
)

func TestDebug(t *testing.T) {
	for round := range 12 {
		if t.Failed() { return }
		t.Run(fmt.Sprint(round), func(t *testing.T) {
	matrix{places: mosquittos, qos: []mqtt.QoS{2}}.run(t, func(c *cell) {
		var mu sync.Mutex
		var log []string
		cfg := c.durable("sub")
		note := func(d string) func(p mqtt.PacketInfo) {
			return func(p mqtt.PacketInfo) {
				mu.Lock()
				defer mu.Unlock()
				topic := ""
				if p.Topic != "" {
					topic = p.Topic[len(c.root):]
				}
				log = append(log, fmt.Sprintf("%s %s id%d dup%v %s", d, p.Type, p.PacketID, p.Dup, topic))
			}
		}
		cfg.Trace = &mqtt.Trace{PacketReceived: note("<"), PacketSent: note(">")}
		sub := c.connect(cfg)
		c.subscribe(sub, c.topic("#"))
		s := newSink(sub.Messages())
		pc := c.durable("pub")
		pc.Outbox = mqtt.Bounds{Messages: 100}
		pub := c.connect(pc)
		await[mqtt.EventConnected](c, sub)
		ctx, cancel := context.WithCancel(c.ctx)
		n := 0
		fin := make(chan struct{})
		go func() {
			defer close(fin)
			for i := 0; ; i++ {
				_, err := pub.PublishAsync(ctx, c.message(c.topic(strconv.Itoa(i)), strconv.Itoa(i)))
				if err != nil {
					n = i
					return
				}
			}
		}()
		for range 1 {
			s.until(c, s.count()+50)
			c.server.stop(c.T)
			c.server.start(c.T)
			fmt.Println(await[mqtt.EventDisconnected](c, sub))
			await[mqtt.EventConnected](c, sub)
		}
		cancel()
		<-fin
		pub.Flush(c.ctx)
		s.all(c, numbers(0, n))
		if d := difference(numbers(0, n), s.got); d != "" {
			t.Error(d)
			mu.Lock()
			defer mu.Unlock()
			for _, l := range log {
				fmt.Println(l)
			}
		}
	})
	})
	}
}
