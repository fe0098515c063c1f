package retained

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/sluicemq/sluice/mqtt"
)

// begin sends the first mark, when the filter is subscribed and marks are allowed.
func (w *walk) begin(ctx context.Context) error {
	if w.ready != nil || w.told != nil || w.state != marking {
		return nil
	}
	return w.sendMark(ctx)
}

// sendMark sends the next mark, to be awaited.
func (w *walk) sendMark(ctx context.Context) error {
	w.before = w.came
	err := w.send(ctx)
	w.mark = w.sent
	return err
}

// send sends a mark. Until it is acknowledged silence means nothing.
func (w *walk) send(ctx context.Context) (err error) {
	w.sent++
	w.quiet = false
	w.silence.Stop()
	w.outcome, err = w.client.PublishAsync(ctx, mark(w.client, w.marker.topic, strconv.Itoa(w.sent)))
	return err
}

// acknowledged is the server's word on a mark. From now on that can be back at any time, and silence counts.
func (w *walk) acknowledged(ctx context.Context) error {
	err := w.outcome.Wait(ctx)
	w.outcome = nil
	_, refused := errors.AsType[*mqtt.ReasonError](err)
	switch {
	case w.state == mixed:
	case refused:
		w.guess(fmt.Sprintf("no message of our own to %s (--sentinel): %v", w.marker.topic, err))
	case err != nil:
		return w.lost(err)
	default:
		w.await("a message of our own was acknowledged and has not come back: perhaps its topic isn't allowed (--sentinel)")
	}
	return nil
}

// back is that the mark that is awaited has come.
func (w *walk) back(ctx context.Context) error {
	if w.state == probing {
		w.state = marking
	}
	switch {
	case w.state != marking:
	case w.mark == 1:
		return w.sendMark(ctx)
	case w.came == w.before:
		w.doubt = ""
		return errEnd
	default:
		w.state = mixed
		w.await("the server sends retained messages and others in no order")
	}
	return nil
}
