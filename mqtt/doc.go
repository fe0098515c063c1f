// Package mqtt is a client for MQTT 5.0, 3.1.1 and 3.1: blocking calls that take a context, and channels to range over.
//
//	client, err := mqtt.Connect(ctx, "mqtt://localhost:1883", mqtt.Config{})
//	if err != nil {
//		return err
//	}
//	defer client.Close(ctx)
//	if _, err := client.Subscribe(ctx, mqtt.Subscription{Filter: "rooms/+/light", QoS: mqtt.AtLeastOnce}); err != nil {
//		return err
//	}
//	for m := range client.All(ctx) { // acknowledged after each round
//		fmt.Printf("%s: %s\n", m.Topic, m.Payload)
//	}
//
// # Life
//
// [New] makes a client from a [Config], whose zero value works; [Client.Connect] connects it; the function [Connect] does
// both. From then on the client stays connected: it reconnects with growing delays ([Backoff]), sends again what was not
// answered, and subscribes again to what is wanted, until it ends by [Client.Close] or because going on has no sense, as
// after bad credentials. An ended client can't be used again. Every client that New returned must be closed.
//
// # Publishing
//
// [Client.Publish] returns when the message is done: at QoS 0 when the client has taken it over, at QoS 1 and 2 when the
// server has answered. [Client.PublishAsync] waits for room alone and hands back a [Delivery] that tells the outcome.
// Every message taken over ends in exactly one outcome, across all reconnects: done, refused ([ReasonError]), certainly
// not sent ([ErrNotSent]), or sent without an answer ([ErrUncertain]). What waits is bounded by Config.Outbox.
//
// # Receiving
//
// A [Stream], made by [Client.Declare] or [Client.Stream], gets what matches its own filters. What no stream takes waits
// on [Client.Messages], where also [Client.Subscribe] and Config.Subscriptions deliver. Both, client and stream, have a
// channel, Messages, and a loop, All, that are fed from one queue: a message goes to whichever asks first. Off the channel
// a message is acknowledged when it is taken; in the loop after the body has run, so that a program that dies in the body
// gets it again. With [AckManual] it is acknowledged when [Received.Ack] or [Received.Reject] is called.
//
// A slow reader never holds up pings, acknowledgements, or the answers to the program's own calls.
//
// # What it never does
//
// It runs no code of yours but where this documentation says so, and calls back for no message. It buffers nothing without
// a bound. It drops nothing in silence: what is dropped is QoS 0 by your choice, and counted ([EventDropped], [Stats]).
// It writes no secret and no payload to a log, a trace or an error, and takes no memory for a size that came from the
// network before it has checked it.
//
// # Ways to a server
//
// The scheme of a URL says how its server is reached: mqtt, mqtts, ws, wss, each over a unix socket too, or a domain's servers
// by SRV records (netx.Parse). Config.Servers may list several, Config.Proxy says through what they are reached,
// Config.BeforeConnect changes an attempt, and Config.Dialer is a transport of your own. In a browser there is WebSocket alone.
//
// # Sessions
//
// A session outlives connections, and the process with a durable Config.Store: package boltstore has one in a file, package
// webstore one in the browser.
//
// # Goroutines, values, errors
//
// All methods of [Client], [Stream], [Delivery] and [Received] may be called from any goroutine. The other types are plain
// values: they may be read by many goroutines, and written by one that nobody else reads beside. Slices that a call is
// given belong to the caller again when it has returned; slices that it hands out are the caller's own.
//
// Match errors with [errors.Is] and [errors.AsType], never on their text. A refusal of whatever packet unwraps to its
// Reason Code: errors.Is(err, codec.NotAuthorized).
//
// § marks a section of the MQTT 5.0 specification.
package mqtt
