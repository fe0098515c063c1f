//go:build js

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"syscall/js"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

const (
	fromProperty = "from" // the user property that says who speaks
	longestTalk  = 100    // messages that stay
)

type chat struct {
	client *mqtt.Client
	list   js.Value
	name   js.Value
	text   js.Value
	qos    js.Value
}

func newChat(client *mqtt.Client) *chat {
	c := &chat{client, element("messages"), element("name"), element("text"), element("qos")}
	c.name.Set("value", fmt.Sprintf("guest-%d", 100+rand.IntN(900)))
	return c
}

func (c *chat) start(ctx context.Context, said *mqtt.Stream) {
	listen(element("say"), "submit", func(event js.Value) {
		event.Call("preventDefault")
		if m := c.message(); len(m.Payload) > 0 {
			c.text.Set("value", "")
			go c.send(ctx, m)
		}
	})
	go func() {
		for m := range said.Messages() {
			c.add(m)
			count()
		}
	}()
}

// message is what stands in the form.
func (c *chat) message() mqtt.Message {
	qos, _ := strconv.Atoi(c.qos.Get("value").String())
	return mqtt.Message{
		Topic: chatTopic, QoS: mqtt.QoS(qos), Payload: []byte(c.text.Get("value").String()),
		Properties: &mqtt.PublishProperties{
			UserProperties: []mqtt.UserProperty{{Key: fromProperty, Value: c.name.Get("value").String()}},
		},
	}
}

// send waits for the outcome, over a reconnect if need be.
func (c *chat) send(ctx context.Context, m mqtt.Message) {
	start := time.Now()
	show("outcome", "on its way …")
	switch err := c.client.Publish(ctx, m); {
	case err != nil:
		show("outcome", err.Error())
	case m.QoS == mqtt.AtMostOnce:
		show("outcome", "handed over (QoS 0 has no answer)")
	default:
		show("outcome", fmt.Sprintf("QoS %d: done after %v", m.QoS, time.Since(start).Round(100*time.Microsecond)))
	}
}

// add shows a message.
func (c *chat) add(m *mqtt.Received) {
	line := makeElement("li", "message", "")
	line.Call("append",
		makeElement("span", "from", from(m)),
		makeElement("span", "text", string(m.Payload)),
		makeElement("span", "qos", fmt.Sprintf("QoS %d", m.QoS)),
	)
	c.list.Call("append", line)
	if c.list.Get("childElementCount").Int() > longestTalk {
		c.list.Get("firstElementChild").Call("remove")
	}
	c.list.Set("scrollTop", c.list.Get("scrollHeight"))
}

func from(m *mqtt.Received) string {
	if m.Properties != nil {
		for _, p := range m.Properties.UserProperties {
			if p.Key == fromProperty {
				return p.Value
			}
		}
	}
	return "somebody"
}
