// Package request is the command `mqtt request`.
package request

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// options are the flags.
type options struct {
	conn     app.Connection
	topic    string
	message  string
	file     string
	stdin    bool
	null     bool
	qos      int
	count    int
	wait     app.Seconds
	repeat   int
	interval app.Seconds
	latency  bool
	format   string
}

// Command makes `mqtt request`.
func Command(a *app.App) *cobra.Command {
	o := options{wait: app.Seconds(30 * time.Second)}
	cmd := &cobra.Command{
		Use:     "request",
		Short:   "Send a request and print the answer",
		GroupID: app.GroupTalk,
		Long: `request publishes a message that says where an answer is expected, waits for the answer, and prints it. It ends with 27 when
none has come within -W. With -C it waits for the answers of more than one; -C 0 takes all that come within -W.

With a QoS of 1 or 2 some servers say at once when nobody is there to answer; request then ends with 5. Requests and answers
are of MQTT 5.0. mqtt reply answers them.`,
		Example: `  mqtt request -t services/upper -m hello
  mqtt request -t services/echo -n --repeat 100 --interval 0.1 --latency`,
		Args:              app.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), a) },
	}
	o.conn.Flags(a, cmd)
	f := cmd.Flags()
	f.StringVarP(&o.topic, "topic", "t", "", "topic of the request")
	f.StringVarP(&o.message, "message", "m", "", "text that is the payload")
	f.StringVarP(&o.file, "file", "f", "", "file that holds the payload")
	f.BoolVarP(&o.stdin, "stdin-file", "s", false, "take all of standard input as the payload")
	f.BoolVarP(&o.null, "null-message", "n", false, "send an empty payload")
	f.IntVarP(&o.qos, "qos", "q", 1, "QoS of the request")
	f.IntVarP(&o.count, "count", "C", 1, "answers to wait for; 0 for all that come within -W")
	f.VarP(&o.wait, "timeout", "W", "seconds to wait for answers, to each request; 0: for ever")
	f.IntVar(&o.repeat, "repeat", 1, "how often to send the request, each time behind the answer")
	f.Var(&o.interval, "interval", "seconds from one request to the next; at least until its answer is there")
	f.BoolVar(&o.latency, "latency", false, "tell on standard error how long answers took; with --repeat how they are distributed")
	f.StringVarP(&o.format, "output", "o", "line", "line, raw (the payloads alone) or ndjson")
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"line", "raw", "ndjson"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (o *options) run(ctx context.Context, a *app.App) error {
	r := requester{options: o, app: a}
	cfg, bye, err := r.prepare(ctx)
	if err != nil {
		return err
	}
	if r.client, err = a.Connect(ctx, cfg); err != nil {
		return err
	}
	events := a.Watch(r.client, nil)
	err = r.run(ctx)
	r.close(ctx, bye, err)
	<-events
	return err
}

// close ends the client. The answers are there, or the error is: how the connection ends changes nothing, and a server that
// doesn't answer isn't waited for any longer.
func (r *requester) close(ctx context.Context, bye mqtt.Disconnect, err error) {
	drain := r.app.Drain
	if err != nil {
		drain = min(drain, time.Second)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	r.client.CloseWith(ctx, bye)
}

// prepare makes what the flags say, or says what is wrong with them.
func (r *requester) prepare(ctx context.Context) (cfg mqtt.Config, bye mqtt.Disconnect, err error) {
	if cfg, err = r.conn.Config(); err != nil {
		return cfg, bye, err
	}
	if err = app.WantV5(&cfg, "requests and answers"); err != nil {
		return cfg, bye, err
	}
	if bye, err = r.conn.Properties.Disconnect(); err != nil {
		return cfg, bye, err
	}
	if err = r.check(); err != nil {
		return cfg, bye, err
	}
	r.message, err = r.compose(ctx)
	return cfg, bye, err
}

func (o *options) check() error {
	switch {
	case o.count < 0:
		return app.Usage("--count %d: give a number from 0 up", o.count)
	case o.count == 0 && o.wait == 0:
		return app.Usage("--count 0 takes all answers until --timeout is over, which must be more than 0 then")
	case o.repeat < 1:
		return app.Usage("--repeat %d: give a number from 1 up", o.repeat)
	case o.repeat > 1 && o.count != 1:
		return app.Usage("--repeat is for requests with one answer each; leave --count away")
	case o.interval != 0 && o.repeat == 1:
		return app.Usage("--interval needs --repeat")
	case o.format != "line" && o.format != "raw" && o.format != "ndjson":
		return app.Usage("--output %q: give line, raw or ndjson", o.format)
	}
	return nil
}
