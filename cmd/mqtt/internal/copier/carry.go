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

// window is how many messages may be on their way to the destination. The client bounds their bytes.
const window = 4096

// carry connects both sides, copies until there is a reason to stop, and says what became of the messages.
func (c *copier) carry(ctx context.Context, from, to mqtt.Config) error {
	there, err := c.app.Connect(ctx, to)
	if err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	watched := c.app.Watch(there, nil)
	source, err := c.what.Open(ctx, c.app, from, &c.from.Properties)
	if err != nil {
		c.app.Close(ctx, there, mqtt.Disconnect{})
		<-watched
		return fmt.Errorf("source: %w", err)
	}
	grace, cancel := c.app.Grace(ctx)
	defer cancel()
	b := &bridge{copier: c, source: source, to: there, grace: grace, giveUp: cancel, live: c.app.NewProgress()}
	c.app.Say("mqtt: copying; an interrupt ends it")
	err = b.run()
	err = first(err, b.close(ctx))
	<-watched
	b.live.Clear()
	c.app.Say("mqtt: %d messages copied, %d refused, %d left unacknowledged", b.out.copied, b.out.refused, b.out.left)
	return err
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
	grace  context.Context // of what is under way when an interrupt comes
	giveUp func()          // ends grace
	live   *app.Progress
	out    outcomes
}

func (b *bridge) run() error {
	failed := make(chan error, 1) // from the belt, a signal: a message can't be copied
	b.out = outcomes{bridge: b, failed: failed}
	on := belt.Start(b.grace, window, b.out.end)
	err := b.publishAll(on, failed)
	b.source.Stop()
	err = first(err, b.source.Err())
	if errors.Is(err, app.ErrTimeout) {
		defer time.AfterFunc(b.copier.app.Drain, b.giveUp).Stop()
	}
	on.Close()
	if b.grace.Err() != nil { // an interrupt or -W, and what was under way has not come to its end
		return first(err, context.Cause(b.grace))
	}
	select {
	case failure := <-failed:
		return failure
	default:
		return err
	}
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
	if err != nil {
		on.PutFailed(m, err)
		return nil
	}
	d, err := b.to.PublishAsync(b.grace, out)
	if err == nil {
		on.Put(m, d)
		return nil
	}
	if !b.running() {
		return first(context.Cause(b.grace), err)
	}
	on.PutFailed(m, err)
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
	bye, wrong := b.copier.to.Properties.Disconnect()
	closed := b.to.CloseWith(drain, bye)
	if _, counted := errors.AsType[*mqtt.UnfinishedError](closed); counted {
		closed = nil // by the belt
	}
	return first(err, wrong, closed)
}
