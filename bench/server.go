package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

// serve is the server process: it only acknowledges what comes, counts it, checks its order, and floods who subscribes. What is
// measured beside it is the client.
//
// These filters make it do something when it takes a SUBSCRIBE:
//   - "flood/…" is what order.request asks for.
//   - "mixed/LOOSE/SURE/WINDOW" is the flood that mixed is.
//   - "arrived/CLIENT" is answered with a message: how many that client has published, and how many of these weren't the next of
//     their goroutine, as two numbers with a space between.
//   - "together/BEGINNING" is answered so for all clients together whose ClientID begins so.
//   - "hold/N" has it answer no PUBLISH on this connection, and cut it when N have come. These don't count as arrived.
//     It does that once for each client.
//
// Who connects again without Clean Start finds its session. On 5.0 the server takes topic aliases, and doesn't mind what they mean.
func serve() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	allowFiles(mostClients) // clients have the same limit, and say what is wrong with it
	fmt.Println(ln.Addr())
	go func() {
		io.Copy(io.Discard, os.Stdin) // the end of the parent's process
		os.Exit(0)
	}()
	return accept(ln)
}

// accept serves each connection, until the listener is closed.
func accept(ln net.Listener) error {
	b := newBook()
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			s := &session{conn: conn, book: b, in: make([]byte, firstRead)}
			if err := s.run(); err != io.EOF { // it never returns nil
				fmt.Fprintln(os.Stderr, "server:", err)
			}
		}()
	}
}
