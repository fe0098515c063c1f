package codec

// UserProperty is a name and a value that the specification gives no meaning (§2.2.2.2). The same name may come again; the
// order is kept. Both are UTF-8 strings of at most 65,535 bytes.
type UserProperty struct{ Key, Value string }

// The property identifiers (§2.2.2.2).
const (
	idPayloadFormatIndicator           = 0x01
	idMessageExpiryInterval            = 0x02
	idContentType                      = 0x03
	idResponseTopic                    = 0x08
	idCorrelationData                  = 0x09
	idSubscriptionIdentifier           = 0x0B
	idSessionExpiryInterval            = 0x11
	idAssignedClientIdentifier         = 0x12
	idServerKeepAlive                  = 0x13
	idAuthenticationMethod             = 0x15
	idAuthenticationData               = 0x16
	idRequestProblemInformation        = 0x17
	idWillDelayInterval                = 0x18
	idRequestResponseInformation       = 0x19
	idResponseInformation              = 0x1A
	idServerReference                  = 0x1C
	idReasonString                     = 0x1F
	idReceiveMaximum                   = 0x21
	idTopicAliasMaximum                = 0x22
	idTopicAlias                       = 0x23
	idMaximumQoS                       = 0x24
	idRetainAvailable                  = 0x25
	idUserProperty                     = 0x26
	idMaximumPacketSize                = 0x27
	idWildcardSubscriptionAvailable    = 0x28
	idSubscriptionIdentifiersAvailable = 0x29
	idSharedSubscriptionAvailable      = 0x2A
)

// kind is the type of a property's value (§2.2.2.2).
type kind byte

const (
	kindNone kind = iota // no such property
	kindByte
	kindUint16
	kindUint32
	kindVBI
	kindString
	kindBinary
	kindPair
)

// definition is what holds for a property wherever it stands.
type definition struct {
	name      string
	kind      kind
	low, high uint32 // the bounds of a number; high 0 means those of its kind
}

var definitions = [64]definition{
	idPayloadFormatIndicator:           {"payload format indicator", kindByte, 0, 1},
	idMessageExpiryInterval:            {"message expiry interval", kindUint32, 0, 0},
	idContentType:                      {"content type", kindString, 0, 0},
	idResponseTopic:                    {"response topic", kindString, 0, 0},
	idCorrelationData:                  {"correlation data", kindBinary, 0, 0},
	idSubscriptionIdentifier:           {"subscription identifier", kindVBI, 1, maxRemaining},
	idSessionExpiryInterval:            {"session expiry interval", kindUint32, 0, 0},
	idAssignedClientIdentifier:         {"assigned client identifier", kindString, 0, 0},
	idServerKeepAlive:                  {"server keep alive", kindUint16, 0, 0},
	idAuthenticationMethod:             {"authentication method", kindString, 0, 0},
	idAuthenticationData:               {"authentication data", kindBinary, 0, 0},
	idRequestProblemInformation:        {"request problem information", kindByte, 0, 1},
	idWillDelayInterval:                {"will delay interval", kindUint32, 0, 0},
	idRequestResponseInformation:       {"request response information", kindByte, 0, 1},
	idResponseInformation:              {"response information", kindString, 0, 0},
	idServerReference:                  {"server reference", kindString, 0, 0},
	idReasonString:                     {"reason string", kindString, 0, 0},
	idReceiveMaximum:                   {"receive maximum", kindUint16, 1, 0},
	idTopicAliasMaximum:                {"topic alias maximum", kindUint16, 0, 0},
	idTopicAlias:                       {"topic alias", kindUint16, 1, 0},
	idMaximumQoS:                       {"maximum QoS", kindByte, 0, 1},
	idRetainAvailable:                  {"retain available", kindByte, 0, 1},
	idUserProperty:                     {"user property", kindPair, 0, 0},
	idMaximumPacketSize:                {"maximum packet size", kindUint32, 1, 0},
	idWildcardSubscriptionAvailable:    {"wildcard subscription available", kindByte, 0, 1},
	idSubscriptionIdentifiersAvailable: {"subscription identifiers available", kindByte, 0, 1},
	idSharedSubscriptionAvailable:      {"shared subscription available", kindByte, 0, 1},
}

// inBounds reports whether a property of that identifier may have the value n.
func inBounds(id byte, n uint32) bool {
	d := &definitions[id]
	return n >= d.low && (d.high == 0 || n <= d.high)
}

// boundsCode is what a peer is told that sent a number out of bounds.
func boundsCode(id byte) ReasonCode {
	if id == idTopicAlias {
		return TopicAliasInvalid
	}
	return ProtocolError
}

// propertySize is how many bytes the property at the start of b takes, its identifier counted. It is 0 when the identifier
// is unknown, when b ends inside it, and when a variable byte integer is wrongly encoded.
func propertySize(b []byte) int {
	if len(b) == 0 || int(b[0]) >= len(definitions) {
		return 0
	}
	size := 0
	switch definitions[b[0]].kind {
	case kindByte:
		size = 2
	case kindUint16:
		size = 3
	case kindUint32:
		size = 5
	case kindVBI:
		if _, width := vbi(b[1:], true); width > 0 {
			size = 1 + width
		}
	case kindString, kindBinary:
		size = fieldEnd(b, 1)
	case kindPair:
		if size = fieldEnd(b, 1); size > 0 {
			size = fieldEnd(b, size)
		}
	}
	if size > len(b) {
		return 0
	}
	return size
}

// fieldEnd is where the length-prefixed field at b[at:] ends, or 0 when it ends outside of b.
func fieldEnd(b []byte, at int) int {
	if at+2 > len(b) {
		return 0
	}
	if end := at + 2 + int(b[at])<<8 + int(b[at+1]); end <= len(b) {
		return end
	}
	return 0
}
