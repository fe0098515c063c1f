// Package copier is the command `mqtt copy`.
package copier

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/intake"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/remap"
)

type copier struct {
	app      *app.App
	from, to app.Connection
	what     intake.Flags
	session  string
	maps     remap.Maps
	refused  string
	retain   string
	plain    bool

	same bool // both sides are one server, as far as their URLs tell
}

// Command makes `mqtt copy`.
func Command(a *app.App) *cobra.Command {
	c := &copier{app: a}
	cmd := &cobra.Command{
		Use:     "copy --from URL --to URL -t FILTER",
		Short:   "Carry messages from one server to another",
		GroupID: app.GroupMove,
		Args:    app.NoArgs,
		Long: `copy publishes what it gets from one server to another one, with payload, QoS, retain flag and properties, in order.

A message of QoS 1 or 2 is acknowledged to the source after the destination has acknowledged it. With -i the source keeps the
session, so that nothing is lost when copy or a server is killed and started again; a message can then arrive twice.
copy ends with exit code 1 at a message that the destination refuses (see --refused), or before whose acknowledgement five
connections in a row have ended.
Each flag of a connection is there for both sides, as --from-cafile or --to-ws-header; mqtt sub --help describes them. What
--from-profile and --to-profile name (see mqtt ctx) can hold them, too. Two copies that run against each other need a --map or
filters that keep apart what each of them carries.`,
		Example: `  mqtt copy --from mqtt://localhost --to mqtts://example.org -t 'plant/#' -i plant-bridge
  mqtt copy --from-profile old --to-profile new -t '#' --map '#=old/#' --idle 5s`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	c.from.SideFlags(a, cmd, "from", "source")
	c.to.SideFlags(a, cmd, "to", "destination")
	c.what.Add(cmd)
	f := cmd.Flags()
	f.StringVarP(&c.session, "session", "i", "", "client id at the source, which keeps the session for it between one copy and the next")
	f.Var(&c.maps, "map", remap.Usage)
	f.StringVar(&c.refused, "refused", "stop", "what the destination refuses: stop (it stays unacknowledged at the source), or skip (it is counted)")
	f.StringVar(&c.retain, "retain", "keep", "keep: what was retained is published so; drop: nothing is")
	f.BoolVar(&c.plain, "without-properties", false, "leave out the properties of MQTT 5.0, as for a destination of 3.1.1")
	return cmd
}

func (c *copier) run(ctx context.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.session != "" {
		if c.from.ID != "" || c.from.IDPrefix != "" {
			return app.Usage("--session and --from-id both name the client at the source; give one of them")
		}
		c.from.ID, c.from.KeepSession = c.session, true
	}
	from, err := c.from.SideConfig()
	if err != nil {
		return err
	}
	to, err := c.to.SideConfig()
	if err != nil {
		return err
	}
	if err := c.compare(&from, &to); err != nil {
		return err
	}
	return c.carry(ctx, from, to)
}

func (c *copier) check() error {
	if !c.from.HasServer() {
		return app.Usage("no source given; --from wants its URL, or --from-profile a profile that has it")
	}
	if !c.to.HasServer() {
		return app.Usage("no destination given; --to wants its URL, or --to-profile a profile that has it")
	}
	if c.refused != "stop" && c.refused != "skip" {
		return app.Usage("--refused %q: give stop or skip", c.refused)
	}
	if c.retain != "keep" && c.retain != "drop" {
		return app.Usage("--retain %q: give keep or drop", c.retain)
	}
	return c.what.Check()
}

// compare refuses two sides that would get in each other's way.
func (c *copier) compare(from, to *mqtt.Config) error {
	c.same = slices.ContainsFunc(from.Servers, func(u string) bool {
		return slices.ContainsFunc(to.Servers, func(v string) bool { return sameServer(u, v) })
	})
	if c.same && !c.maps.Any() {
		return app.Usage("--from and --to are the same server: each message would come back and be copied again, for ever; give a --map that takes them away from -t")
	}
	if c.same && from.ClientID != "" && from.ClientID == to.ClientID {
		return app.Usage("both sides have the client id %q at the same server, which has room for one of them; give another --to-id", to.ClientID)
	}
	return nil
}
