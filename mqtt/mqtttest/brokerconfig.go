package mqtttest

import (
	"slices"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// BrokerConfig says what a [Broker] is like. The zero value accepts everybody, in every version, and allows everything but
// shared subscriptions.
type BrokerConfig struct {
	// Server is where the connections come from; the Broker takes them all, and closes it. nil: one of its own.
	Server *Server

	// Versions are those accepted; CONNECT with another is refused with UnsupportedProtocolVersion. Empty: all three.
	Versions []codec.Version

	// Announce is what an accepting CONNACK says on 5.0 (§3.2.2.3), and what is then held against the client:
	// ReceiveMaximum, MaximumQoS, RetainAvailable, TopicAliasMaximum, WildcardSubscriptionAvailable,
	// SubscriptionIdentifiersAvailable, SessionExpiryInterval and ServerKeepAlive. MaximumQoS, the largest that is granted,
	// and MaximumPacketSize hold on every version. SharedSubscriptionAvailable and AssignedClientIdentifier are filled in.
	Announce codec.ConnAckProperties

	// Window is how many QoS 1 and 2 messages may be on their way to one client, which on 5.0 says itself how many it takes
	// (Receive Maximum, §4.9): then the lesser of the two. Zero: 65,535.
	Window int

	// TopicAliases has messages leave with topic aliases (§3.3.2.3.4), to clients that announce a Topic Alias Maximum.
	TopicAliases bool

	// MaxBacklog is how many bytes may wait for a client before the Broker stops reading from that client until they are
	// fewer: servers do so, and clients that publish while they don't read get stuck on it. Zero: no bound.
	MaxBacklog int

	// Authenticate judges each CONNECT; a code of failure refuses it. nil accepts. It runs within the Broker, whose methods
	// it must not call. The CONNECT must not be kept.
	Authenticate func(*codec.Connect) codec.ReasonCode

	// Enhanced has the Broker do enhanced authentication (§4.12): it begins the exchange of a CONNECT of 5.0 that names an
	// Authentication Method and that Authenticate has accepted, and of each re-authentication. Nil instead of a step refuses
	// the method, and so does Enhanced itself when it is nil. It runs within the Broker, whose methods it must not call.
	Enhanced func(clientID, method string) AuthStep

	// Authorize judges each publish and each subscription; a code of failure refuses it. On 3.x a refused publish is
	// acknowledged all the same and dropped, since it can't be told. nil allows. It runs within the Broker, whose methods it
	// must not call.
	Authorize func(clientID, topic string, publish bool) codec.ReasonCode
}

func (cfg *BrokerConfig) accepts(v codec.Version) bool {
	return len(cfg.Versions) == 0 || slices.Contains(cfg.Versions, v)
}

func (cfg *BrokerConfig) authorize(clientID, topic string, publish bool) codec.ReasonCode {
	if cfg.Authorize == nil {
		return codec.Success
	}
	return cfg.Authorize(clientID, topic, publish)
}

func (cfg *BrokerConfig) maximumQoS() codec.QoS {
	if cfg.Announce.MaximumQoS != nil {
		return *cfg.Announce.MaximumQoS
	}
	return codec.ExactlyOnce
}

func (cfg *BrokerConfig) receiveMaximum() int {
	return int(orMost(cfg.Announce.ReceiveMaximum))
}

// orMost is what the absence of a Receive Maximum means (§3.1.2.11.3).
func orMost(n uint16) uint16 {
	if n == 0 {
		return 65535
	}
	return n
}

// unavailable reports whether an announced flag is there and false.
func unavailable(flag *bool) bool { return flag != nil && !*flag }
