package retained

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/mqtt"
)

// load makes `mqtt retained load`.
func load(a *app.App) *cobra.Command {
	l := &loading{app: a}
	cmd := &cobra.Command{
		Use:   "load FILE",
		Short: "Publish messages from NDJSON to be retained",
		Long: "Publishes each line of a file that `mqtt retained dump` or `mqtt sub -o ndjson` has written, to be retained, at QoS 1 or its own 2, and " +
			"waits for each acknowledgement. - is standard input; a name that ends with .zst is decompressed.",
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
	in, err := source(l.app, file)
	if err != nil {
		return err
	}
	defer in.Close()
	cfg, err := l.conn.Config()
	if err != nil {
		return err
	}
	if l.dry {
		err := l.each(ctx, in, func(*ndjson.Record) error { return nil })
		return l.say(err, l.read, "would be published")
	}
	c, err := l.app.Connect(ctx, cfg)
	if err != nil {
		return err
	}
	b := batch{client: c}
	err = l.each(ctx, in, func(r *ndjson.Record) error { return b.publish(ctx, r.Message) })
	if err == nil {
		err = b.settle(ctx)
	}
	if err = l.say(err, b.done, "published"); err != nil {
		c.Abort()
		return err
	}
	return l.app.Close(ctx, c, mqtt.Disconnect{})
}

// say says how many there were, also before an error.
func (l *loading) say(err error, n int, done string) error {
	l.app.Say("%s %s", count(n), done)
	if l.skipped > 0 {
		l.app.Say("mqtt: %d of $SYS left out: they are the server's own", l.skipped)
	}
	return err
}

// each has use called for each record that is to be published.
func (l *loading) each(ctx context.Context, in *lines, use func(*ndjson.Record) error) error {
	for {
		text, err := in.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case len(text) == 0:
			continue
		}
		r, err := ndjson.Parse(text)
		if err == nil && len(r.Payload) == 0 {
			err = errors.New("has no payload, and so would clear what is retained; `mqtt retained rm` does that")
		}
		if err != nil {
			return app.Fail(app.ExitFailed, "line %d %w", in.number, err)
		}
		if server(r.Topic) {
			l.skipped++
			continue
		}
		if err := use(r); err != nil {
			return err
		}
		l.read++
	}
}
