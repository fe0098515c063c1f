package retained

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// walk takes the retained messages of a filter as the server sends them for a new subscription.
//
// MQTT has no marker for the last one. So the same SUBSCRIBE asks for a topic of our own, and when its answer has come a message
// is published there, not retained: the mark. A server that keeps its order sends what it had to send before the mark. When the
// mark is back a second one follows it, and if nothing came between the two, all has come. If something did, the server hands out
// retained messages beside other ones, and marks say nothing.
//
// Then, and where marks aren't allowed, all has come when nothing has for as long as idle. That is a guess, and said to be one.
type walk struct {
	client *mqtt.Client
	filter string
	qos    mqtt.QoS
	idle   time.Duration
	marks  string // the topic of our own; empty: none
	use    func(*mqtt.Received) error

	// owned by run
	stream  *mqtt.Stream
	came    int            // retained messages so far
	mark    int            // the number of the last mark that was sent
	before  int            // how many had come when the last mark was sent
	outcome *mqtt.Delivery // of a mark that isn't acknowledged yet
	ready   chan answer    // the answer to the SUBSCRIBE
	silence *time.Timer    // runs while silence means the end
	quiet   bool           // silence means the end
	doubt   string         // why it isn't sure that all has come
	mixed   bool           // the server keeps no order, so that marks say nothing
}

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
	subs := []mqtt.Subscription{{Filter: w.filter, QoS: w.qos}}
	if w.marks != "" {
		subs = append(subs, mqtt.Subscription{Filter: w.marks, QoS: mqtt.AtLeastOnce})
	}
	if w.stream, err = w.client.Declare(mqtt.StreamConfig{Inbox: inbox}, subs...); err != nil {
		return "", err
	}
	w.silence = time.NewTimer(w.idle)
	w.silence.Stop()
	defer w.silence.Stop()
	waiting, stop := context.WithCancel(ctx)
	w.ready = make(chan answer, 1)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		grants, err := w.stream.Ready(waiting)
		w.ready <- answer{grants, err}
	}()
	defer func() {
		stop()
		<-answered
	}()
	for err == nil {
		err = w.step(ctx)
	}
	if !errors.Is(err, errEnd) {
		return "", err
	}
	return w.doubt, w.end(ctx)
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
			return fmt.Errorf("the connection ended before all had come: %w", w.client.Err())
		}
		return w.take(ctx, m)
	case a := <-w.ready:
		return w.answered(ctx, a)
	case <-acknowledged:
		return w.marked(ctx)
	case <-w.silence.C:
		return errEnd
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *walk) take(ctx context.Context, m *mqtt.Received) error {
	switch {
	case m.Retain:
		w.came++
		if w.quiet {
			w.silence.Reset(w.idle)
		}
		return w.use(m)
	case m.Topic != w.marks || string(m.Payload) != strconv.Itoa(w.mark) || w.mixed:
		return nil // published just now, by whomever; or another copy of the mark
	case w.mark == 1:
		return w.sendMark(ctx)
	case w.came == w.before:
		w.doubt = ""
		return errEnd
	}
	w.mixed = true
	w.await("the server sends retained messages and others in no order")
	return nil
}

// answered is the server's answer to the SUBSCRIBE.
func (w *walk) answered(ctx context.Context, a answer) error {
	w.ready = nil
	if a.err != nil && len(a.grants) == 0 {
		return w.lost(a.err)
	}
	if len(a.grants) > 0 && a.grants[0].Code.Failed() {
		return a.err
	}
	if len(a.grants) < 2 || a.grants[1].Code.Failed() {
		why := "--sentinel is empty"
		if len(a.grants) > 1 {
			why = fmt.Sprintf("the server doesn't let us subscribe to %s (--sentinel)", w.marks)
		}
		w.await(why)
		return nil
	}
	return w.sendMark(ctx)
}

// lost is an error of a call; that the client has ended has a reason.
func (w *walk) lost(err error) error {
	if errors.Is(err, mqtt.ErrClosed) && w.client.Err() != nil {
		return fmt.Errorf("the connection ended before all had come: %w", w.client.Err())
	}
	return err
}

// sendMark publishes the next mark, with QoS 1: one of QoS 0 may overtake what waits for acknowledgements of others.
func (w *walk) sendMark(ctx context.Context) (err error) {
	w.mark++
	w.before = w.came
	w.quiet = false
	w.silence.Stop()
	m := mqtt.Message{Topic: w.marks, Payload: []byte(strconv.Itoa(w.mark))}
	if ack, _ := w.client.ConnAck(); ack.MaximumQoS > 0 {
		m.QoS = mqtt.AtLeastOnce
	}
	w.outcome, err = w.client.PublishAsync(ctx, m)
	return err
}

// marked is the server's word on a mark. From now on that can be back at any time, and silence counts.
func (w *walk) marked(ctx context.Context) error {
	err := w.outcome.Wait(ctx)
	w.outcome = nil
	_, refused := errors.AsType[*mqtt.ReasonError](err)
	switch {
	case w.mixed:
	case refused:
		w.await(fmt.Sprintf("the server doesn't let us publish to %s (--sentinel)", w.marks))
	case err != nil:
		return w.lost(err)
	default:
		w.await("a message of our own was acknowledged and has not come back: either its topic isn't allowed (--sentinel), or the server's " +
			"queue was full and some are missing (-q 0 needs none)")
	}
	return nil
}

// await has silence mean the end.
func (w *walk) await(why string) {
	w.doubt = fmt.Sprintf("that these are all is a guess, as none came for %v (--idle): %s", w.idle, why)
	w.quiet = true
	w.silence.Reset(w.idle)
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
