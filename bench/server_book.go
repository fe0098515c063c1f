package main

import "sync"

// book is what the server knows of its clients, beyond their connections.
type book struct {
	lock    sync.Mutex
	clients map[string]record
}

type record struct {
	connections int
	arrived     uint64 // messages that the client published to measured, on connections that have ended
}

func newBook() *book { return &book{clients: map[string]record{}} }

// note adds to what is known of a client.
func (b *book) note(client string, connections int, arrived uint64) {
	b.lock.Lock()
	defer b.lock.Unlock()
	r := b.clients[client]
	b.clients[client] = record{r.connections + connections, r.arrived + arrived}
}

func (b *book) of(client string) (connections int, arrived uint64) {
	b.lock.Lock()
	defer b.lock.Unlock()
	r := b.clients[client]
	return r.connections, r.arrived
}
