package main

import "sync"

// book is what the server knows of its clients, beyond their connections.
type book struct {
	lock    sync.Mutex
	clients map[string]record
}

type record struct {
	connections int
	arrived     uint64 // messages that the client published
	faults      uint64 // of these, such that weren't the next of their goroutine
	held        int    // times that it has asked to be held
}

func newBook() *book { return &book{clients: map[string]record{}} }

// note adds news to what is known of a client.
func (b *book) note(client string, news record) {
	if news == (record{}) {
		return
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	r := b.clients[client]
	b.clients[client] = record{
		r.connections + news.connections, r.arrived + news.arrived, r.faults + news.faults, r.held + news.held,
	}
}

func (b *book) of(client string) record {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.clients[client]
}
