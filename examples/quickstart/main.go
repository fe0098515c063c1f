// Quickstart subscribes, publishes a message, and receives it. It needs a server at mqtt://localhost:1883, or at MQTT_URL.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/sluicemq/sluice/mqtt"
)

func main() {
	ctx := context.Background()
	client, err := mqtt.Connect(ctx, cmp.Or(os.Getenv("MQTT_URL"), "mqtt://localhost:1883"), mqtt.Config{})
	check(err)
	_, err = client.Subscribe(ctx, mqtt.Subscription{Filter: "greetings/#", QoS: mqtt.AtLeastOnce})
	check(err)
	check(client.Publish(ctx, mqtt.Message{Topic: "greetings/world", Payload: []byte("hello"), QoS: mqtt.AtLeastOnce}))

	for m := range client.Messages() {
		fmt.Printf("%s: %s\n", m.Topic, m.Payload)
		check(client.Close(ctx)) // closes the channel too, which ends the loop
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
