// Package doctor is the command `mqtt doctor`: it goes the way to a server step by step, says where it ends and what to do, and
// finds out what the server can do.
//
// A step is a function that gives findings. Each has a time limit. What the steps have in common is a [patient]; the checks of
// what a server can do run side by side, each with clients of its own, on topics of their own.
package doctor

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// Command makes `mqtt doctor`.
func Command(a *app.App) *cobra.Command {
	d := &doctor{app: a}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Explain why a connection fails, and what a server can do",
		Long: "Goes the way to each server step by step: its name, its addresses, a proxy, TLS and certificates, WebSocket, CONNECT. Each step " +
			"says how it went and what to do. Then short-lived clients find out what the server can do, with messages to topics below " +
			"--topic-prefix, and leave nothing behind. It ends with the exit code of the failure, or with 0. With -i it connects by that " +
			"name, which ends another connection of that client, but not its session; by 5.0 that is kept for as long as -c with -x says, or for ever.",
		Example: "  mqtt doctor --url mqtts://broker.example.org\n  mqtt doctor -h localhost --no-probe --json | jq .exit",
		GroupID: app.GroupInspect,
		Args:    app.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	}
	d.conn.Flags(a, cmd)
	f := cmd.Flags()
	f.BoolVar(&d.asJSON, "json", false, "as one JSON object")
	f.BoolVar(&d.strict, "strict", false, "end with 1 when there is a warning")
	f.BoolVar(&d.noProbe, "no-probe", false, "look at the connection alone, not at what the server can do")
	d.limit, d.prefix = app.Seconds(5*time.Second), "mqtt-doctor"
	f.Var(&d.limit, "step-timeout", "seconds for each step and each check (default 5; CONNECT has --connect-timeout if that is given)")
	f.StringVar(&d.prefix, "topic-prefix", d.prefix, "topic that the checks' topics are below")
	return cmd
}

type doctor struct {
	app            *app.App
	conn           app.Connection
	asJSON, strict bool
	noProbe        bool
	limit          app.Seconds
	prefix         string
	report         *report
	cfg            mqtt.Config
}

func (d *doctor) run(ctx context.Context) error {
	cfg, err := d.conn.Config()
	if err != nil {
		return err
	}
	if d.limit <= 0 {
		return app.Usage("--step-timeout 0: give at least a second or so")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = time.Duration(d.limit)
	}
	cfg.Backoff.Attempts = -1
	cfg.Logger = nil // what it warns of is a finding here
	if err := d.check(cfg); err != nil {
		return err
	}
	d.cfg, d.report = cfg, newReport(d.app, d.asJSON)
	for _, url := range cfg.Servers {
		s := d.report.begin(display(url))
		if s.Exit = d.examine(ctx, s, url); errors.Is(context.Cause(ctx), app.ErrInterrupted) {
			return app.ErrInterrupted
		}
	}
	d.report.Exit = d.report.worst(d.strict)
	if err := d.report.end(); err != nil {
		return err
	}
	if d.report.Exit != app.ExitOK {
		return &app.Failure{Code: d.report.Exit} // all has been said
	}
	return nil
}

// check says what is wrong with what was asked for, which is nothing of a server's.
func (d *doctor) check(cfg mqtt.Config) error {
	d.prefix = strings.TrimSuffix(d.prefix, "/")
	if err := codec.CheckTopicName(d.prefix); err != nil {
		return app.Usage("--topic-prefix %q: %v", d.prefix, err)
	}
	c, err := mqtt.New(cfg)
	if err != nil {
		return err
	}
	c.Abort()
	return nil
}

// display is a URL without its secrets.
func display(url string) string {
	s, err := netx.Parse(url)
	if err != nil {
		return "?"
	}
	return s.String()
}

// examine goes the way to one server, and gives the exit code.
func (d *doctor) examine(ctx context.Context, s *server, url string) int {
	at, err := netx.Parse(url)
	if err != nil { // Connection.Config has looked
		d.report.add(s, found("url", fail, "%v", err))
		return app.ExitUsage
	}
	p := &patient{url: url, at: at, cfg: d.cfg, limit: time.Duration(d.limit), names: net.DefaultResolver}
	p.cfg.Servers = []string{url}
	for _, step := range []func(context.Context, *patient) ([]finding, int){described, named, proxied, resolved, reached, secured, upgraded, connected} {
		findings, code := step(ctx, p)
		d.tell(ctx, s, findings...)
		if code != app.ExitOK || d.report.err != nil || ctx.Err() != nil {
			return code
		}
	}
	if !d.noProbe {
		d.probe(ctx, s, p)
	}
	return app.ExitOK
}

// tell adds to the report, unless an interrupt is what was found.
func (d *doctor) tell(ctx context.Context, s *server, all ...finding) {
	if ctx.Err() == nil {
		d.report.add(s, all...)
	}
}
