package mqtt

// Session says how long the session lives, which is what client and server know of each other: subscriptions and
// unfinished messages (§4.1).
type Session byte

// The lifetimes of a session. The zero value is SessionClient.
const (
	// SessionClient lives as long as the client. On v5 the client starts clean until the first accepting CONNACK and
	// resumes from then on; the session outlives a lost connection by Config.SessionExpiry (zero: five minutes), and
	// Close ends it. On 3.x, which has no expiry, each connection starts clean and the client restores what it can.
	SessionClient Session = 0
	// SessionConnection ends with each connection.
	SessionConnection Session = 1
	// SessionDurable never starts clean, and Close keeps it. On v5 it outlives the last connection by
	// Config.SessionExpiry (zero: it never expires). A ClientID is required.
	SessionDurable Session = 2
)

// SessionLost says what becomes of QoS 1 messages in flight when the server has lost the session. QoS 2 messages in
// flight become uncertain whatever it says; what never left stays queued.
type SessionLost byte

// The ways to meet a lost session. The zero value is LostRepublish.
const (
	LostRepublish SessionLost = 0 // publish them again as new messages; they may arrive twice
	LostFail      SessionLost = 1 // end them with ErrUncertain
)

// Offline says what becomes of a publish while there is no connection.
type Offline byte

// The ways to publish offline. The zero value is OfflineQueue.
const (
	OfflineQueue  Offline = 0 // admit it to the outbox; when that is full, as Config.OutboxFull says
	OfflineWait   Offline = 1 // admit nothing: the call waits for a connection, within its context
	OfflineReject Offline = 2 // admit nothing: the call returns ErrNotConnected and ErrNotSent
)

// OutboxPolicy says what becomes of a publish that finds the outbox full.
type OutboxPolicy byte

// The ways to meet a full outbox. The zero value is OutboxWait.
const (
	OutboxWait   OutboxPolicy = 0 // the call waits for room, within its context
	OutboxReject OutboxPolicy = 1 // the call returns ErrOutboxFull and ErrNotSent
	// OutboxDropOldest ends what has waited longest and never left, QoS 0 first, with ErrNotSent and ErrOutboxFull until
	// there is room. When all that the outbox holds has left, the call waits.
	OutboxDropOldest OutboxPolicy = 2
)
