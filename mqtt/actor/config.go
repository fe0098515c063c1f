package actor

import (
	"context"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// SessionKind is how long the session is meant to live. The numbers are those of the mqtt package.
type SessionKind byte

// The kinds of session.
const (
	SessionClient     SessionKind = 1 + iota // as long as the client
	SessionConnection                        // as long as each connection
	SessionDurable                           // longer than the process
)

// OfflinePolicy is what happens to operations while there is no connection.
type OfflinePolicy byte

// The offline policies.
const (
	OfflineQueue OfflinePolicy = 1 + iota
	OfflineWait
	OfflineReject
)

// OutboxPolicy is what happens when the outbox is full.
type OutboxPolicy byte

// The outbox policies.
const (
	OutboxWait OutboxPolicy = 1 + iota
	OutboxReject
	OutboxDropOldest
)

// Config is what the processes need to know. All of it is settled: no field has a default left to fill in.
type Config struct {
	Version, MinVersion codec.Version // the first to try, and the lowest to fall back to
	Connect             codec.Connect // what each CONNECT has in common
	Session             SessionKind
	SessionExpiry       uint32 // seconds, of CONNECT on 5.0 when the session is kept
	LostFail            bool
	Lenient             bool
	KeepAlive           time.Duration // zero: off
	PingTimeout         time.Duration
	ConnectTimeout      time.Duration
	WriteTimeout        time.Duration
	RetryFirst          bool
	Servers             []Server // at least one
	Redirects           int      // how often in a row a server's reference is followed
	Stable              time.Duration

	// Among chooses which of n servers that are equally good is dialled next; nil: the first.
	Among func(n int) int
	// Before has the user's code look at an attempt at a server, of a number and after what the last one ended with; nil: there
	// is none. It may change what CONNECT says, and gives the server to dial. It may wait, and runs on the attempt.
	Before func(ctx context.Context, at Server, number int, last error, c *codec.Connect) (Server, error)
	// UserCode names the user's code that an attempt runs, for who waits for it in vain.
	UserCode string

	// Delay decides about the attempt-th failure in a row.
	Delay func(attempt int, err error) (delay time.Duration, again bool)
	// Decides says that Delay alone decides, also about refusals that are final by default.
	Decides bool

	// Authenticate begins an exchange with a server, for a CONNECT or again on a connection that is up, and gives what is
	// said first; nil: there is no enhanced authentication. It may wait, and runs on the attempt or on a caller.
	Authenticate func(ctx context.Context, server string, again bool) (*Exchange, Auth, error)
	// AuthMethod is the Authentication Method; empty for none.
	AuthMethod string

	ReceiveMaximum int
	MaxPacketSize  uint32
	AliasMaximum   uint16
	TopicAlias     AliasMode
	MaxInFlight    int
	Outbox         Bounds
	OutboxFull     OutboxPolicy
	Offline        OfflinePolicy
	NoOfflineQoS0  bool
	LatestOnly     bool
	Inbox          Bounds
	InboxHard      Bounds
	Overflow       Overflow
	StallAfter     time.Duration
	Ack            AckMode
	Claimed        bool
	NoResubscribe  bool
	SubscribeBatch int
	AwaitResub     bool

	// Write has a store keep changes, all or none; nil: there is no store. It runs on the keeper alone.
	Write func(context.Context, []Change) error
	// Release gives the store back when nothing is written any more; set where there is a store.
	Release func() error
	// Kept is what the store held in the beginning; not nil where there is one.
	Kept *Kept

	// Tell receives each event, in order, on the tracker: it must not block.
	Tell func(event any)
	// Log receives records on the supervisor; nil for none. Warnings are the first ones.
	Log      func(Record)
	Warnings []Record
	// Sent and Received trace packets where they pass: on the tracker before the bytes go to the writer, and on the reader.
	Sent, Received func(PacketInfo)
}

// Record is one line for the log.
type Record struct {
	Level int // as in log/slog
	Text  string
	Args  []any
}

// PacketInfo is what a trace is told of a packet: never a payload, never a secret.
type PacketInfo struct {
	Type     codec.Type
	Size     int
	PacketID uint16
	Topic    string
	QoS      codec.QoS
	Dup      bool
	Retain   bool
	Code     codec.ReasonCode
}

const (
	quickMax   = 4096     // bytes: a message up to this size needs no word of admission while the outbox is roomy
	quickBatch = 128      // operations that the channel to the tracker holds then; the outbox keeps room for them
	drainBatch = 512      // operations that the tracker takes in one turn, as callers send on meanwhile
	softBuffer = 64 << 10 // bytes after which a write buffer is closed
	keptBuffer = 4 << 10  // bytes of write buffer that an idle connection keeps
)

// promised is what a roomy outbox keeps room for: what lies in the channel, and in so many parcels.
func promised(parcels int) Bounds {
	return Bounds{quickBatch + parcels*parcelItems, quickBatch*quickMax + parcels*(parcelBytes+quickMax)}
}

// Roomy says that the outbox can keep room for all that the channel to the tracker may hold, so that small messages are
// admitted by the send alone.
func (c *Config) Roomy() bool {
	least := promised(unseen)
	return c.Outbox.Messages >= 2*least.Messages && c.Outbox.Bytes >= 2*least.Bytes &&
		c.OutboxFull == OutboxWait && c.Offline == OfflineQueue && !c.NoOfflineQoS0
}
