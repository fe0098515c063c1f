package actor

import (
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// branch is the dispatcher's side of one stream: what waits for it, and how it stands with the stream's process.
type branch struct {
	number   uint64 // zero is Messages
	tag      any    // what its owner knows it by
	filters  []string
	overflow Overflow
	ack      AckMode
	process  outlet
	work     chan<- []item   // to stream, one batch or recall: it asked for it
	unread   <-chan []item   // the same, to take back what it didn't read
	quit     chan<- struct{} // closed when its consumer has closed it

	inbox    inbox
	slabs    [2]slab // of what waits in it, of QoS 0 and of the others
	running  bool
	lent     int  // items at the front that the process has,
	told     int  // less those that it has told are taken
	recalled bool // the process was asked for what is left; nothing is lent until it answers
	purge    bool // when it has answered, what the server sends again is to be taken out
	eager    bool // the process runs from the beginning
	fresh    bool // waits for what Messages still has of it
	closed   bool // its consumer is gone
	retired  bool // the server has forgotten its filters
	loops    int  // over All, that run; counted with a store alone,
	plain    bool // as is whether somebody has asked for the plain channel
	asked    bool // its answer to a recall is one that Close waits for

	mark    uint64 // of the look-up that found it last
	touched bool   // may be lent something
	blocked bool   // waits for acknowledgements before it may
	got     uint64 // since the beginning,
	taken   uint64 // of those,
	dropped uint64 // and beside those
	untold  int    // of those dropped
}

// outlet is a stream's process, whatever it makes of a message.
type outlet interface {
	run()
	abandon() // what run does at its end, for one that never ran
}

// start runs the process when there is a first item for it: a stream that waits costs no goroutine.
func (b *branch) start(nursery *sync.WaitGroup) {
	if !b.running {
		b.running = true
		nursery.Go(b.process.run)
	}
}

// own gives what the stream keeps of a payload: a large one, unless another stream has it, and a copy of a small one. So a slab
// holds payloads of one stream alone, in the order in which they go, and no more memory is held than waits. Were they cut where
// they are read, one message that waits could hold the memory of hundreds that were dropped, or taken from another stream.
func (b *branch) own(p *codec.Publish, shared bool) []byte {
	if len(p.Payload) > slabMax && !shared {
		return p.Payload
	}
	return b.slabs[min(p.QoS, codec.AtLeastOnce)].copy(p.Payload)
}

// idle says that the branch may lend now.
func (b *branch) idle() bool { return b.lent == 0 && !b.recalled && !b.fresh && !b.closed }

// recall asks the process for what it has not handed out. The answer is its next report.
func (b *branch) recall() {
	if b.recalled || !b.running {
		return
	}
	b.recalled = true
	select {
	case <-b.unread:
	default:
	}
	b.work <- nil // there is room: nobody else sends
}

// stop ends the process, or what stands for it. The answer is its last report.
func (b *branch) stop() {
	b.closed = true
	if !b.running {
		b.process.abandon()
		return
	}
	if !b.recalled {
		select {
		case <-b.unread:
		default:
		}
	}
	close(b.work)
}

// userPropertySize is what the two strings of a User Property take beside their text. A message can have hundreds of
// thousands without any, at five bytes of the packet each.
const userPropertySize = 32

// sizeOf is what a message counts in bytes: its topic, its payload and what its properties refer to.
func sizeOf(p *codec.Publish) int {
	n := len(p.Topic) + len(p.Payload)
	if q := p.Properties; q != nil {
		n += len(q.ResponseTopic) + len(q.CorrelationData) + len(q.ContentType) + 4*len(q.SubscriptionIdentifiers)
		for _, u := range q.UserProperties {
			n += userPropertySize + len(u.Key) + len(u.Value)
		}
	}
	return n
}

// InboundStats counts what came in, since the beginning.
type InboundStats struct {
	Received       uint64 // messages, a repeated QoS 2 message once
	Taken          uint64 // handed to the application, once for each stream
	Dropped        uint64 // QoS 0 that found no room
	Unclaimed      uint64 // that nobody asked for
	Discarded      uint64 // that a closed stream held, or that came for it
	Strays         uint64 // answers that no request waited for
	Owed           int    // acknowledgements that were given and have not left, mostly because one before them is missing
	Unacknowledged int    // QoS 1 and 2 messages that wait for an acknowledgement
	Bytes          int    // of the messages that wait for the application
	Held           bool   // reading waits for the application
	Streams        []StreamStats
}

// StreamStats are those of one stream, zero being Messages.
type StreamStats struct {
	Number       uint64
	Tag          any
	Received     uint64
	Taken        uint64
	Dropped      uint64
	Depth        Bounds    // what waits
	Oldest       time.Time // when the first of those came; zero when there is none
	Stalled      string    // topic of the message that an EventStalled told and that holds up acknowledgements still; else empty
	StalledSince time.Time // since when it does
}
