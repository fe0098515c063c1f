package copier

import (
	"errors"
	"slices"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// outcomes deals with what became of each message, in order. It belongs to the belt until that is closed.
type outcomes struct {
	bridge *bridge
	failed chan<- error // to the bridge, a signal

	stopped bool // nothing is acknowledged any more: what follows comes again, in order
	copied  int64
	refused int64
	left    int64
}

// end acknowledges a message to the source once the destination has it.
func (o *outcomes) end(m *mqtt.Received, err error) {
	for !o.stopped && errors.Is(err, mqtt.ErrUncertain) && o.bridge.running() {
		err = o.again(m)
	}
	switch {
	case o.stopped:
		o.left++
	case err == nil:
		o.copied++
		m.Ack() // ErrStale: the source sends it again, and then it arrives twice
	case errors.Is(err, mqtt.ErrExpired):
		o.refused++ // nobody wants it any more
		m.Ack()
	case o.skips(err):
		o.refused++
		m.Ack()
	default:
		o.left++
		o.stop(m, err)
	}
}

// stop has nothing more acknowledged, and says why.
func (o *outcomes) stop(m *mqtt.Received, err error) {
	o.stopped = true
	if refusal(err) {
		err = app.Fail(app.ExitFailed, "the destination can't have the message of topic %q, which stays unacknowledged: %w; "+
			"--refused skip passes over such ones", m.Topic, err)
	}
	if f, ok := errors.AsType[*app.FruitlessError](err); ok {
		err = app.Fail(app.ExitFailed, "the destination doesn't take the message of topic %q, which stays unacknowledged: %w", m.Topic, f)
	}
	select {
	case o.failed <- err:
	default: // there is an earlier reason
	}
}

// running says whether there is still a destination to publish to, and time.
func (b *bridge) running() bool {
	select {
	case <-b.to.Done():
		return false
	case <-b.grace.Done():
		return false
	default:
		return true
	}
}

// again publishes a message of QoS 2 of which nobody knows whether the destination got it before it lost the session.
func (o *outcomes) again(m *mqtt.Received) error {
	out, err := o.bridge.copier.rename(m)
	if err != nil {
		return err
	}
	return o.bridge.to.Publish(o.bridge.grace, out)
}

// skips says whether an error is a refusal, and is to be passed over.
func (o *outcomes) skips(err error) bool {
	return o.bridge.copier.refused == "skip" && refusal(err)
}

// refusal says whether it was the message that the destination couldn't have. An end of the connection is none, for whatever reason.
func refusal(err error) bool {
	if r, ok := errors.AsType[*mqtt.ReasonError](err); ok {
		return slices.Contains([]string{"PUBACK", "PUBREC", "PUBCOMP"}, r.Packet)
	}
	if _, ok := errors.AsType[*mqtt.LimitError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*mqtt.ArgumentError](err); ok {
		return true
	}
	if _, ok := errors.AsType[unmapped](err); ok {
		return true
	}
	return errors.Is(err, mqtt.ErrVersion)
}
