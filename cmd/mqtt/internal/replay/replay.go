// Package replay is the command `mqtt replay`.
package replay

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/belt"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/remap"
)

type player struct {
	app    *app.App
	conn   app.Connection
	deck   deck
	speed  speed
	loops  int
	retain string
	dry    bool
}

// Command makes `mqtt replay`.
func Command(a *app.App) *cobra.Command {
	p := &player{app: a, speed: 1}
	cmd := &cobra.Command{
		Use:     "replay FILE...",
		Short:   "Publish what mqtt record has kept, in its own time",
		GroupID: app.GroupMove,
		Long: `replay publishes the messages of files in order, each as long after the first one as it came then.

It reads what mqtt record and mqtt sub -o ndjson write, plain or in zstd; - is standard input. It ends with exit code 0 when each
message has its acknowledgement, and with 8 when some have none. A line that is no message ends it with exit code 1 and the line's
number, once all before it are acknowledged.`,
		Example: `  mqtt replay plant.ndjson.zst
  mqtt replay plant.ndjson --speed max --map 'plant/#=copy/plant/#' --retain drop`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), args) },
	}
	p.conn.Flags(a, cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&p.deck.paths, "file", "f", nil, "file to read, as the arguments are; - is standard input")
	f.Var(&p.speed, "speed", "how many times as fast as the original, as in 2 or 0.5; 0 or max: as fast as the server acknowledges")
	f.IntVar(&p.loops, "loop", 1, "play all so many times; 0: until an interrupt")
	f.Var(&p.deck.edit.from, "from", "begin at a time, as in 2026-01-02T15:04:05Z, or so many seconds after the first message")
	f.Var(&p.deck.edit.to, "to", "end before a time, or so many seconds after the first message")
	f.Var(&p.deck.edit.maps, "map", remap.Usage)
	f.IntVarP(&p.deck.edit.qos, "qos", "q", -1, "QoS for all messages (default: each its own)")
	f.StringVar(&p.retain, "retain", "keep", "keep: what was retained is published so; drop: nothing is")
	f.BoolVar(&p.deck.edit.plain, "without-properties", false, "leave out the properties of MQTT 5.0, as for a server of 3.1.1")
	f.BoolVar(&p.dry, "dry-run", false, "connect to nobody; say what would be published when")
	return cmd
}

func (p *player) run(ctx context.Context, args []string) error {
	if err := p.check(args); err != nil {
		return err
	}
	defer p.deck.close()
	if p.dry {
		return p.print(ctx)
	}
	cfg, err := p.conn.Config()
	if err != nil {
		return err
	}
	bye, err := p.conn.Properties.Disconnect()
	if err != nil {
		return err
	}
	cfg.Outbox = belt.Outbox
	c, err := p.app.Connect(ctx, cfg)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watched := p.app.Watch(c, app.EndFruitless(c, stop).Hear)
	err = p.play(ctx, c)
	closed := p.app.Close(ctx, c, bye)
	<-watched
	if _, counted := errors.AsType[*mqtt.UnfinishedError](closed); err == nil && !counted { // those are counted in err
		err = closed
	}
	return err
}

// check says what is wrong with the flags before anything is sent.
func (p *player) check(args []string) error {
	p.deck.paths = append(p.deck.paths, args...)
	p.deck.stdin = p.app.Stdin
	if len(p.deck.paths) == 0 {
		return app.Usage("no file given; give one that mqtt record wrote, or - for standard input")
	}
	piped := 0
	for _, path := range p.deck.paths {
		if path == "-" {
			piped++
			continue
		}
		if err := readable(path); err != nil { // a wrong name among many is better known now
			return app.Usage("%v", err)
		}
	}
	if piped > 1 || piped > 0 && p.loops != 1 {
		return app.Usage("standard input can be read once; write it to a file to play it again")
	}
	if p.loops < 0 {
		return app.Usage("--loop %d: give how many times to play all, or 0 for ever", p.loops)
	}
	if p.dry && p.loops == 0 {
		return app.Usage("--dry-run and --loop 0 have no end together")
	}
	if p.deck.edit.qos != -1 {
		if _, err := app.QoS("--qos", p.deck.edit.qos); err != nil {
			return err
		}
	}
	if p.retain != "keep" && p.retain != "drop" {
		return app.Usage("--retain %q: give keep or drop", p.retain)
	}
	p.deck.edit.drop = p.retain == "drop"
	return nil
}

// readable says what is in the way of reading a file. A pipe isn't opened: who writes to it would take that for all.
func readable(path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// each calls use with each message when it is due.
func (p *player) each(ctx context.Context, tick <-chan time.Time, show func(), use func(due, *mqtt.Message) error) error {
	for round := 0; p.loops == 0 || round < p.loops; round++ {
		p.deck.rewind()
		s := schedule{speed: float64(p.speed)}
		played := false
		for {
			m, err := p.deck.message(ctx)
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			played = true
			d := due{s.due(m.Time), round}
			if !p.dry {
				if err := s.await(ctx, m.Time, tick, show); err != nil {
					return err
				}
			}
			if err := use(d, &m.Message); err != nil {
				return err
			}
		}
		if !played { // with --loop 0 that would go on for ever
			return nil
		}
	}
	return nil
}
