package pub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// settler waits for the outcome of each message, in the order in which they were sent, and counts.
type settler struct {
	sent     <-chan sent
	settled  chan<- int // to the feeder, the size of what has ended; its capacity is the window
	stop     context.CancelCauseFunc
	tell     func(string)
	unit     string
	single   bool // the only message's failure is told by the command's end
	failFast bool

	tally tally // to be read once run has returned
}

func (s *settler) run() {
	for m := range s.sent {
		err := m.delivery.Wait(context.Background()) // the client's end ends it
		s.settled <- m.size
		s.tally.sent++
		if err == nil {
			s.tally.acknowledged++
			continue
		}
		s.failure(m, err)
	}
}

// toldFailures is how many failures are told; the others are counted. A server that refuses one line often refuses all.
const toldFailures = 10

func (s *settler) failure(m sent, err error) {
	t := &s.tally
	if t.failed() == 1 {
		t.first = err
	}
	if errors.Is(err, mqtt.ErrClosed) { // we have closed the client: all that was left ends like this
		if t.oldest == 0 {
			t.oldest, t.size = m.number, m.size
		}
		return
	}
	if told := &s.tally.told; !s.single {
		if *told++; *told <= toldFailures {
			s.tell(fmt.Sprintf("%s %d: %s", s.unit, m.number, plain(err)))
		}
		if *told == toldFailures {
			s.tell("further failures are counted, and not told")
		}
	}
	limit, beyond := errors.AsType[*mqtt.LimitError](err)
	switch {
	case beyond: // the next ones would go the same way
		s.stop(&fault{s.unit, m.number, limit})
	case s.failFast:
		s.stop(errFailFast)
	}
}

// errFailFast ends the feeding after a failure, with --fail-fast.
var errFailFast = errors.New("stopped at the first message that failed")

// tally counts outcomes.
type tally struct {
	sent         int // handed to the client
	acknowledged int // at QoS 0: written
	told         int // failures that were told, or would have been
	first        error
	oldest, size int // number and size of the first message that was left when we closed the client; 0: none was
}

func (t *tally) failed() int { return t.sent - t.acknowledged }

// line says how it went.
func (t *tally) line(took time.Duration) string {
	text := fmt.Sprintf("sent %d, acknowledged %d, failed %d in %v", t.sent, t.acknowledged, t.failed(), took.Round(time.Millisecond))
	if t.acknowledged > 0 && took > 0 {
		text += fmt.Sprintf(" (%.0f/s)", float64(t.acknowledged)/took.Seconds())
	}
	return text
}

// verdict is what the command ends with: end is why the feeder stopped early, cut what ended the waiting for acknowledgements, and
// closed what Close said.
func verdict(t *tally, end, cut, closed error, j *job) error {
	single := j.single()
	var f *fault
	var fruitless *app.FruitlessError
	switch {
	case errors.Is(end, app.ErrInterrupted) || end == nil && t.failed() > 0 && errors.Is(cut, app.ErrInterrupted):
		return fmt.Errorf("%w: %s", app.ErrInterrupted, t.open(end))
	case errors.Is(end, app.ErrTimeout) || end == nil && t.failed() > 0 && errors.Is(cut, app.ErrTimeout):
		return fmt.Errorf("%w: %s", app.ErrTimeout, t.open(end))
	case errors.As(end, &f) && !single:
		return app.Fail(app.ExitFailed, "%w", f) // whatever else it is, it is one line of many
	case errors.As(end, &f):
		return f.err
	case errors.As(end, &fruitless):
		return app.Fail(app.ExitFailed, "the server doesn't acknowledge %s %d, of %d bytes: %w", j.unit(), t.oldest, t.size, fruitless)
	case end != nil && end != errFailFast:
		return end
	case t.failed() == 0:
		return finished(closed)
	case single:
		return only(t.first)
	}
	return app.Fail(app.ExitUnacknowledged, "%d of %d messages were not acknowledged", t.failed(), t.sent)
}

// open says what was left.
func (t *tally) open(end error) string {
	var parts []string
	if end != nil {
		parts = append(parts, fmt.Sprintf("nothing more was published after %d messages", t.sent))
	}
	if n := t.failed(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d messages have no acknowledgement", n))
	}
	return strings.Join(parts, ", and ")
}

// finished is what an end says when all is acknowledged: that the server could not be told of it any more is no failure.
func finished(closed error) error {
	if _, unsaid := errors.AsType[*mqtt.UnfinishedError](closed); unsaid {
		return nil
	}
	return closed
}

// only is the failure of the only message, with the exit code of its reason where it has one.
func only(err error) error {
	if app.ExitCode(err) == app.ExitFailed {
		return app.Fail(app.ExitUnacknowledged, "%w", err)
	}
	return err
}

// plain is an error without what every error of a publish begins with.
func plain(err error) string { return strings.TrimPrefix(err.Error(), "mqtt: publish: ") }
