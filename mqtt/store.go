package mqtt

import (
	"context"
	"errors"
	"iter"
)

// Store keeps a client's session over the end of its process: outgoing messages of QoS 1 and 2 with their state and order,
// Packet Identifiers of incoming QoS 2, and what is wanted to be subscribed. It is a map of small binary keys to values,
// and knows nothing of MQTT; a client never shares one. NewMemoryStore makes one that lives as long as the process,
// package boltstore one in a file, package webstore one in the browser, and mqtttest.StoreSuite proves any other.
//
// A client calls Load first, then Write from one goroutine, and Release last. It doesn't close a store.
type Store interface {
	// Load takes the store for its caller until Release, and then yields all that it holds, in the order of bytes.Compare
	// of the keys. An error is the last that it yields: ErrStoreInUse when it was taken already, ctx's own, or why the
	// store can't be read; damage is an error, never a part of the session that is missing. A Load that yields one has not
	// taken the store; a loop that is left early has. A record is the caller's to read until the next one.
	Load(ctx context.Context) iter.Seq2[StoreRecord, error]

	// Write applies records in their order: one with a nil Value removes its Key, which needn't be there, any other takes
	// the place of what its Key had. An empty Value is a value. All of them are applied or none, and when Write has
	// returned nil they outlive what the store promises to outlive. It keeps nothing of records. A Write whose ctx ends
	// may have been applied or not.
	Write(ctx context.Context, records []StoreRecord) error

	// Release gives the store back for the next Load. Without a Load before it, it does nothing.
	Release() error
}

// StoreRecord is one thing that a Store keeps. Key has 1 to 64 bytes; Value may have up to the size of the largest message.
type StoreRecord struct{ Key, Value []byte }

// ErrStoreInUse says that a Store was given to a client while another one has it, in this process or in another.
var ErrStoreInUse = errors.New("the store is in use")
