package codec

import (
	"slices"
	"strconv"
)

// block is a place where properties stand: which ones may, and where the specification says so.
type block struct {
	packet  Type
	section string // the section of the block; the n-th of ids has the subsection n+1, after the one on the length
	ids     []byte
	allowed uint64    // ids as a bit set
	barred  [2]uint64 // by sender: what that side must not send
}

func newBlock(packet Type, section string, ids ...byte) *block {
	b := &block{packet: packet, section: section, ids: ids}
	for _, id := range ids {
		b.allowed |= 1 << id
	}
	return b
}

// only returns b with a property that only that side may send.
func (b *block) only(from Side, id byte) *block {
	b.barred[1-from] |= 1 << id
	return b
}

// sectionOf is the section of one property in this block.
func (b *block) sectionOf(id byte) string {
	if i := slices.Index(b.ids, id); i >= 0 {
		return b.section + "." + strconv.Itoa(i+2)
	}
	return "2.2.2.2"
}

var (
	connectBlock = newBlock(TypeConnect, "3.1.2.11",
		idSessionExpiryInterval, idReceiveMaximum, idMaximumPacketSize, idTopicAliasMaximum, idRequestResponseInformation,
		idRequestProblemInformation, idUserProperty, idAuthenticationMethod, idAuthenticationData)
	willBlock = newBlock(TypeConnect, "3.1.3.2",
		idWillDelayInterval, idPayloadFormatIndicator, idMessageExpiryInterval, idContentType, idResponseTopic,
		idCorrelationData, idUserProperty)
	connAckBlock = newBlock(TypeConnAck, "3.2.2.3",
		idSessionExpiryInterval, idReceiveMaximum, idMaximumQoS, idRetainAvailable, idMaximumPacketSize,
		idAssignedClientIdentifier, idTopicAliasMaximum, idReasonString, idUserProperty, idWildcardSubscriptionAvailable,
		idSubscriptionIdentifiersAvailable, idSharedSubscriptionAvailable, idServerKeepAlive, idResponseInformation,
		idServerReference, idAuthenticationMethod, idAuthenticationData)
	publishBlock = newBlock(TypePublish, "3.3.2.3",
		idPayloadFormatIndicator, idMessageExpiryInterval, idTopicAlias, idResponseTopic, idCorrelationData, idUserProperty,
		idSubscriptionIdentifier, idContentType).only(FromServer, idSubscriptionIdentifier)
	subscribeBlock   = newBlock(TypeSubscribe, "3.8.2.1", idSubscriptionIdentifier, idUserProperty)
	unsubscribeBlock = newBlock(TypeUnsubscribe, "3.10.2.1", idUserProperty)
	disconnectBlock  = newBlock(TypeDisconnect, "3.14.2.2",
		idSessionExpiryInterval, idReasonString, idUserProperty, idServerReference).
		only(FromClient, idSessionExpiryInterval).only(FromServer, idServerReference)
	authBlock = newBlock(TypeAuth, "3.15.2.2",
		idAuthenticationMethod, idAuthenticationData, idReasonString, idUserProperty)
)

// reasonBlocks are the blocks of the packets that have a Reason String and User Properties, and nothing else.
var reasonBlocks = [...]*block{
	TypePubAck:   newBlock(TypePubAck, "3.4.2.2", idReasonString, idUserProperty),
	TypePubRec:   newBlock(TypePubRec, "3.5.2.2", idReasonString, idUserProperty),
	TypePubRel:   newBlock(TypePubRel, "3.6.2.2", idReasonString, idUserProperty),
	TypePubComp:  newBlock(TypePubComp, "3.7.2.2", idReasonString, idUserProperty),
	TypeSubAck:   newBlock(TypeSubAck, "3.9.2.1", idReasonString, idUserProperty),
	TypeUnsubAck: newBlock(TypeUnsubAck, "3.11.2.1", idReasonString, idUserProperty),
}
