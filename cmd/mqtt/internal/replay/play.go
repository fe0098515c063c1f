package replay

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/belt"
)

// due is when a message is sent, after the begin of its round.
type due struct {
	after time.Duration
	round int
}

// tally counts outcomes. It belongs to the belt until that is closed.
type tally struct {
	done, failed int64
	reason       error // of the first that failed
}

func (t *tally) end(_ struct{}, err error) {
	if err == nil {
		t.done++
		return
	}
	t.failed++
	if t.reason == nil {
		t.reason = err
	}
}

// play publishes all, waits for the outcomes, and says them.
func (p *player) play(ctx context.Context, c *mqtt.Client) error {
	grace, cancel := p.app.Grace(ctx)
	defer cancel()
	var t tally
	s := sender{player: p, client: c, live: p.app.NewProgress()}
	b := belt.Start(grace, t.end)
	err := p.each(ctx, s.live.Tick, s.show, func(d due, m *mqtt.Message) error { return s.send(ctx, b, d, m) })
	b.Close()
	s.live.Clear()
	t.failed += s.failed
	if t.reason == nil {
		t.reason = s.reason
	}
	p.app.Say("mqtt: %d messages acknowledged, %d failed", t.done, t.failed)
	return outcome(ctx, err, &t)
}

// outcome is the error of the whole.
func outcome(ctx context.Context, err error, t *tally) error {
	if errors.Is(context.Cause(ctx), app.ErrInterrupted) && (err != nil || t.failed > 0) {
		return app.ErrInterrupted
	}
	if f, ok := errors.AsType[*app.FruitlessError](context.Cause(ctx)); ok {
		return app.Fail(app.ExitUnacknowledged, "%w", f)
	}
	if err != nil {
		return err
	}
	if t.failed > 0 {
		return app.Fail(app.ExitUnacknowledged, "%d of %d messages were not acknowledged; the first of them: %w", t.failed, t.done+t.failed, t.reason)
	}
	return nil
}

// sender publishes. What can't even be offered it counts itself.
type sender struct {
	player *player
	client *mqtt.Client
	live   *app.Progress
	sent   int64
	after  time.Duration // of the message that was sent last
	failed int64
	reason error // of the first that failed
}

func (s *sender) show() {
	out := s.client.Stats().Out
	s.live.Show("replayed", s.sent, ", at %s, %d under way", s.after.Round(time.Second), out.InFlight+out.Queued)
}

func (s *sender) send(ctx context.Context, b *belt.Belt[struct{}], d due, m *mqtt.Message) error {
	select {
	case <-s.live.Tick:
		s.show()
	default:
	}
	s.after = d.after
	b.Room(m)
	delivery, err := s.client.PublishAsync(ctx, *m)
	if err == nil {
		s.sent++
		b.Put(struct{}{}, m, delivery)
		return nil
	}
	return s.unsent(ctx, err)
}

// unsent counts a message that this server can't have, and lets what stands in the way of all others end it.
func (s *sender) unsent(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case <-s.client.Done():
		return app.Fail(app.ExitUnacknowledged, "the connection has ended, and not all was sent: %w", err)
	default:
	}
	if _, wrong := errors.AsType[*mqtt.ArgumentError](err); wrong {
		return app.Fail(app.ExitFailed, "%w", s.player.deck.now.Wrong(err))
	}
	s.failed++
	if s.reason == nil {
		s.reason = err
	}
	return nil
}

// print says what would be published when.
func (p *player) print(ctx context.Context) error {
	out := bufio.NewWriterSize(p.app.Output(), 64<<10)
	err := p.each(ctx, nil, nil, func(d due, m *mqtt.Message) error {
		retain := ""
		if m.Retain {
			retain = ", retained"
		}
		round := ""
		if p.loops > 1 {
			round = fmt.Sprintf("round %d ", d.round+1)
		}
		_, err := fmt.Fprintf(out, "%s+%.6fs %s QoS %d, %d bytes%s\n", round, d.after.Seconds(), m.Topic, m.QoS, len(m.Payload), retain)
		if err == nil {
			err = context.Cause(ctx)
		}
		return err
	})
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return err
}
