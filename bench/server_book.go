package main

import (
	"fmt"
	"strings"
	"sync"
)

// book is what the server knows of its clients, beyond their connections.
type book struct {
	lock    sync.Mutex
	clients map[string]record
}

type record struct {
	connections int
	arrived     uint64 // messages that the client published
	faults      uint64 // of these, such that weren't the next of their goroutine
	damaged     uint64 // and such that had bytes that weren't their own
	held        int    // times that it has asked to be held
}

func (r record) plus(news record) record {
	return record{
		r.connections + news.connections, r.arrived + news.arrived, r.faults + news.faults, r.damaged + news.damaged, r.held + news.held,
	}
}

// judge says what is wrong when n messages should have arrived.
func (r record) judge(n int) error {
	switch {
	case r.arrived != uint64(n):
		return fmt.Errorf("the server got %d messages of %d", r.arrived, n)
	case r.faults != 0:
		return fmt.Errorf("%d of %d messages came out of order", r.faults, n)
	case r.damaged != 0:
		return fmt.Errorf("%d of %d messages came with bytes that weren't their own", r.damaged, n)
	}
	return nil
}

func newBook() *book { return &book{clients: map[string]record{}} }

// note adds news to what is known of a client.
func (b *book) note(client string, news record) {
	if news == (record{}) {
		return
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	b.clients[client] = b.clients[client].plus(news)
}

// together is the sum of the clients whose ClientID begins so.
func (b *book) together(beginning string) (sum record) {
	b.lock.Lock()
	defer b.lock.Unlock()
	for client, r := range b.clients {
		if strings.HasPrefix(client, beginning) {
			sum = sum.plus(r)
		}
	}
	return sum
}

func (b *book) of(client string) record {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.clients[client]
}
