package mqtt

import "time"

// ConnAck is what the server said when it accepted a connection (§3.2), with what follows where it said nothing: each
// field holds what is in force on this connection. It is a plain value; its slices belong to whoever was given it.
type ConnAck struct {
	// Version is the version in use; never VersionAuto.
	Version Version

	// ClientID is the identifier in force: the one that was sent, or when that was empty AssignedClientIdentifier.
	ClientID string

	// AssignedClientIdentifier is the one that the server named; empty when it named none (§3.2.2.3.7). It means nothing
	// when the client had sent one.
	AssignedClientIdentifier string

	// SessionPresent says that the server goes on with a session that it had. Always false on 3.1 (§3.2.2.1.1).
	SessionPresent bool

	// SessionExpiry is how long the session outlives this connection; zero: it ends with it; SessionExpiryNever: it
	// never ends. On 3.x it is one of these two (§3.2.2.3.2).
	SessionExpiry time.Duration

	// KeepAlive is the longest time between two packets of ours, Server Keep Alive included; zero: off (§3.2.2.3.14).
	KeepAlive time.Duration

	// ReceiveMaximum is how many messages of QoS 1 and 2 the server takes unacknowledged. Default, and 3.x: 65,535
	// (§3.2.2.3.3).
	ReceiveMaximum uint16

	// MaximumQoS is the highest that may be published with. Default, and 3.x: ExactlyOnce (§3.2.2.3.4).
	MaximumQoS QoS

	// RetainAvailable says that Retain may be set. Default, and 3.x: true (§3.2.2.3.5).
	RetainAvailable bool

	// MaximumPacketSize is the size in bytes of the largest packet that the server takes. Default, and 3.x: 268,435,460,
	// which is as large as a packet can be (§3.2.2.3.6).
	MaximumPacketSize uint32

	// TopicAliasMaximum is the highest alias that a publish may ask for. Default, and 3.x: 0, none (§3.2.2.3.8).
	TopicAliasMaximum uint16

	// WildcardSubscriptionAvailable says that filters may hold "+" and "#". Default, and 3.x: true (§3.2.2.3.11).
	WildcardSubscriptionAvailable bool

	// SubscriptionIdentifiersAvailable says that subscriptions may have one. Default: true; 3.x: false (§3.2.2.3.12).
	SubscriptionIdentifiersAvailable bool

	// SharedSubscriptionAvailable says that the server knows "$share/NAME/FILTER". Default: true. 3.x: false, as the
	// protocol doesn't know it; some servers do, and nothing keeps you from trying (§3.2.2.3.13).
	SharedSubscriptionAvailable bool

	// ReasonString is for people; empty: none (§3.2.2.3.9).
	ReasonString string

	// UserProperties are the server's, in its order; nil: none (§3.2.2.3.10).
	UserProperties []UserProperty

	// ResponseInformation is the base for response topics, as the server gave it, which it may where
	// Config.RequestResponseInformation asked for it; empty: none (§3.2.2.3.15).
	ResponseInformation string

	// ServerReference names another server to use; empty: none. Beside a success it isn't followed (§3.2.2.3.16).
	ServerReference string
}
