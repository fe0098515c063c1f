package mqtt

// StreamConfig says how a stream holds what its reader hasn't taken yet. The zero value takes all from Config.
type StreamConfig struct {
	// Inbox is the room for QoS 0 messages. Each zero field: Config.Inbox's.
	Inbox Bounds

	// Overflow is what happens to QoS 0 messages that find no room. Zero: Config.Overflow.
	Overflow Overflow

	// Ack says when a message counts as acknowledged. Zero: Config.Ack.
	Ack AckMode
}

// Bounds limits what is kept, in messages and in bytes of topic, properties and payload; whichever is reached first. A
// zero field means the default that is named where Bounds is used; a negative one is an error.
type Bounds struct{ Messages, Bytes int }

// Overflow is what happens to QoS 0 messages that find no room. QoS 1 and 2 are never dropped.
type Overflow byte

// The ways to meet a full room. Zero is Config's in a StreamConfig, and OverflowHold in Config.
const (
	// OverflowHold stops reading from the server while the room is full. While an answer is owed to this client (an
	// acknowledgement, a SUBACK) reading goes on, and the newest messages are dropped and counted.
	OverflowHold       Overflow = 1
	OverflowDropOldest Overflow = 2 // drop the oldest that waits, and count it
	OverflowDropNewest Overflow = 3 // drop what has just come, and count it
)

// AckMode says when a received message counts as acknowledged.
type AckMode byte

// The modes of acknowledgement. Zero is Config's in a StreamConfig, and AckOnTake in Config.
const (
	// AckOnTake acknowledges a message when the application has taken it off the channel, or, in a loop over All, after
	// the loop's body.
	AckOnTake AckMode = 1
	AckManual AckMode = 2 // acknowledges when Received.Ack or Received.Reject is called, and not before
)
