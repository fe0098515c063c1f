package retained

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/tape"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// load makes `mqtt retained load`.
func load(a *app.App) *cobra.Command {
	l := &loading{app: a}
	cmd := &cobra.Command{
		Use:   "load FILE",
		Short: "Publish messages from NDJSON to be retained",
		Long: "Publishes each line of a file that `mqtt retained dump` or `mqtt sub -o ndjson` has written, to be retained, at QoS 1 or its own 2, and " +
			"waits for each acknowledgement. - is standard input; what is compressed with zstd is decompressed.",
		Example: "  mqtt retained load all.ndjson.zst --dry-run\n  mqtt retained dump '#' | mqtt retained load - -h other.example.org",
		Args:    app.ExactArgs("the file (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return l.run(cmd.Context(), args[0])
		},
	}
	l.conn.Flags(a, cmd)
	cmd.Flags().BoolVar(&l.dry, "dry-run", false, "only read the file and say what would be published")
	return cmd
}

type loading struct {
	app  *app.App
	conn app.Connection
	dry  bool

	read    int // to be published
	skipped int // of $SYS
}

func (l *loading) run(ctx context.Context, file string) error {
	cfg, err := l.conn.Config()
	if err != nil {
		return err
	}
	in, err := tape.Open(ctx, file, l.app.Stdin)
	if err != nil {
		return app.Fail(app.ExitFailed, "%w", err)
	}
	over := make(chan struct{})
	defer close(over)
	records := make(chan record)
	go read(in, records, over)
	if l.dry {
		err := l.each(ctx, records, func(*ndjson.Record) error { return nil })
		return l.say(err, l.read, "would be published")
	}
	c, err := l.app.Connect(ctx, cfg)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watched := l.app.Watch(c, app.EndFruitless(c, stop).Hear)
	err = l.publish(ctx, c, records)
	<-watched
	if f, ok := errors.AsType[*app.FruitlessError](context.Cause(ctx)); ok {
		return app.Fail(app.ExitUnacknowledged, "%w", f)
	}
	return err
}

// publish publishes all records. An interrupt leaves its time to those that are under way.
func (l *loading) publish(ctx context.Context, c *mqtt.Client, records <-chan record) error {
	b := batch{client: c}
	err := app.Interrupted(ctx, l.each(ctx, records, func(r *ndjson.Record) error { return b.publish(ctx, r.Message) }))
	whole := err == nil
	if whole {
		err = app.Interrupted(ctx, b.settle(ctx))
	}
	if _, bad := errors.AsType[*app.Failure](err); bad {
		l.drain(ctx, &b) // those before a bad line have been sent, and count
	}
	if errors.Is(err, app.ErrInterrupted) {
		if err = l.drain(ctx, &b); err == nil && !whole {
			err = app.ErrInterrupted
		}
	}
	if l.say(err, b.done, "published"); err != nil && err != app.ErrInterrupted {
		c.Abort()
		return err
	}
	if closed := l.app.Close(ctx, c, mqtt.Disconnect{}); err == nil {
		err = closed
	}
	return err
}

// drain settles what is under way at an early end.
func (l *loading) drain(ctx context.Context, b *batch) error {
	ctx, cancel := l.app.Draining(ctx)
	defer cancel()
	if err := b.settle(ctx); err != nil {
		return fmt.Errorf("%w: %w", app.ErrInterrupted, err)
	}
	return nil
}

// say says how many there were, also before an error.
func (l *loading) say(err error, n int, done string) error {
	l.app.Say("%s %s", count(n), done)
	if l.skipped > 0 {
		l.app.Say("mqtt: %d of $SYS left out: they are the server's own", l.skipped)
	}
	return err
}

// record is one that was read, or why none was.
type record struct {
	*ndjson.Record
	line int
	err  error // io.EOF at the end
}

// read is the process that owns in. It may stand in a read from a terminal or a pipe that nothing can end: nobody waits for it.
func read(in *tape.Reader, records chan<- record, over <-chan struct{}) {
	defer in.Close()
	for {
		r, err := in.Next()
		if err == nil && len(r.Payload) == 0 {
			err = in.Wrong(errors.New("has no payload, and so would clear what is retained; `mqtt retained rm` does that"))
		}
		if err == nil {
			if bad := codec.CheckTopicName(r.Topic); bad != nil {
				err = in.Wrong(bad)
			}
		}
		select {
		case records <- record{r, in.Line(), err}:
		case <-over:
			return
		}
		if err != nil {
			return
		}
	}
}

// each has use called for each record that is to be published.
func (l *loading) each(ctx context.Context, records <-chan record, use func(*ndjson.Record) error) error {
	for {
		var r record
		select {
		case r = <-records:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		switch {
		case r.err == io.EOF:
			return nil
		case r.err != nil:
			return app.Fail(app.ExitFailed, "%w", r.err)
		case server(r.Topic):
			l.skipped++
			continue
		}
		err := use(r.Record)
		if _, bad := errors.AsType[*mqtt.ArgumentError](err); bad {
			return app.Fail(app.ExitFailed, "line %d: %w", r.line, err) // the file's fault, and not the command line's
		}
		if err != nil {
			return err
		}
		l.read++
	}
}
