package sub

import (
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// batch is messages that are brought somewhere together.
type batch struct {
	messages []*mqtt.Received
	times    []time.Time      // when each came
	text     []byte           // all of them as they are to be written
	ends     []int            // where each ends in text
	left     []*mqtt.Received // to be acknowledged, and nothing else
	taken    int              // messages, those included that are left out
}

// part is the text of one message.
func (b *batch) part(i int) []byte {
	start := 0
	if i > 0 {
		start = b.ends[i-1]
	}
	return b.text[start:b.ends[i]]
}

// acknowledge is for a batch that is where it belongs. What is too late is sent again by the server.
func (b *batch) acknowledge() {
	acknowledge(b.messages)
	acknowledge(b.left)
}

func acknowledge(all []*mqtt.Received) {
	for _, m := range all {
		m.Ack()
	}
}

// largestKept is how much memory of a text is kept for the next one.
const largestKept = 1 << 20

func (b *batch) reset() {
	clear(b.messages)
	clear(b.left)
	if cap(b.text) > largestKept {
		b.text = nil
	}
	*b = batch{messages: b.messages[:0], times: b.times[:0], text: b.text[:0], ends: b.ends[:0], left: b.left[:0]}
}

// worker brings batches to where they belong. It acknowledges what it has brought there, and no more when it returns an error.
type worker func(b *batch) error

// limits say when a batch is full.
type limits struct{ messages, bytes int }

func (b *batch) full(l limits) bool { return b.taken >= l.messages || len(b.text) >= l.bytes }

// job is a kind of worker.
type job struct {
	work    worker
	workers int
	limits  limits
	kill    func() // ends what a worker waits for, where that can be done
}

// start runs the workers until work is closed. Each answers to each batch.
func (j *job) start(work <-chan *batch, done chan<- brought) {
	for range j.workers {
		go func() {
			for b := range work {
				err := j.work(b)
				done <- brought{b, err}
			}
		}()
	}
}

// brought is a worker's answer.
type brought struct {
	batch *batch
	err   error
}
