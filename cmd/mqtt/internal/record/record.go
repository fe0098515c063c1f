// Package record is the command `mqtt record`.
package record

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/intake"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/tape"
)

type recorder struct {
	app   *app.App
	conn  app.Connection
	what  intake.Flags
	out   string
	goOn  bool
	size  size
	every app.Seconds

	tape    *tape.Writer
	buf     []byte // of the lines of a batch
	written int64  // messages
}

// Command makes `mqtt record`.
func Command(a *app.App) *cobra.Command {
	r := &recorder{app: a}
	cmd := &cobra.Command{
		Use:     "record -t FILTER [-f FILE]",
		Short:   "Keep messages in a file, with their times",
		GroupID: app.GroupMove,
		Args:    app.NoArgs,
		Long: `record writes each message that comes as a line of JSON, with the time when it came. mqtt replay publishes them again.

A message of QoS 1 or 2 is acknowledged when its line is on the disk. With -c, -i and --append nothing is lost when the recorder
or the server is killed and started again: what wasn't acknowledged comes again, so that a message can be there twice.
It ends at an interrupt, or as -C, -W, --duration and --idle say. A file whose name ends in .zst is compressed; after each write it
is whole.`,
		Example: `  mqtt record -t 'plant/#' -f plant.ndjson.zst
  mqtt record -t '#' -c -i recorder -f all.ndjson --append --rotate-size 100MB`,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd.Context()) },
	}
	r.conn.Flags(a, cmd)
	r.what.Add(cmd)
	f := cmd.Flags()
	f.StringVarP(&r.out, "out", "f", "-", "file to write to; - is standard output; a name that ends in .zst: compressed")
	f.BoolVar(&r.goOn, "append", false, "go on with a file that is there; what a killed run left torn at its end is cut off")
	f.Var(&r.size, "rotate-size", "begin another file when one has so many bytes, as in 100MB; they are numbered: plant-000001.ndjson (default: never)")
	f.Var(&r.every, "rotate-every", "begin another file after so many seconds, or as in 1h (default: never)")
	return cmd
}

func (r *recorder) run(ctx context.Context) error {
	if topic := r.conn.Topic(); topic != "" {
		r.what.Topics = append(r.what.Topics, topic)
	}
	if err := r.what.Check(); err != nil {
		return err
	}
	if r.out == "-" && (r.goOn || r.size > 0 || r.every > 0) {
		return app.Usage("--append and --rotate-… are for a file; give its name with -f")
	}
	cfg, err := r.conn.Config()
	if err != nil {
		return err
	}
	bye, err := r.conn.Properties.Disconnect()
	if err != nil {
		return err
	}
	if r.tape, err = tape.Create(r.options()); err != nil {
		if errors.Is(err, tape.ErrThere) {
			return app.Usage("%v; give --append to go on with it, or another name", err)
		}
		return err
	}
	err = r.record(ctx, cfg, bye)
	if closed := r.tape.Close(); err == nil {
		err = closed
	}
	return err
}

func (r *recorder) options() tape.Options {
	say := func(format string, args ...any) { r.app.Say("mqtt: "+format, args...) }
	return tape.Options{Path: r.out, Append: r.goOn, Stdout: r.app.Output(), Size: int64(r.size), Every: time.Duration(r.every), Say: say}
}

// record takes messages until there is a reason to stop, and says how many there were.
func (r *recorder) record(ctx context.Context, cfg mqtt.Config, bye mqtt.Disconnect) error {
	source, err := r.what.Open(ctx, r.app, cfg, &r.conn.Properties)
	if err != nil {
		return err
	}
	r.app.Say("mqtt: recording to %s; an interrupt ends it", r.where())
	p := r.app.NewProgress()
	err = r.takeAll(source, p)
	source.Stop()
	if err == nil {
		err = source.Err()
	}
	drain, cancel := r.app.Draining(ctx)
	defer cancel()
	if closed := source.Close(drain, bye); err == nil {
		err = closed
	}
	p.Clear()
	r.app.Say("mqtt: recorded %d messages to %s", r.written, r.where())
	return err
}

func (r *recorder) where() string {
	if r.out == "-" {
		return "standard output"
	}
	return r.tape.Path()
}

func (r *recorder) takeAll(source *intake.Source, p *app.Progress) error {
	for {
		select {
		case batch, ok := <-source.Batches:
			if !ok {
				return nil
			}
			if err := r.keep(batch); err != nil {
				return err
			}
			r.written += int64(len(batch))
		case <-p.Tick:
			p.Show("recorded", r.written, " to %s", r.where())
		}
	}
}

// keep writes a batch, and acknowledges it when it is on the disk. QoS 0, which nobody acknowledges, doesn't wait for the disk.
func (r *recorder) keep(batch []intake.Item) error {
	r.buf = r.buf[:0]
	sync := false
	for i := range batch {
		line := ndjson.Of(batch[i].Received, batch[i].At)
		r.buf = ndjson.Append(r.buf, &line)
		sync = sync || line.QoS > 0
	}
	if err := r.tape.Write(r.buf, sync); err != nil {
		if r.out == "-" {
			return err
		}
		return fmt.Errorf("%w; the %d messages before are whole in it: make room, and go on with --append", err, r.written)
	}
	for _, m := range batch {
		m.Ack() // ErrStale: the server sends it again, and then it is there twice
	}
	if cap(r.buf) > mostBuffer {
		r.buf = nil
	}
	return nil
}

// mostBuffer is how much is kept from batch to batch.
const mostBuffer = 16 << 20
