package mqtt

import "time"

// Stats is what a client has done so far. Counts begin with New and never go down; they are kept after the end. Each
// group is of one instant; between groups what is on its way may be missing. Sizes are bytes of topic, properties and
// payload.
type Stats struct {
	Out     OutStats
	In      InStats
	Link    LinkStats
	Streams []StreamStats // Messages first, then the open streams in the order of Declare, with that of Request's response topic; the caller's own
}

// OutStats counts what was published. Admitted is the sum of Done, Refused, NotSent, Uncertain, Kept, InFlight and
// Queued.
type OutStats struct {
	Admitted    uint64        // taken over from the application
	Done        uint64        // QoS 0 written, QoS 1 PUBACK, QoS 2 PUBCOMP
	Refused     uint64        // the server said no
	NotSent     uint64        // certainly never left
	Uncertain   uint64        // left, and no answer came
	Kept        uint64        // left to whoever opens the store next
	InFlight    int           // left, and waiting for their answer
	Queued      int           // waiting to leave
	QueuedBytes int           // their size
	OldestAge   time.Duration // how long the oldest of those in flight and queued has waited; zero: there is none
}

// InStats counts what was received, over all streams. A message for two streams is received once; it is taken, dropped and
// discarded by each of them.
type InStats struct {
	Received  uint64 // PUBLISH packets, QoS 2 duplicates not counted
	Taken     uint64 // by the application, from a channel or in a loop
	Dropped   uint64 // QoS 0 that found no room
	Unclaimed uint64 // acknowledged because nobody asked for them
	Discarded uint64 // acknowledged because their stream was closed
	Strays    uint64 // answers that no Request waited for: late, doubled or unknown; of those taken
	Owed      int    // QoS 1 and 2 messages here that the server has no acknowledgement for
	Held      bool   // reading from the server waits for the application
}

// LinkStats is about the connections.
type LinkStats struct {
	Connections   uint64        // that a CONNACK accepted
	LastError     error         // what the last connection or attempt ended with; nil: none ended yet
	PingRoundTrip time.Duration // of the last PINGREQ; zero: no PINGRESP yet
	BytesSent     uint64        // to all servers, MQTT packets alone
	BytesReceived uint64        // from all servers, MQTT packets alone
	LastPacketID  uint16        // the last Packet Identifier that was given out; zero: none yet
}

// StreamStats is about one stream.
type StreamStats struct {
	Stream       *Stream       // never nil: Client.Messages has one too, which no Declare has returned
	Received     uint64        // messages that it got
	Taken        uint64        // by the application
	Dropped      uint64        // QoS 0 that found no room
	Depth        Bounds        // what waits in it to be taken
	OldestAge    time.Duration // how long the oldest of them has waited; zero: none waits
	Stalled      string        // topic of a message that has waited for its acknowledgement longer than Config.StallAfter
	StalledSince time.Time     // since when the others wait for that one; zero: there is none
}
