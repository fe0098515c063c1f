package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

// serve is the server process: it only acknowledges what comes, counts it, checks its order, and floods who subscribes. What is
// measured beside it is the client.
//
// These filters make it do something when it takes a SUBSCRIBE:
//   - "flood/…" is what order.request asks for.
//   - "mixed/LOOSE/SURE/WINDOW" is the flood that mixed is.
//   - "arrived/CLIENT" is answered with a message: how many that client has published, how many of these weren't the next of
//     their goroutine, and how many had bytes that weren't their own, as three numbers with spaces between.
//   - "together/BEGINNING" is answered so for all clients together whose ClientID begins so.
//   - "hold/N" has it answer no PUBLISH on this connection, and cut it when N have come. These don't count as arrived.
//     It does that once for each client.
//
// Who connects again without Clean Start finds its session. On 5.0 the server takes topic aliases, and doesn't mind what they mean.
//
// It tells where it is in a first line, as JSON, and ends with the process that has started it.
func serve() error {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	where, all, err := open(folder)
	if err != nil {
		return err
	}
	allowFiles(mostClients) // clients have the same limit, and say what is wrong with it
	if err := json.NewEncoder(os.Stdout).Encode(where); err != nil {
		return err
	}
	serveAll(all)
	io.Copy(io.Discard, os.Stdin) // the end of the parent's process
	return nil
}

// serveAll serves who comes in anywhere, until all is closed; ended waits for that. What is known of a client is the same
// everywhere.
func serveAll(all []entrance) (ended func()) {
	b := newBook()
	var open sync.WaitGroup
	for _, e := range all {
		open.Go(func() { e.accept(b) })
	}
	return open.Wait
}

// accept serves each connection, until the listener is closed.
func (e entrance) accept(b *book) error {
	for {
		conn, err := e.Accept()
		if err != nil {
			return err
		}
		go func() {
			if err := e.session(conn, b); err != io.EOF { // it never returns nil
				fmt.Fprintln(os.Stderr, "server:", err)
			}
		}()
	}
}

// session serves one connection, until it ends.
func (e entrance) session(conn net.Conn, b *book) error {
	if e.webSocket {
		over, err := upgrade(conn)
		if err != nil {
			conn.Close()
			return err
		}
		conn = over
	}
	defer conn.Close()
	s := &session{conn: conn, book: b, in: make([]byte, firstRead)}
	return s.run()
}
