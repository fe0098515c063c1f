// Proxy reaches a server through an HTTP proxy and through a SOCKS5 proxy, both with a password, and shows what a proxy says
// to whoever has none. Server and proxies run in the program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/sluicemq/sluice/examples/internal/embedded"
	"github.com/sluicemq/sluice/internal/proxytest"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, w io.Writer) error {
	server, err := embedded.Start(nil)
	if err != nil {
		return err
	}
	defer server.Stop()
	wanted := proxytest.Config{User: "ann", Password: "let me in"}
	http, err := proxytest.HTTP(wanted)
	if err != nil {
		return err
	}
	defer http.Close()
	socks, err := proxytest.SOCKS(wanted)
	if err != nil {
		return err
	}
	defer socks.Close()

	if err := refused(ctx, w, server.URL, netx.Proxy{URL: "http://" + http.Address}); err != nil {
		return err
	}
	for _, through := range []netx.Proxy{
		{URL: "http://ann:let%20me%20in@" + http.Address},
		{URL: "socks5h://ann:let%20me%20in@" + socks.Address}, // with the h the proxy looks names up, without it this side does
	} {
		if err := roundTrip(ctx, server.URL, through); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "connections through the HTTP proxy: %d, through SOCKS: %d\n", len(http.Asked()), len(socks.Asked()))
	return nil
}

// refused connects without a password.
func refused(ctx context.Context, w io.Writer, url string, through netx.Proxy) error {
	client, err := mqtt.Connect(ctx, url, mqtt.Config{Proxy: through})
	if err == nil {
		return errors.Join(errors.New("the proxy lets everybody in"), client.Close(ctx))
	}
	failure, ok := errors.AsType[*netx.ProxyError](err)
	if !ok {
		return err
	}
	fmt.Fprintf(w, "without a password: status %d, %q\n", failure.Status, failure.Body)
	return nil
}

// roundTrip publishes to itself.
func roundTrip(ctx context.Context, url string, through netx.Proxy) error {
	client, err := mqtt.Connect(ctx, url, mqtt.Config{Proxy: through})
	if err != nil {
		return err
	}
	defer client.Close(ctx) // for the ways out on an error
	if _, err := client.Subscribe(ctx, mqtt.Subscription{Filter: "lamps/7"}); err != nil {
		return err
	}
	if err := client.Publish(ctx, mqtt.Message{Topic: "lamps/7", Payload: []byte("on"), QoS: mqtt.AtLeastOnce}); err != nil {
		return err
	}
	if m := <-client.Messages(); m == nil {
		return client.Err() // the channel was closed: the client has given up
	}
	return client.Close(ctx)
}
