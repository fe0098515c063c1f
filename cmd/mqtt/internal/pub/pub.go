// Package pub is the command `mqtt pub`.
//
// A feeder takes messages from a source and hands them to the client within a window; a settler takes their outcomes in the
// same order, and counts. A watcher ends the feeding when the connections come to nothing.
package pub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// options are the flags.
type options struct {
	app  *app.App
	conn app.Connection

	topic  string
	qos    int
	retain bool

	message                           string
	file                              string
	empty, stdin, lines, null, ndjson bool
	size, count                       int
	rate                              float64
	failFast, summary, quiet          bool
	timeout                           app.Seconds
}

const long = `Publish one message or many, and end when the server has acknowledged each of them (QoS 0: when it is written to the
connection). The payload comes from one of -m, -f, -n, -s, -l, --null, --ndjson and --size.

-l publishes each line of standard input as it comes, -q 1 or 2 with many under way at once, in order and in constant memory. A line
is any bytes but its line feed; a carriage return before that is part of the payload, and an empty line is an empty message. --null
does the same with what NUL bytes separate, as from find -print0. --ndjson takes lines of JSON as from mqtt sub -o ndjson, each with a
topic, QoS, retain and properties of its own, and leaves out empty lines; -t, -q, -r and -D, where given, count instead.

A connection that is lost is made again, and what wasn't acknowledged is sent again. A message that the server refuses is told with its
line, and the others go on, unless --fail-fast stops there. A line that can't be sent at all ends the run: nothing behind it is sent. So
do three connections in a row that end before the oldest message is acknowledged, as those of MQTT 3.1.1 do for one that is too large.
After many messages, the last line on standard error counts those sent, acknowledged and failed.

Exit code: 0 when each message has its acknowledgement; 8 when some of many have not; 5 or 6 when the server refused the only one; 1 for
a line that can't be sent, or that connections end for; 27 when --timeout was over first; 130 when an interrupt came first.`

const example = `  mqtt pub -t home/lamp -m on -q 1 -r
  seq 1000 | mqtt pub -t numbers -q 1 -l
  mqtt pub -t load --size 64 --count 500 --rate 1000`

// Command makes `mqtt pub`.
func Command(a *app.App) *cobra.Command {
	o := &options{app: a}
	cmd := &cobra.Command{
		Use:     "pub",
		Aliases: []string{"publish"},
		Short:   "Publish messages from flags, a file or standard input",
		Long:    long,
		Example: example,
		GroupID: app.GroupTalk,
		Args:    app.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.conn.Flags(a, cmd)
	f := cmd.Flags()
	f.StringVarP(&o.topic, "topic", "t", "", "topic to publish to, without wildcards")
	f.IntVarP(&o.qos, "qos", "q", 0, "QoS: 0, 1 or 2")
	f.BoolVarP(&o.retain, "retain", "r", false, "have the server keep the message for those who subscribe later")
	f.StringVarP(&o.message, "message", "m", "", "the payload")
	f.StringVarP(&o.file, "file", "f", "", "file that is the payload, as it is")
	f.BoolVarP(&o.empty, "null-message", "n", false, "an empty payload; with -r it deletes what is retained")
	f.BoolVarP(&o.stdin, "stdin-file", "s", false, "all of standard input is the payload")
	f.BoolVarP(&o.lines, "stdin-line", "l", false, "each line of standard input is a payload")
	f.BoolVar(&o.null, "null", false, "each piece of standard input that ends in a NUL byte is a payload")
	f.BoolVar(&o.ndjson, "ndjson", false, "each line of standard input is a message in JSON, as mqtt sub -o ndjson writes it")
	f.IntVar(&o.size, "size", 0, "bytes of a payload that is made up: the message's number, then letters")
	f.IntVar(&o.count, "count", 1, "how many times the message is published")
	f.Float64Var(&o.rate, "rate", 0, "most messages in a second (default: as many as go)")
	f.BoolVar(&o.failFast, "fail-fast", false, "publish nothing more after the first message that fails")
	f.BoolVarP(&o.summary, "summary", "v", false, "counts at the end also for a single message")
	f.BoolVar(&o.quiet, "quiet", false, "no counts, and no word when the connection is lost; errors alone")
	f.VarP(&o.timeout, "timeout", "W", "seconds for all of it, connecting included (default: no bound)")
	return cmd
}

// run checks the flags before anything is dialled.
func (o *options) run(ctx context.Context) error {
	job, err := o.job()
	if err != nil {
		return err
	}
	defer job.close()
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Duration(o.timeout), app.ErrTimeout)
		defer cancel()
	}
	client, err := o.app.Connect(ctx, job.cfg)
	if err != nil {
		return overtime(ctx, err)
	}
	defer client.Abort() // nothing, once it was closed
	ack, _ := client.ConnAck()
	if ack.Version < mqtt.V5 && job.base.Properties != nil {
		return fmt.Errorf("the server speaks MQTT %v, and -D publish needs 5.0; leave the properties out", ack.Version)
	}
	return o.publish(ctx, client, job, int(ack.MaximumPacketSize))
}

// overtime is err, or app.ErrTimeout too when that is what made a call fail.
func overtime(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), app.ErrTimeout) && errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", app.ErrTimeout, err)
	}
	return err
}

// publish runs the feeder here and the settler beside it, and ends the client.
func (o *options) publish(ctx context.Context, client *mqtt.Client, job *job, most int) error {
	shown := o.show(client, job)
	defer shown()
	feeding, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watched := o.watch(client, stop)
	source, err := job.open(feeding, o.app.Stdin, most)
	if err != nil {
		return errors.Join(err, o.leave(ctx, client, job))
	}
	sent, settled := make(chan sent, job.window), make(chan int, job.window)
	feeder := &feeder{client: client, source: source, unit: job.unit(), pace: newPace(o.rate), window: window{settled: settled, most: job.window}, sent: sent}
	settler := &settler{sent: sent, settled: settled, stop: stop, tell: o.say, unit: job.unit(), single: job.single(), failFast: o.failFast}
	done := make(chan struct{})
	go func() {
		defer close(done)
		settler.run()
	}()
	began := time.Now()
	end := feeder.run(feeding)
	close(sent)
	var cut error // what ended the waiting for acknowledgements
	select {
	case <-done:
	case <-ctx.Done():
		cut = context.Cause(ctx)
	case <-client.Done():
	}
	closed := o.leave(ctx, client, job)
	<-done
	<-watched
	if end == nil {
		end = afterAll(context.Cause(feeding))
	}
	shown()
	if !o.quiet && (!job.single() || o.summary) {
		o.say(settler.tally.line(time.Since(began)))
	}
	return verdict(&settler.tally, end, cut, closed, job)
}

// afterAll is why the feeding would have stopped, had there been more to feed, or nil when that is no news.
func afterAll(why error) error {
	_, wrong := errors.AsType[*fault](why)
	if _, fruitless := errors.AsType[*app.FruitlessError](why); wrong || fruitless {
		return why
	}
	return nil
}

// leave ends the client. When time is up, there is a second left for what is on its way.
func (o *options) leave(ctx context.Context, client *mqtt.Client, job *job) error {
	if !errors.Is(context.Cause(ctx), app.ErrTimeout) {
		return o.app.Close(ctx, client, job.goodbye)
	}
	if client.State() != mqtt.StateConnected {
		return client.Abort()
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(time.Second, o.app.Drain))
	defer cancel()
	return client.CloseWith(last, job.goodbye)
}

// job is what the flags ask for.
type job struct {
	cfg     mqtt.Config
	goodbye mqtt.Disconnect
	base    mqtt.Message // what the flags say of each message
	way     string       // the flag that says where payloads come from
	over    overrides
	file    *os.File // of -f
	payload []byte   // of -m
	size    int
	count   int
	window  int // messages that may be handed to the client and not have ended
}

func (j *job) close() {
	if j.file != nil {
		j.file.Close()
	}
}
