// Package top is the command `mqtt top`: topics as a table that fills the screen, or printed once.
//
// One process owns the table and takes the messages (gather); the screen asks it four times a second (model), so that its work
// doesn't grow with the messages.
package top

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// options is what the flags say.
type options struct {
	conn      app.Connection
	topics    []string
	out       []string
	qos       int
	maxTopics int
	once      bool
	period    app.Seconds // --for
	output    string
	sort      string
	reverse   bool
}

// Command makes `mqtt top`.
func Command(a *app.App) *cobra.Command {
	o := new(options)
	cmd := &cobra.Command{
		Use:     "top",
		Short:   "Watch topics in a table: last value, age, rate, size",
		GroupID: app.GroupInspect,
		Args:    app.NoArgs,
		Long: `Shows the topics that messages come for, as a table that fills the screen: the last value, how old it is, messages a second,
size, whether the server retains it, QoS, and the rate of the last seconds as a small curve. Press ? for the keys.
With --once or --for it gathers for that time, prints the table to standard output and ends; that needs no terminal.
Only so many topics are held; beyond that those are forgotten that were silent for the longest, and the screen says how many.
Messages are asked for with QoS 2, so that each comes with the QoS that it was published with.`,
		Example: "  mqtt top -t 'plant/#'\n  mqtt top --for 5s -o ndjson | jq -r .topic",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), a)
		},
	}
	o.conn.Flags(a, cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&o.topics, "topic", "t", nil, "filter of topics to watch; may be given often (default: #, which is all but $SYS)")
	f.StringArrayVarP(&o.out, "filter-out", "T", nil, "filter of topics to leave out; may be given often")
	f.IntVarP(&o.qos, "qos", "q", 2, "highest QoS that messages are asked for with; less spares the server, and shows less")
	f.IntVar(&o.maxTopics, "max-topics", 10_000, "topics to hold; beyond it those are forgotten that were silent for the longest")
	f.BoolVar(&o.once, "once", false, "gather for a second, or as --for says, print the table, and end")
	f.Var(&o.period, "for", "seconds to gather; then print the table, and end")
	f.StringVarP(&o.output, "output", "o", "table", "how to print with --once and --for: table or ndjson")
	f.StringVar(&o.sort, "sort", "rate", "column to order by: topic, value, age, rate, size, retained or qos")
	f.BoolVar(&o.reverse, "reverse", false, "the other way round")
	return cmd
}

func (o *options) run(ctx context.Context, a *app.App) error {
	printing := o.once || o.period > 0
	order, err := o.check()
	if err != nil {
		return err
	}
	if !printing {
		if err := wantsScreen(a); err != nil {
			return err
		}
	}
	cfg, err := o.conn.Config()
	if err != nil {
		return err
	}
	if !printing && isTerminal(a.Stderr) {
		cfg.Logger = nil // lines in the middle of the table help nobody; the header says how the connection stands
	}
	c, err := a.Connect(ctx, cfg)
	if err != nil {
		return err
	}
	told := c.Events()
	if printing {
		told = nil
		over := a.Watch(c, nil)
		defer func() { <-over }()
	}
	err = o.watch(ctx, a, c, told, cfg.Servers[0], printing, order)
	if closed := a.Close(ctx, c, mqtt.Disconnect{}); err == nil && !errors.Is(closed, mqtt.ErrClosed) {
		err = closed
	}
	return err
}

// watch subscribes, and shows what comes until the end.
func (o *options) watch(ctx context.Context, a *app.App, c *mqtt.Client, events <-chan mqtt.Event, server string, printing bool, order column) error {
	stream, err := c.Stream(ctx, mqtt.StreamConfig{}, o.subscriptions(c)...)
	if err != nil {
		return err
	}
	questions := make(chan question)
	now := time.Now()
	g := &gather{messages: stream.Messages(), events: events, questions: questions, out: o.out,
		table: newTable(now, o.maxTopics), link: link{server: plainName(server), up: true, since: now}}
	gathering, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { g.run(gathering) })
	defer wg.Wait()
	defer stop()
	ask := asker(gathering, questions)
	if printing {
		return o.print(ctx, a, c, ask, order)
	}
	return screen(ctx, a, newModel(ask, order, o.reverse))
}

// subscriptions are those for the topics. What is retained comes marked so where the server can do that, also when it is news.
func (o *options) subscriptions(c *mqtt.Client) []mqtt.Subscription {
	ack, _ := c.ConnAck()
	var subs []mqtt.Subscription
	for _, filter := range o.topics {
		subs = append(subs, mqtt.Subscription{Filter: filter, QoS: mqtt.QoS(o.qos), RetainAsPublished: ack.Version == mqtt.V5})
	}
	return subs
}

// wantsScreen says why the table can't fill the screen, if it can't.
func wantsScreen(a *app.App) error {
	if !isTerminal(a.Stdout) || !isTerminal(a.Stdin) {
		return app.Usage("top needs a terminal; without one, give --once or --for, as in --for 5s")
	}
	if os.Getenv("TERM") == "dumb" {
		return app.Usage("top needs a terminal that can more than TERM=dumb says; or give --once or --for, as in --for 5s")
	}
	if a.Debug && isTerminal(a.Stderr) {
		return app.Usage("--debug would write into the table; send it elsewhere, as in 2>debug.log, or give --for 5s")
	}
	return nil
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// plainName is a URL without what is secret in it.
func plainName(url string) string {
	s, err := netx.Parse(url)
	if err != nil {
		return ""
	}
	return s.String()
}
