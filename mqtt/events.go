package mqtt

import "time"

// Event is what Client.Events tells: one of the Event types of this package, as a value, not a pointer.
//
//	switch e := event.(type) {
//	case mqtt.EventConnected:
//		log.Print("connected to ", e.Server)
//	case mqtt.EventDisconnected:
//		log.Print("lost ", e.Server, ": ", e.Err)
//	}
type Event interface {
	// Missed counts the events that went untold just before this one, because nobody took them in time.
	Missed() int

	sealed()
}

// told is what all events have in common.
type told struct{ missed int }

// Missed counts the events that went untold just before this one.
func (t told) Missed() int { return t.missed }

func (told) sealed() {}

// EventConnected says that a CONNACK accepted. One EventDisconnected follows it, at some time.
type EventConnected struct {
	ConnAck ConnAck
	Server  string // the server's URL, without credentials and query
	Attempt int    // which attempt in a row this was, from 1
	told
}

// EventDisconnected says that a connection, or an attempt at one, ended.
type EventDisconnected struct {
	Err    error  // why: ErrClosed, *ReasonError, *ProtocolError, *ConnectError, ErrNoPingResp, an error of the network …
	Server string // the server's URL, without credentials and query
	told
}

// EventReconnecting says that another attempt follows.
type EventReconnecting struct {
	Attempt int           // its number in this row, from 1
	Delay   time.Duration // it begins after this
	Err     error         // what the last attempt, or the connection, ended with
	told
}

// EventRedirected says that a server has sent the client to another one, which is tried next (Config.Redirect). Why is in the
// EventDisconnected before it.
type EventRedirected struct {
	From, To string // the servers' URLs, without credentials and query
	Moved    bool   // for the rest of this client's life, once To has answered (0x9D); false: for now (0x9C)
	told
}

// EventOffline comes once an outage, before its first EventDisconnected, also when the first attempt fails.
type EventOffline struct{ told }

// EventDrained says that all that waited for this connection has ended: what was sent again and what was published,
// subscribed and unsubscribed offline.
type EventDrained struct{ told }

// EventDropped counts messages of QoS 0 that found no room.
type EventDropped struct {
	Stream *Stream // who did not get them (StreamStats.Stream); nil: they were published by this client, and did not leave
	Count  int
	told
}

// EventUnclaimed counts messages that came while nobody asked for what no stream takes. They were acknowledged. It is
// told once a topic.
type EventUnclaimed struct {
	Topic string
	Count int
	told
}

// EventStalled names a message that has waited for its acknowledgement longer than Config.StallAfter. Those behind it
// wait for it, of whatever stream.
type EventStalled struct {
	Stream *Stream // whose message it is (StreamStats.Stream)
	Topic  string
	Since  time.Time // when it came, or when the one before it was acknowledged: since then the others wait for it
	told
}

// EventSessionLost tells what it meant that the server lost the session (Config.OnSessionLost).
type EventSessionLost struct {
	Republished int // QoS 1 messages in flight that are published again as new ones
	Uncertain   int // messages in flight that ended with ErrUncertain
	told
}

// EventSubscription says that a new connection refused a filter that an earlier one had granted. It isn't wanted any
// more.
type EventSubscription struct {
	Grant Grant
	told
}

// EventClosed is the last event: the client has ended. The channel is closed after it.
type EventClosed struct {
	Err error // what Client.Err says
	told
}
