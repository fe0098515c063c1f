package copier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/belt"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/intake"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/remap"
)

// mostLost is how many connections to the destination in a row may end with the same message unacknowledged. It is more than a
// destination has that is restarted.
const mostLost = 5

// carry connects both sides, copies until there is a reason to stop, and says what became of the messages.
func (c *copier) carry(ctx context.Context, from, to mqtt.Config) error {
	to.Outbox = belt.Outbox
	there, err := c.app.Connect(ctx, to)
	if err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	grace, giveUp := c.grace(ctx)
	defer giveUp(nil)
	oldest := func() time.Duration { return there.Stats().Out.OldestAge }
	watched := c.app.Watch(there, (&app.Fruitless{Oldest: oldest, Most: mostLost, End: giveUp}).Hear)
	source, err := c.what.Open(ctx, c.app, from, &c.from.Properties)
	if err != nil {
		c.app.Close(ctx, there, mqtt.Disconnect{})
		<-watched
		return fmt.Errorf("source: %w", err)
	}
	b := &bridge{copier: c, source: source, to: there, grace: grace, giveUp: giveUp, live: c.app.NewProgress()}
	c.app.Say("mqtt: copying; an interrupt ends it")
	err = b.run()
	err = first(err, b.close(ctx))
	<-watched
	b.live.Clear()
	c.app.Say("mqtt: %d messages copied, %d refused, %d left unacknowledged", b.out.copied, b.out.refused, b.out.left)
	return err
}

// grace is for what is under way when an interrupt comes or -W runs out: it ends --drain later, and so bounds also the wait for
// room at a destination that stands still.
func (c *copier) grace(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	drained, release := c.app.Grace(ctx)
	grace, cancel := context.WithCancelCause(drained)
	end := func(why error) { cancel(why); release() }
	if c.what.Timeout == 0 {
		return grace, end
	}
	late := time.AfterFunc(time.Duration(c.what.Timeout)+c.app.Drain, func() { cancel(app.ErrTimeout) })
	return grace, func(why error) { late.Stop(); end(why) }
}

// first is the first error that there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// bridge carries messages from the source to the belt, and from there to their acknowledgement.
type bridge struct {
	copier *copier
	source *intake.Source
	to     *mqtt.Client
	grace  context.Context         // of what is under way when the end comes
	giveUp context.CancelCauseFunc // ends grace
	live   *app.Progress
	out    outcomes
}

func (b *bridge) run() error {
	failed := make(chan error, 1) // from the belt, a signal: a message can't be copied
	b.out = outcomes{bridge: b, failed: failed}
	on := belt.Start(b.grace, b.out.end)
	err := b.publishAll(on, failed)
	b.source.Stop()
	err = first(err, b.source.Err())
	if failed := err; failed != nil { // who waits for the destination then, waits no longer than after an interrupt
		defer time.AfterFunc(b.copier.app.Drain, func() { b.giveUp(failed) }).Stop()
	}
	on.Close()
	select {
	case failure := <-failed:
		return failure
	default:
	}
	if b.grace.Err() != nil { // what was under way has not come to its end
		return first(err, context.Cause(b.grace))
	}
	return err
}

// publishAll takes each message from the source and gives it to the destination.
func (b *bridge) publishAll(on *belt.Belt[*mqtt.Received], failed <-chan error) error {
	for {
		select {
		case batch, ok := <-b.source.Batches:
			if !ok {
				return nil
			}
			for _, m := range batch {
				if err := b.publish(on, m.Received); err != nil {
					return err
				}
			}
		case <-b.live.Tick:
			s := b.to.Stats().Out
			b.live.Show("copied", int64(s.Done), ", %d under way", s.InFlight+s.Queued)
		case <-b.to.Done():
			return b.to.Err()
		case err := <-failed:
			return err
		}
	}
}

func (b *bridge) publish(on *belt.Belt[*mqtt.Received], m *mqtt.Received) error {
	out, err := b.copier.rename(m)
	on.Room(&out)
	if err != nil {
		on.PutFailed(m, &out, err)
		return nil
	}
	d, err := b.to.PublishAsync(b.grace, out)
	if err == nil {
		on.Put(m, &out, d)
		return nil
	}
	if !b.running() {
		return first(context.Cause(b.grace), err)
	}
	on.PutFailed(m, &out, err)
	return nil
}

// rename is the message as the destination gets it.
func (c *copier) rename(m *mqtt.Received) (mqtt.Message, error) {
	out := m.Message
	var err error
	if out.Topic, err = c.maps.Topic(m.Topic); err != nil {
		return out, unmapped{err}
	}
	if c.same && c.takes(out.Topic) {
		return out, app.Fail(app.ExitFailed, "topic %q becomes %q, which -t takes again: it would be copied for ever; "+
			"give another --map, or leave it out with -T", m.Topic, out.Topic)
	}
	if c.retain == "drop" {
		out.Retain = false
	}
	if c.plain {
		out.Properties = nil
	}
	belt.Again(&out)
	return out, nil
}

// unmapped is an error of a message that has no name at the destination.
type unmapped struct{ error }

// takes says whether the source's filters match a topic.
func (c *copier) takes(topic string) bool {
	matches := func(filter string) bool { return remap.Matches(filter, topic) }
	return slices.ContainsFunc(c.what.Topics, matches) && !slices.ContainsFunc(c.what.Except, matches)
}

// close ends both connections, the source's first: its acknowledgements are all given.
func (b *bridge) close(ctx context.Context) error {
	drain, cancel := b.copier.app.Draining(ctx)
	defer cancel()
	bye, err := b.copier.from.Properties.Disconnect()
	err = first(err, b.source.Close(drain, bye))
	if b.grace.Err() != nil {
		cancel() // what is under way had its time
	}
	bye, wrong := b.copier.to.Properties.Disconnect()
	closed := b.to.CloseWith(drain, bye)
	if _, counted := errors.AsType[*mqtt.UnfinishedError](closed); counted {
		closed = nil // by the belt
	}
	return first(err, wrong, closed)
}
