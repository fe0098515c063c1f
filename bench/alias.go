package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// measureAliases publishes to twenty topics of 80 bytes in turn, on 5.0, without and with automatic topic aliases, to a server
// that takes twenty. It tells the bytes of a message on the wire, and messages a second.
func measureAliases(w io.Writer, rounds int, scale float64, size int) error {
	where, stop, err := start()
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(w, "%d topics of 80 bytes, payload %d bytes, median of %d rounds\n\n", aliasTopics, size, rounds)
	fmt.Fprintln(w, "| QoS | aliases | bytes a message | messages a second |\n| --- | --- | --- | --- |")
	for qos := range 2 {
		n := max(1000, int([]float64{2_000_000, 300_000}[qos]*scale))
		for _, mode := range []mqtt.AliasMode{mqtt.AliasOff, mqtt.AliasAuto} {
			var rates, bytes []float64
			for range rounds {
				took, sent, err := publishAliased(where.Address, mode, qos, n, size)
				if err != nil {
					return err
				}
				rates, bytes = append(rates, float64(n)/took.Seconds()), append(bytes, float64(sent)/float64(n))
			}
			name := map[mqtt.AliasMode]string{mqtt.AliasOff: "none", mqtt.AliasAuto: "automatic"}[mode]
			fmt.Fprintf(w, "| %d | %s | %.1f | %.0f |\n", qos, name, median(bytes), median(rates))
		}
	}
	return nil
}

// aliasTopics is also the Topic Alias Maximum of the server process.
const aliasTopics = 20

func publishAliased(address string, mode mqtt.AliasMode, qos, n, size int) (took time.Duration, bytes uint64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c, err := mqtt.Connect(ctx, "mqtt://"+address, mqtt.Config{Version: mqtt.V5, TopicAlias: mode})
	if err != nil {
		return 0, 0, err
	}
	defer c.Abort()
	topics := make([]string, aliasTopics)
	for i := range topics {
		topics[i] = fmt.Sprintf("%s/%03d", strings.Repeat("long/", 15)+"x", i)
	}
	payload := make([]byte, size)
	before, start := c.Stats().Link.BytesSent, time.Now()
	for i := range n {
		m := mqtt.Message{Topic: topics[i%aliasTopics], QoS: mqtt.QoS(qos), Payload: payload}
		if qos == 0 {
			err = c.Publish(ctx, m)
		} else {
			_, err = c.PublishAsync(ctx, m)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	if err := c.Flush(ctx); err != nil {
		return 0, 0, err
	}
	bytes = c.Stats().Link.BytesSent - before
	// its acknowledgement says that all before it has arrived
	if err := c.Publish(ctx, mqtt.Message{Topic: "count", QoS: mqtt.AtLeastOnce}); err != nil {
		return 0, 0, err
	}
	return time.Since(start), bytes, c.Close(ctx)
}
