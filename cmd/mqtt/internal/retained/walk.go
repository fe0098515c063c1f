package retained

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// walk takes the retained messages of a filter as the server sends them for a new subscription.
//
// MQTT has no marker for the last one. So a topic of our own is subscribed, too, and when the answers have come a message is
// published there, not retained: the mark. A server that keeps its order sends what it had to send before the mark. When the
// mark is back a second one follows it, and if nothing came between the two, all has come. If something did, the server hands out
// retained messages beside other ones, and marks say nothing.
//
// Then, and where marks aren't allowed, all has come when nothing has for as long as idle. That is a guess, and said to be one.
// A mark that was acknowledged and is lost has either a topic that isn't allowed, or met a full queue, as retained messages did
// before it. One more mark, now that all is silent, tells which: should the first one come before it, that was only late.
type walk struct {
	client *mqtt.Client
	filter string
	qos    mqtt.QoS
	idle   time.Duration
	marker *marker // nil: none
	use    func(*mqtt.Received) error

	// owned by run
	stream  *mqtt.Stream
	ready   chan answer    // the answer to the SUBSCRIBE
	told    <-chan error   // from the marker; nil when it has told
	outcome *mqtt.Delivery // of a mark that isn't acknowledged yet
	silence *time.Timer    // runs while silence means the end
	quiet   bool           // silence means the end
	came    int            // retained messages so far
	mark    int            // the number of the mark that is awaited
	before  int            // how many had come when that was sent
	sent    int            // the number of the last mark that was sent: another one while probing
	state   state
	doubt   string // why it isn't sure that all has come
}

// state is what marks are good for.
type state int

const (
	marking state = iota // each is awaited
	mixed                // they come in no order with the retained messages
	probing              // one is missing: the last one tells why
	guessing
)

type answer struct {
	grants []mqtt.Grant
	err    error
}

// inbox is room for what comes before the SUBSCRIBE is answered: a client can't let the server wait until then.
var inbox = mqtt.Bounds{Messages: 1 << 17, Bytes: 64 << 20}

// errEnd is how use says that it has enough.
var errEnd = errors.New("enough")

// run gives the reason why something may be missing, or none when it is sure.
func (w *walk) run(ctx context.Context) (doubt string, err error) {
	var subs []mqtt.Subscription
	if w.marker != nil { // first: mochi refuses a SUBSCRIBE whose identifier is that of a message that it has under way
		subs = append(subs, mqtt.Subscription{Filter: w.marker.topic, QoS: mqtt.AtLeastOnce})
	}
	subs = append(subs, mqtt.Subscription{Filter: w.filter, QoS: w.qos})
	if w.stream, err = w.client.Declare(mqtt.StreamConfig{Inbox: inbox}, subs...); err != nil {
		return "", err
	}
	w.silence = time.NewTimer(w.idle)
	w.silence.Stop()
	defer w.silence.Stop()
	defer w.helpers(ctx)()
	for err == nil {
		err = w.step(ctx)
	}
	if !errors.Is(err, errEnd) {
		return "", err
	}
	return w.doubt, w.end(ctx)
}

// helpers starts what waits for the server beside run. What it gives ends them.
func (w *walk) helpers(ctx context.Context) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	w.ready = make(chan answer, 1)
	all.Go(func() {
		grants, err := w.stream.Ready(ctx)
		w.ready <- answer{grants, err}
	})
	if w.marker != nil {
		w.told = w.marker.told
		all.Go(func() { w.marker.run(ctx) })
	}
	return func() {
		stop()
		all.Wait()
	}
}

// step waits for one thing. Its error is errEnd when all has come.
func (w *walk) step(ctx context.Context) error {
	var acknowledged <-chan struct{}
	if w.outcome != nil {
		acknowledged = w.outcome.Done()
	}
	select {
	case m, open := <-w.stream.Messages():
		if !open {
			return w.lost(mqtt.ErrClosed)
		}
		return w.take(ctx, m)
	case a := <-w.ready:
		return w.answered(ctx, a)
	case err := <-w.told:
		w.told = nil
		if err != nil {
			w.guess(fmt.Sprintf("no message of our own to %s (--sentinel): %s", w.marker.topic, strings.Join(strings.Fields(err.Error()), " ")))
			return nil
		}
		return w.begin(ctx)
	case <-acknowledged:
		return w.acknowledged(ctx)
	case <-w.silence.C:
		return w.silent(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *walk) take(ctx context.Context, m *mqtt.Received) error {
	if m.Retain {
		w.came++
		if w.quiet {
			w.silence.Reset(w.idle)
		}
		err := w.use(m)
		if errors.Is(err, errEnd) {
			w.doubt = ""
		}
		return err
	}
	if w.marker == nil || m.Topic != w.marker.topic {
		return nil // published just now, by whomever
	}
	switch number := string(m.Payload); {
	case number == strconv.Itoa(w.mark):
		return w.back(ctx)
	case w.state == probing && number == strconv.Itoa(w.sent):
		return app.Fail(app.ExitFailed, "the server's queue for us was full, and some retained messages are missing; -q 0 needs no queue")
	}
	return nil // another copy of a mark
}

// answered is the server's answer to the SUBSCRIBE.
func (w *walk) answered(ctx context.Context, a answer) error {
	w.ready = nil
	switch last := len(a.grants) - 1; {
	case last < 0:
		return w.lost(a.err)
	case a.grants[last].Code.Failed():
		return a.err
	case w.marker == nil:
		w.guess("--sentinel is empty")
	case w.state == marking && a.grants[0].Code.Failed():
		w.guess(fmt.Sprintf("the server doesn't let us subscribe to %s (--sentinel)", w.marker.topic))
	case w.state == guessing:
		w.quiet = true
		w.silence.Reset(w.idle)
	default:
		return w.begin(ctx)
	}
	return nil
}

// lost is an error of a call; that the client has ended has a reason.
func (w *walk) lost(err error) error {
	if cause := w.client.Err(); errors.Is(err, mqtt.ErrClosed) && cause != nil {
		return fmt.Errorf("the connection ended before all had come: %w", cause)
	}
	return err
}

func (w *walk) guess(why string) {
	w.state = guessing
	w.await(why)
}

// await has silence mean the end, once the filter is subscribed.
func (w *walk) await(why string) {
	w.doubt = fmt.Sprintf("that these are all is a guess, as none came for %v (--idle): %s", w.idle, why)
	if w.quiet = w.ready == nil; w.quiet {
		w.silence.Reset(w.idle)
	}
}

// silent is that nothing has come for as long as idle.
func (w *walk) silent(ctx context.Context) error {
	switch {
	case w.client.State() != mqtt.StateConnected:
		w.quiet = false // the connection is ending, and the channel closes behind what has come
		return nil
	case w.state == marking:
		w.state = probing
		return w.send(ctx)
	}
	return errEnd
}

// end takes the subscription back, and looks whether all that came was taken.
func (w *walk) end(ctx context.Context) error {
	if n := w.client.Stats().In.Dropped; n > 0 {
		return app.Fail(app.ExitFailed, "%d messages came quicker than they could be written and are missing; give a narrower filter, or write to a file", n)
	}
	return w.stream.Close(ctx)
}

// random is a name that nobody else is likely to draw.
func random() string { return strings.ToLower(rand.Text()[:16]) }
