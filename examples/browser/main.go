// Browser serves a page whose program is an MQTT client in Go, compiled to WebAssembly: a chat, and a live chart of a topic.
// The server that the page talks to is in here too, and so is the sensor whose values the chart shows.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"

	"github.com/sluicemq/sluice/examples/browser/site"
	"github.com/sluicemq/sluice/examples/internal/embedded"
)

func main() {
	address := flag.String("listen", "127.0.0.1:8080", "where the page is served; `host:port`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *address, os.Stdout)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, address string, w io.Writer) error {
	server, err := embedded.Start(nil)
	if err != nil {
		return err
	}
	defer server.Stop()
	fmt.Fprintln(w, "compiling the program of the page")
	pages, err := site.Build(ctx)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "it has %.1f MB, and is sent as %.1f MB\n", float64(pages.Size)/1e6, float64(pages.Compressed)/1e6)
	fmt.Fprintf(w, "open http://%s in a browser; other clients find the server at %s\n", listener.Addr(), server.URL)

	paths := http.NewServeMux()
	paths.Handle("/", pages)
	paths.Handle("/mqtt", server.Web())
	web := &http.Server{Handler: paths}
	defer context.AfterFunc(ctx, func() { web.Close() })()
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	err = sense(ctx, server.URL)
	web.Close()
	if served := <-failed; served != http.ErrServerClosed {
		return served
	}
	return err
}
