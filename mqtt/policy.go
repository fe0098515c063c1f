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

// AliasMode says which messages leave with a topic alias in place of their topic, beside those that ask for one
// (PublishProperties.TopicAlias).
type AliasMode byte

// The uses of topic aliases. The zero value is AliasOff.
const (
	AliasOff AliasMode = 0 // those that ask for one
	// AliasReuse has a message leave by the alias that an earlier one asked for, on the same connection and for the same
	// topic.
	AliasReuse AliasMode = 1
	// AliasAuto gives aliases out as well, from 1 to the server's Topic Alias Maximum (ConnAck.TopicAliasMaximum): to each
	// topic at its first message while there are free ones, then in place of the topic that has gone unused for the longest.
	// A message that asks for an alias takes it from whichever topic has it.
	//
	// An alias takes 3 bytes. So a topic of one byte gets none, one of two or three takes none from a longer one, and where
	// giving aliases to new topics has cost 192 bytes more than it saved, a topic gets another's alias only when it
	// has come by before. A message that would be too large for the server with a new alias leaves without. The table holds up to
	// 4 MiB of topics; beyond that it counts as full.
	AliasAuto AliasMode = 2
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

// Redirect says whether the client goes where a server sends it (§4.11).
//
// A Server Reference is read as names between spaces: host, host:port, [IPv6], [IPv6]:port, or a URL. The first eight are
// tried in turn, by the transport of the server that gave them: never without TLS when that had TLS, and at the scheme's own
// port where they have none. What can't be read, or may not be followed, is logged and left out; when nothing remains, the
// server has refused, and the next one is tried as Backoff says.
//
// After 0x9C the next connection is tried with Servers again. After 0x9D the server that was found takes, once it has answered,
// the place of the one that has moved, for this client's life. The first redirection in a row is followed at once (behind a
// DISCONNECT as Backoff.Retry says, where that is set), each further one as Backoff says, and after the fourth the attempt fails
// with ErrRedirects. A connection that lived for Backoff.Stable ends the row. Each is told by an EventRedirected. The session goes
// on if the other server knows it (ConnAck.SessionPresent).
type Redirect byte

// The ways to meet a redirection. The zero value is RedirectListed.
const (
	// RedirectListed follows to servers that are in Config.Servers, as they stand there: scheme, credentials, TLS.
	RedirectListed Redirect = 0
	// RedirectAny follows to any server. One that isn't in Config.Servers gets the user name and the password of the one that
	// sent the client there, and its certificate must be for its own name, whatever Config.TLS.ServerName says. For networks
	// and servers that are trusted with that: without TLS, anybody on the way can send the client anywhere.
	RedirectAny Redirect = 1
	// RedirectOff follows to none. What the server said is in the *ReasonError.
	RedirectOff Redirect = 2
)
