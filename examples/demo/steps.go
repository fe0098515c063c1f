package main

import (
	"context"

	"github.com/sluicemq/sluice/mqtt"
)

func (d *demo) connected(context.Context) error {
	up, err := await[mqtt.EventConnected](d.client)
	if err != nil {
		return err
	}
	d.say("up: %s speaks MQTT %s", up.Server, up.ConnAck.Version)
	return nil
}

// roundTrip publishes to itself.
func (d *demo) roundTrip(ctx context.Context) error {
	if _, err := d.client.Subscribe(ctx, mqtt.Subscription{Filter: "demo/#", QoS: mqtt.ExactlyOnce}); err != nil {
		return err
	}
	d.say("subscribed: demo/#")
	for _, qos := range []mqtt.QoS{mqtt.ExactlyOnce, mqtt.AtLeastOnce, mqtt.AtMostOnce} {
		if err := d.client.Publish(ctx, mqtt.Message{Topic: "demo/news", Payload: []byte("hello"), QoS: qos}); err != nil {
			return err
		}
		d.say("published: %s", qos)
		if err := d.receive(); err != nil {
			return err
		}
	}
	return nil
}

// outage publishes while there is no server. The message waits, and so does nobody else.
func (d *demo) outage(ctx context.Context) error {
	d.server.Stop()
	down, err := await[mqtt.EventDisconnected](d.client)
	if err != nil {
		return err
	}
	d.say("down: %v", down.Err)
	retry, err := await[mqtt.EventReconnecting](d.client)
	if err != nil {
		return err
	}
	d.say("reconnecting: attempt %d", retry.Attempt)

	letter, err := d.client.PublishAsync(ctx, mqtt.Message{Topic: "demo/news", Payload: []byte("written offline"), QoS: mqtt.AtLeastOnce})
	if err != nil {
		return err
	}
	d.say("published offline: %d message waits", d.client.Stats().Out.Queued)

	if err := d.server.Restart(); err != nil {
		return err
	}
	up, err := await[mqtt.EventConnected](d.client)
	if err != nil {
		return err
	}
	// The new server knows nothing of the old one's sessions: the client has subscribed again, before the letter left.
	d.say("up: session present: %t", up.ConnAck.SessionPresent)
	if err := d.receive(); err != nil {
		return err
	}
	if err := letter.Wait(ctx); err != nil {
		return err
	}
	d.say("acknowledged: the message from offline")
	return nil
}

// end shows that Close leaves nothing behind.
func (d *demo) end(ctx context.Context) error {
	d.say("goroutines of the client: %d", goroutines())
	if err := d.client.Close(ctx); err != nil {
		return err
	}
	for range d.client.Messages() { // closed, as are the events: a loop over them ends
	}
	d.say("closed; goroutines of the client: %d", remaining())
	return nil
}

// receive prints the next message.
func (d *demo) receive() error {
	for m := range d.client.Messages() {
		d.say("received: %s: %s: %s", m.QoS, m.Topic, m.Payload)
		return nil
	}
	return d.client.Err() // the channel is closed when the client has given up
}

// await reads events until one of type E comes.
func await[E mqtt.Event](client *mqtt.Client) (found E, err error) {
	for event := range client.Events() {
		if e, ok := event.(E); ok {
			return e, nil
		}
	}
	return found, client.Err()
}
