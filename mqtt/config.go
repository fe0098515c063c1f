package mqtt

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/sluicemq/sluice/mqtt/netx"
)

// Config is all that a client can be told when it is made. The zero value works, against mqtt://localhost:1883.
//
// It is passed by value and never written to; what it refers to is copied by New, but for functions, Dialer,
// Authenticator, Store, Logger and WebSocket.HTTPClient, which are shared. One Config without a Store may serve many clients,
// made by many goroutines at once. A field that is wrong is a *ConfigError from New. A field marked "v5" needs MQTT 5.0: with a 3.x Version it is a *ConfigError, and with
// VersionAuto no older version is tried, unless Lenient is set.
type Config struct {
	// ---- where ----

	// Servers are the URLs of servers that are tried in turn: mqtt:// or tcp:// (port 1883), mqtts://, tls:// or ssl://
	// (port 8883), ws:// (port 80) and wss:// (port 443), unix:///path, and +unix behind mqtt, mqtts, ws or wss; mqtt+srv://
	// or mqtts+srv:// and a domain for the servers that its SRV records name. A URL may hold user:password@ and ?clientId=;
	// fields of Config that are set win over it, each for itself. netx.Parse says more. Default: mqtt://localhost:1883.
	Servers []string

	// ShuffleServers draws the order of Servers at random, for each client anew. False, the default: it is that of Servers.
	// Either way a round tries each of them once: first those that have not failed since they last worked, then those whose
	// failure is the longest ago. After a lost connection its server goes first, unless its last two connections were both
	// lost within Backoff.Stable.
	ShuffleServers bool

	// TLS is for the secure schemes. Nil: the system's roots, TLS 1.2 and up. An empty ServerName means the URL's host,
	// and localhost over a unix socket. With a client certificate in it, all Servers must be secure; netx.ReloadCertificate
	// reads one anew at each attempt. NextProtos, empty by default, is what servers want that share a port with others. With
	// InsecureSkipVerify the Logger is warned, once. Its callbacks run on a goroutine of the client's connecting, a
	// ClientSessionCache also on the one that reads.
	TLS *tls.Config

	// BeforeConnect is called before each attempt to connect, for what changes: signed URLs, tokens, certificates (see Attempt).
	// Nil: attempts are as Config says. It may take as long as it needs: ConnectTimeout begins when it has returned, and ctx ends
	// when the client does, or the context of the Connect that it is called for. An error fails the attempt, with a *ConnectError
	// of the stage "hook", and the client goes on as after any other, but for one that wraps ErrGiveUp; its text goes to the Logger
	// and into events, so it must hold no secret. It runs on a goroutine of the client's connecting, and may be called by many
	// clients at the same time.
	BeforeConnect func(ctx context.Context, a *Attempt) error

	// Dialer opens the raw connections. Nil: a net.Dialer. It runs on a goroutine of the client's connecting, must return
	// soon after its context ends, and is shared by all clients of this Config.
	Dialer netx.Dialer

	// Proxy says through what the servers are reached: HTTP CONNECT or SOCKS5, as in netx.Proxy{URL: "socks5h://host:port"}.
	// Zero: for ws and wss what HTTP_PROXY, HTTPS_PROXY and NO_PROXY say, unless Dialer is one of your own; for all else no
	// proxy. Dialer then opens the connection to the proxy. The name in TLS stays the server's.
	Proxy netx.Proxy

	// WebSocket is for ws and wss: headers, subprotocols, an HTTP client, compression. The zero value works: it offers
	// "mqtt", on 3.1 "mqttv3.1", and no compression. Its HTTPClient is shared by all clients of this Config.
	WebSocket netx.WebSocketOptions

	// Version is the version of the protocol. VersionAuto, the default: 5.0, then 3.1.1, then 3.1. It goes down only when
	// the server refused the version, and never below what the fields marked "v5", a Password without Username (5.0),
	// NoClientID and a ClientID over 23 characters (3.1.1) need.
	Version Version

	// Lenient leaves out, on a 3.x connection, what only 5.0 can carry, of Config, messages and subscriptions; and it
	// allows a ClientID over 23 characters on 3.1. False, the default: they are errors.
	Lenient bool

	// ---- who ----

	// ClientID is the Client Identifier (§3.1.3.1): at most 65,535 bytes of UTF-8 without U+0000, 23 characters on 3.1.
	// Empty: that of the URLs, or else "sluice" and 17 random letters and digits, kept for the client's whole life.
	ClientID string

	// NoClientID sends an empty identifier, so that the server chooses one (ConnAck.ClientID); on 5.0 the client then
	// keeps to it, and a server that tells none breaks a rule. Not on 3.1, not with SessionDurable.
	NoClientID bool

	// Username is at most 65,535 bytes of UTF-8 without U+0000. Empty: that of the URL, or none (§3.1.3.5).
	Username string

	// Password is any bytes, at most 65,535. Nil: that of the URL, or none; empty and not nil: an empty password. On 3.x
	// it needs a Username (§3.1.3.6).
	Password []byte

	// Authenticator proves who the client is by an exchange with the server, at each CONNECT and in Client.Reauthenticate
	// (§4.12). Nil: none; Username and Password may be set beside it. Its method must have a name. With Lenient, a server
	// that refuses 5.0 is asked on 3.x without it. v5 (§3.1.2.11.9).
	Authenticator Authenticator

	// UserProperties go with each CONNECT; nil: none. v5 (§3.1.2.11.8).
	UserProperties []UserProperty

	// Will is published by the server when the connection ends without a proper DISCONNECT. Nil: none (§3.1.2.5).
	Will *Will

	// ---- connection ----

	// KeepAlive is the longest time between two packets to the server, in whole seconds up to 65,535 s. Zero: 60 s.
	// Negative: off. On 5.0 the server may replace it (ConnAck.KeepAlive). A PINGREQ is due after three quarters of it
	// (§3.1.2.10).
	KeepAlive time.Duration

	// PingTimeout is how long the answer to a PINGREQ may take before the connection ends with ErrNoPingResp. Zero: half
	// of KeepAlive, and at least 5 s.
	PingTimeout time.Duration

	// ConnectTimeout bounds one attempt, from the dial to CONNACK, the Authenticator included, BeforeConnect not; what takes
	// longer ends with ErrConnectTimeout. Zero: 30 s.
	ConnectTimeout time.Duration

	// WriteTimeout is how long a write may make no progress before the connection ends with ErrWriteTimeout. Zero: 20 s.
	WriteTimeout time.Duration

	// RetryFirst has Client.Connect retry as Backoff says until its context ends. False, the default: it returns when
	// each server was tried once in vain.
	RetryFirst bool

	// Backoff says how long to wait between attempts, and when to give up.
	Backoff Backoff

	// Redirect says whether the client goes where a server sends it, by Reason Code 0x9C (use another server) or 0x9D
	// (server moved) and a Server Reference in CONNACK or DISCONNECT. Zero: RedirectListed, to the servers in Servers
	// alone. MQTT 5.0 alone knows it (§4.11).
	Redirect Redirect

	// ---- session ----

	// Session is how long the session lives. Zero: SessionClient, as long as the client; with a Store SessionDurable.
	Session Session

	// SessionExpiry is how long the session outlives a connection, in whole seconds up to SessionExpiryNever. Zero: five
	// minutes with SessionClient, never with SessionDurable. With SessionConnection it must be zero. v5 (§3.1.2.11.2).
	SessionExpiry time.Duration

	// Store keeps the session over the end of the process: what was published at QoS 1 and 2 and is not done, QoS 2
	// identifiers, wanted filters. Each message is kept before its first byte leaves, and what Delivery.Stored has told
	// survives a crash. With a store, Session zero means SessionDurable, and no other is allowed. A store is for one
	// client at a time and for one ClientID; the client doesn't close it. Nil: the session lives in memory, as long as the
	// client.
	Store Store

	// OnSessionLost says what becomes of QoS 1 messages in flight when the server has lost the session. Zero:
	// LostRepublish.
	OnSessionLost SessionLost

	// ---- what the server is told ----

	// ReceiveMaximum is how many messages of QoS 1 and 2 may be here unacknowledged, 1 to 65,535. Zero: 256. It is
	// announced on 5.0, and kept to on every version by not reading (§3.1.2.11.3).
	ReceiveMaximum int

	// MaxPacketSize is the size in bytes of the largest packet that the client takes, 1 to 268,435,460; a larger one ends
	// the connection before memory is taken for it. Zero: 1 MiB. It is announced on 5.0 (§3.1.2.11.4).
	MaxPacketSize int

	// TopicAliasMaximum is how many aliases the server may use, up to 65,535. Zero: none. The topic of each is held for as
	// long as the connection lives, beside all other bounds: up to 64 KiB times this number, 4 GiB at the most, or as much
	// less as MaxPacketSize leaves to a topic. v5 (§3.1.2.11.5).
	TopicAliasMaximum int

	// RequestResponseInformation asks the server for ConnAck.ResponseInformation, with which the response
	// topic of Request then begins. v5 (§3.1.2.11.6).
	RequestResponseInformation bool

	// RequestProblemInformation, set with new(false), asks the server for no reason strings and user properties but in
	// PUBLISH, CONNACK and DISCONNECT; one that sends them all the same is disconnected with 0x82. Nil, the default, and
	// new(true): it may send them. v5 (§3.1.2.11.7).
	RequestProblemInformation *bool

	// ---- sending ----

	// MaxInFlight is how many messages of QoS 1 and 2 may have left and wait for their answer, 1 to 65,535. Zero: 1000.
	// It is never more than the server's Receive Maximum.
	MaxInFlight int

	// Outbox bounds what was admitted and has not ended, in flight included. Zero: 16,384 messages, 64 MiB.
	Outbox Bounds

	// OutboxFull says what becomes of a publish that finds no room. Zero: OutboxWait.
	OutboxFull OutboxPolicy

	// Offline says what becomes of a publish while there is no connection. Zero: OfflineQueue.
	Offline Offline

	// LatestOnly has a message take the place of one for the same topic that waits to leave: that one ends with ErrNotSent
	// and ErrSuperseded. For values of which the newest is all that counts. False, the default: all are sent.
	LatestOnly bool

	// TopicAlias says whether messages leave with a topic alias that they don't ask for, which saves the bytes of long topics.
	// Zero: AliasOff. It has no effect on 3.x, nor with a server that announces no Topic Alias Maximum (§3.3.2.3.4).
	TopicAlias AliasMode

	// NoOfflineQoS0 has messages of QoS 0 rejected with ErrNotConnected and ErrNotSent while there is no connection.
	// False, the default: they are treated as Offline says.
	NoOfflineQoS0 bool

	// ---- receiving ----

	// Inbox is the room of each stream, and of Messages, for QoS 0 messages that nobody has taken yet. Zero: 1024
	// messages, 8 MiB.
	Inbox Bounds

	// Overflow says what happens to QoS 0 messages that find no room. Zero: OverflowHold.
	Overflow Overflow

	// InboxHard bounds what is kept of QoS 1 and 2 when reading can't wait for the application, because the server owes
	// an answer: on 3.x messages and bytes, on 5.0 bytes. Beyond it the connection ends with ErrInboundOverrun. Zero:
	// 65,535 messages, 64 MiB.
	InboxHard Bounds

	// StallAfter is how long a message may wait for its acknowledgement before an EventStalled names it, and how long
	// messages that no stream takes wait for somebody to ask for Messages. Zero: 30 s.
	StallAfter time.Duration

	// Ack says when a message counts as acknowledged. Zero: AckOnTake.
	Ack AckMode

	// ---- subscribing ----

	// Subscriptions are wanted from the first connection on, and delivered on Messages. Nil: none.
	Subscriptions []Subscription

	// NoResubscribe leaves out subscribing again on a connection whose session doesn't have what is wanted, but for the
	// response topic of Request.
	NoResubscribe bool

	// SubscribeBatch is how many filters one SUBSCRIBE or UNSUBSCRIBE may hold. Zero: as many as fit the server's Maximum
	// Packet Size.
	SubscribeBatch int

	// AwaitResubscribe holds back, on a new connection, what is published until the server has answered to the filters
	// that are subscribed again. What is sent again goes before them in any case.
	AwaitResubscribe bool

	// ---- watching ----

	// Logger is told what happens, never a secret or a payload. Nil: nothing is logged. It is called by one goroutine of
	// the client at a time, and what it is too slow for is counted and left out.
	Logger *slog.Logger

	// Trace is told of each packet, and of the stages of each dial. Nil: nobody is.
	Trace *Trace
}
