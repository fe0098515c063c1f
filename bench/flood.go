package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// flood is what one client goes through: the mixed flood of the server, taken by a consumer that is far slower.
type flood struct {
	version     mqtt.Version
	loose, sure uint64 // messages of QoS 0 and 1
	window      int    // of the server for QoS 1; on 5.0 no more than Receive Maximum
}

// floodConfig has rooms that the flood fills, so that the bound on memory is put to the test.
func floodConfig(v mqtt.Version) mqtt.Config {
	return mqtt.Config{
		Version: v, ClientID: "flood-" + v.String(), KeepAlive: 6 * time.Second, // so that pings are part of it
		ReceiveMaximum: 1000,
		Inbox:          mqtt.Bounds{Messages: 2000, Bytes: 2 << 20},
		InboxHard:      mqtt.Bounds{Messages: 20_000, Bytes: 8 << 20},
		Outbox:         mqtt.Bounds{Messages: 1000, Bytes: 1 << 20},
	}
}

const (
	// slabShare: payloads lie in pieces of 16 KiB, of which up to 4 KiB at the end may stay unused.
	slabShare = 4.0 / 3
	// perMessage is what a message that waits takes beside its topic and payload: its entry in a stream's queue (120 bytes), and
	// in the order of acknowledgements (112, in a ring of up to twice the size, and beside the old one while it grows).
	perMessage = 512
	// runtimeAndBuffers is for all that no message takes: the program and the runtime, stacks, the buffers of reader and writer,
	// a batch on its way, topics that are remembered.
	runtimeAndBuffers = 24 << 20
)

// roomOf is how much memory the messages of a client of one stream may take by its Config, of which all bounds must be set.
func roomOf(c mqtt.Config) int {
	bytes := c.Inbox.Bytes + c.InboxHard.Bytes + c.Outbox.Bytes
	messages := c.Inbox.Messages + c.InboxHard.Messages + c.Outbox.Messages
	return int(float64(bytes)*slabShare) + messages*perMessage
}

// boundOf is how large the process may become: the garbage collector lets as much become garbage as lives (GOGC).
func boundOf(c mqtt.Config) int { return 2*roomOf(c) + runtimeAndBuffers }

// consumer takes the messages of a flood and checks each.
type consumer struct {
	flood
	client   *mqtt.Client
	messages <-chan *mqtt.Received

	taken       uint64 // messages, the report included
	tookLoose   uint64
	tookSure    uint64
	latestLoose uint64
	published   uint64
	longest     time.Duration // that one of these waited for its PUBACK
	report      *report
}

// begin connects and asks for the flood.
func (f flood) begin(ctx context.Context, address string) (*consumer, error) {
	client, err := mqtt.Connect(ctx, "mqtt://"+address, floodConfig(f.version))
	if err != nil {
		return nil, err
	}
	c := &consumer{flood: f, client: client, messages: client.Messages()}
	filter := fmt.Sprintf("mixed/%d/%d/%d", f.loose, f.sure, f.window)
	if _, err := client.Subscribe(ctx, mqtt.Subscription{Filter: filter, QoS: mqtt.AtLeastOnce}); err != nil {
		client.Abort()
		return nil, err
	}
	return c, nil
}

// take waits for one message.
func (c *consumer) take(ctx context.Context) error {
	select {
	case m, open := <-c.messages:
		if !open {
			return fmt.Errorf("the client has ended: %w", c.client.Err())
		}
		return c.check(m)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// check demands each number of QoS 1 once and in its order, and those of QoS 0 in their order.
func (c *consumer) check(m *mqtt.Received) error {
	c.taken++
	if m.Topic == reportTopic {
		c.report = new(report)
		return json.Unmarshal(m.Payload, c.report)
	}
	number := binary.BigEndian.Uint64(m.Payload)
	if want := map[bool]int{false: 64, true: 1024}[number%10 == 0]; len(m.Payload) != want {
		return fmt.Errorf("%s %d has %d bytes, want %d", m.Topic, number, len(m.Payload), want)
	}
	if !bytes.Equal(m.Payload[8:], filler[8:len(m.Payload)]) {
		return fmt.Errorf("%s %d came with bytes that aren't its own", m.Topic, number)
	}
	switch {
	case m.QoS == mqtt.AtMostOnce && m.Topic == looseTopic:
		if number <= c.latestLoose {
			return fmt.Errorf("QoS 0: %d came behind %d", number, c.latestLoose)
		}
		c.tookLoose, c.latestLoose = c.tookLoose+1, number
	case m.QoS == mqtt.AtLeastOnce && m.Topic == sureTopic:
		if c.tookSure++; number != c.tookSure || m.Dup {
			return fmt.Errorf("QoS 1: %d came (DUP %t), want %d", number, m.Dup, c.tookSure)
		}
	default:
		return fmt.Errorf("a message of %q at %v came", m.Topic, m.QoS)
	}
	return nil
}

// publish sends a message and waits for its acknowledgement, while nothing is taken.
func (c *consumer) publish(ctx context.Context) error {
	start := time.Now()
	err := c.client.Publish(ctx, mqtt.Message{Topic: measured, QoS: mqtt.AtLeastOnce, Payload: filler[:64]})
	c.published++
	c.longest = max(c.longest, time.Since(start))
	return err
}

// finish takes the rest, ends the client, and says what was wrong.
func (c *consumer) finish(ctx context.Context) error {
	for c.report == nil {
		if err := c.take(ctx); err != nil {
			return err
		}
	}
	if err := c.client.Close(ctx); err != nil {
		return err
	}
	return c.judge(c.client.Stats())
}

func (c *consumer) judge(s mqtt.Stats) error {
	var wrong []error
	equal := func(what string, got, want uint64) {
		if got != want {
			wrong = append(wrong, fmt.Errorf("%s: %d, want %d", what, got, want))
		}
	}
	equal("connections", s.Link.Connections, 1)
	equal("connections, says the server", uint64(c.report.Connections), 1)
	equal("QoS 1 taken", c.tookSure, c.sure)
	equal("QoS 1 acknowledged, says the server", c.report.Acknowledged, c.sure)
	equal("acknowledgements out of order, says the server", c.report.Disordered, 0)
	equal("received", s.In.Received, c.loose+c.sure+1)
	equal("taken and dropped", s.In.Taken+s.In.Dropped+s.In.Unclaimed+s.In.Discarded, s.In.Received)
	equal("taken", s.In.Taken, c.taken)
	equal("dropped", s.In.Dropped, c.loose-c.tookLoose)
	equal("published and done", s.Out.Done, c.published)
	return errors.Join(wrong...)
}
