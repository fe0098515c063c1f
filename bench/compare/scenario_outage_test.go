package compare

import (
	"errors"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/sluicemq/sluice/mqtt"
)

const (
	few  = "at most 4"
	many = "more than 100"
)

var hangingUp = scenario{
	name: "The server closes each connection after CONNACK",
	done: "Connections that the server sees in 3 s; all settings are the defaults.",
	words: []meaning{
		{few, "that many"},
		{many, "that many; it isn't counted on"},
	},
	want: []string{few, few, many, few, few},
	play: func(c *cell) string {
		v := c.serve(script{hangUp: true})
		c.open(v, settings{})
		if c.within(patience, v, atLeast(101, isConnect)) {
			return many
		}
		if c.within(0, v, atLeast(5, isConnect)) {
			c.fail("more than 4")
		}
		return few
	},
}

const (
	notSent   = "not sent"
	sentLater = "sent later"
)

var expiredOffline = scenario{
	name: "A publish that was given up offline",
	done: "Without a connection, a message of QoS 1 is published with 300 ms to wait; the call fails. Then the server comes back; attempts to reconnect are set to come every 0.2 s.",
	words: []meaning{
		{notSent, "the message doesn't come (Sluice's error says so, with `ErrNotSent`; `Publish` of autopaho refuses when there is no connection)"},
		{sentLater, "it comes after the reconnect"},
	},
	want: []string{notSent, notSent, notSent, sentLater, sentLater},
	play: func(c *cell) string {
		v := c.serve(script{})
		l := c.open(v, settings{steady: true})
		v.leave()
		c.awaitLoss(l)
		err := c.publishBriefly(l, sent{topic: "given up", qos: 1})
		if err == nil {
			c.fail("the publish is done without a server")
		}
		if _, ours := l.(*sluice); ours && !errors.Is(err, mqtt.ErrNotSent) {
			c.fail("the error is %v, want ErrNotSent", err)
		}
		if _, theirs := l.(*auto); theirs && !errors.Is(err, autopaho.ConnectionDownError) {
			c.fail("the error is %v, want ConnectionDownError", err)
		}
		v.comeBack()
		c.marker(v, l)
		if c.within(500*time.Millisecond, v, atLeast(1, isPublish("given up"))) {
			return sentLater
		}
		return notSent
	},
}

const (
	restored    = "restored"
	notRestored = "not restored"
)

var forgottenSubscription = scenario{
	name: "Subscriptions when the server has lost the session",
	done: "A filter is subscribed once; then the connection ends, and the next CONNACK says that there is no session. The program does nothing; attempts to reconnect are set to come every 0.2 s.",
	words: []meaning{
		{restored, "the client subscribes again by itself"},
		{notRestored, "no SUBSCRIBE comes within 0.5 s after the first publish on the new connection: the program has to see to it, in `OnConnectionUp` or with `SetOnConnectHandler`"},
	},
	want: []string{restored, restored, notRestored, notRestored, notRestored},
	play: func(c *cell) string {
		v := c.serve(script{})
		l := c.open(v, settings{steady: true, handle: func(link, received) {}})
		c.subscribe(l)
		v.restart()
		c.awaitLoss(l)
		c.expect(v, "second connection", atLeast(2, isConnect))
		c.marker(v, l)
		if c.within(500*time.Millisecond, v, atLeast(2, isSubscribe)) {
			return restored
		}
		return notRestored
	},
}
