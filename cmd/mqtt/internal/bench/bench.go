// Package bench is the command `mqtt bench`: it measures a server, or this client, and says how sure that is.
//
// Messages leave on an absolute schedule by default, and a latency counts from when its message was due. So a server that stands
// still is seen by all the messages that would have come in that time, and not by the one that happened to wait for it.
package bench

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// Command makes `mqtt bench`.
func Command(a *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure rates and latencies",
		GroupID: app.GroupInspect,
		Long: `bench measures how fast messages get through, and how long they take.

By default messages leave on an absolute schedule (--rate, 1000 a second), and a latency counts from when its message was due,
also when it left later: so a server that stands still shows in each message that it made late. --saturate goes as fast as it
can instead; latencies then say how long the queues are. What the program itself can do shows with --calibrate.`,
		Example: "  mqtt bench pub -q 1 --rate 5000 --duration 10\n  mqtt bench e2e -q 1 --count 2000 --fail-if 'p99>50ms' --fail-if 'lost>0'",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return app.Usage("bench can't measure %q; it has pub, sub, e2e, conn and rtt", args[0])
			}
			return app.Usage("say what to measure: pub, sub, e2e, conn or rtt")
		},
	}
	for _, w := range works {
		cmd.AddCommand(command(a, w))
	}
	return cmd
}

// kind is one of the works.
type kind struct {
	name, short, long, example string
	latency                    string // what is a latency
	open                       func(*bench) work
}

// work is what is measured, against one server.
type work interface {
	// open connects and subscribes, so that run can begin.
	open(ctx context.Context) error
	// run works through a stretch. When ctx ends, it stops early and waits for what is under way.
	run(ctx context.Context, s *stretch) error
}

func command(a *app.App, k kind) *cobra.Command {
	o := &options{work: k.name}
	cmd := &cobra.Command{
		Use:     k.name,
		Short:   k.short,
		Long:    k.long,
		Example: k.example,
		Args:    app.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(rand.Uint64()); err != nil {
				return err
			}
			cfg, err := o.conn.Config()
			if err != nil {
				return err
			}
			return (&bench{options: o, kind: k, app: a, cfg: cfg, live: newLive(a, k.name, o.lines)}).whole(cmd.Context())
		},
	}
	o.flags(a, cmd)
	return cmd
}

// bench is a run against one server.
type bench struct {
	*options
	kind  kind
	app   *app.App
	cfg   mqtt.Config
	live  *live
	clock clock
	pace  *pace
	fleet *fleet
	grace context.Context // ends --drain after an interrupt
}

// whole calibrates, measures, tells and judges.
func (b *bench) whole(ctx context.Context) error {
	var before *calibration
	if b.calibrate {
		var err error
		if before, err = b.calibrated(ctx); err != nil {
			return err
		}
	}
	f, err := b.measure(ctx)
	if f == nil {
		return err
	}
	f.calibrated(before)
	for _, c := range b.conditions {
		f.FailIf = append(f.FailIf, c.judge(f))
	}
	if told := b.tell(f); told != nil {
		return told
	}
	if err != nil {
		return err
	}
	if f.Interrupted {
		return app.ErrInterrupted
	}
	for _, v := range f.FailIf {
		if v.Met {
			return app.Fail(app.ExitFailIf, "--fail-if %s is met: %s", v.Condition, v.words)
		}
	}
	return f.unfinished()
}

// measure does the work, the warm-up first. A summary comes also with an error, when something was measured before.
func (b *bench) measure(ctx context.Context) (*summary, error) {
	b.clock = newClock()
	b.pace = newPace(b.clock)
	b.room(&b.cfg)
	b.fleet = newFleet(b.app)
	grace, release := b.app.Grace(ctx)
	defer release()
	b.grace = grace
	defer b.fleet.close(grace)
	w := b.kind.open(b)
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	if b.warmup > 0 {
		if err := b.warmUp(ctx, w); err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s := b.stretch(time.Duration(b.duration), false)
	started := time.Now()
	err := s.through(ctx, w)
	err = cmp.Or(err, b.fleet.wrong())
	if done := s.ledger.sum; err != nil && done.Acknowledged+done.Received == 0 {
		return nil, err // there is nothing to tell
	}
	return b.summary(s, started, errors.Is(context.Cause(ctx), app.ErrInterrupted)), err
}

// warmUp works without counting. Messages that it leaves behind would be acknowledged in the time that is measured, or fill it.
func (b *bench) warmUp(ctx context.Context, w work) error {
	s := b.stretch(time.Duration(b.warmup), true)
	if err := s.through(ctx, w); err != nil {
		return err
	}
	if s.left > 0 && ctx.Err() == nil {
		return app.Fail(app.ExitUnacknowledged, "%d messages of the warm-up have no acknowledgement %v after its end, so nothing was measured; --drain waits longer",
			s.left, b.app.Drain)
	}
	b.fleet.taken()
	return nil
}

func (b *bench) stretch(length time.Duration, warm bool) *stretch {
	show := b.live.second
	if warm {
		show = nil
	}
	return &stretch{
		options: b.options, app: b.app, grace: b.grace, clock: b.clock, pace: b.pace, warm: warm, length: length,
		ledger: newLedger(b.clock, b.clients+b.subscribers, b.fleet.taken, show),
	}
}

// through works through the stretch, and has its ledger look each second.
func (s *stretch) through(ctx context.Context, w work) error {
	s.ledger.begin()
	if s.length > 0 {
		s.deadline = s.ledger.start + s.length
	}
	looking, stop := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.ledger.run(looking)
	}()
	err := w.run(ctx, s)
	stop()
	<-over
	s.ledger.finish()
	return err
}
