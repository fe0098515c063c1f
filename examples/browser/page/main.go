//go:build js

// Page is the half of the example that runs in the browser: an MQTT client, a chat and a chart.
package main

import (
	"context"
	"fmt"
	"syscall/js"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

const (
	chatTopic  = "sluice/chat"
	chartTopic = "sluice/chart"
)

func main() {
	show("started", milliseconds())
	if err := run(context.Background()); err != nil {
		state("closed", err.Error())
	}
}

// run returns when the client has ended, which a page that lives has no reason for.
func run(ctx context.Context) error {
	client, err := mqtt.New(mqtt.Config{
		Servers:    []string{serverURL()},
		RetryFirst: true,
		// After a reconnect what is said comes back only when the server knows that we listen.
		AwaitResubscribe: true,
		KeepAlive:        keepAlive(),
		Backoff:          mqtt.Backoff{Min: 250 * time.Millisecond, Max: 5 * time.Second},
	})
	if err != nil {
		return err
	}
	said, err := client.Declare(mqtt.StreamConfig{}, mqtt.Subscription{Filter: chatTopic, QoS: mqtt.ExactlyOnce})
	if err != nil {
		return err
	}
	// A browser can't slow a server down. Of numbers that come too fast the newest are enough.
	values, err := client.Declare(mqtt.StreamConfig{Overflow: mqtt.OverflowDropOldest}, mqtt.Subscription{Filter: chartTopic})
	if err != nil {
		return err
	}
	newChat(client).start(ctx, said)
	go newChart().run(values)
	go watch(client)
	if err := client.Connect(ctx); err != nil {
		return err
	}
	<-client.Done()
	return client.Err()
}

// serverURL is the query's server, or the one that the page came from.
func serverURL() string {
	if given := query("server"); given != "" {
		return given
	}
	location := js.Global().Get("location")
	scheme := "ws://"
	if location.Get("protocol").String() == "https:" {
		scheme = "wss://"
	}
	return scheme + location.Get("host").String() + "/mqtt"
}

// keepAlive is the query's, like 5s, or the client's default.
func keepAlive() time.Duration {
	given, _ := time.ParseDuration(query("keepalive"))
	return given
}

// query is a value of the page's URL, or nothing.
func query(name string) string {
	search := js.Global().Get("location").Get("search")
	value := js.Global().Get("URLSearchParams").New(search).Call("get", name)
	if !value.Truthy() {
		return ""
	}
	return value.String()
}

// watch shows what becomes of the connection.
func watch(client *mqtt.Client) {
	for event := range client.Events() {
		switch e := event.(type) {
		case mqtt.EventConnected:
			state("connected", "connected to "+e.Server)
		case mqtt.EventDisconnected:
			state("reconnecting", fmt.Sprintf("lost: %v", e.Err))
		case mqtt.EventReconnecting:
			state("reconnecting", fmt.Sprintf("attempt %d: %v", e.Attempt, e.Err))
		}
	}
}
