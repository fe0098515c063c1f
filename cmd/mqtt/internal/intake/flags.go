// Package intake takes messages from a server for commands that go on until something ends them, in batches, and leaves it to
// the command when each one is acknowledged.
package intake

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// Flags say which messages, and until when.
type Flags struct {
	Topics     []string
	Except     []string
	QoS        int
	NoRetained bool

	Count    int64
	Timeout  app.Seconds
	Duration app.Seconds
	Idle     app.Seconds
}

// Add gives cmd the flags.
func (f *Flags) Add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.Topics, "topic", "t", nil, "topic filter of what to take, as in 'plant/#'; may be given again")
	flags.StringArrayVarP(&f.Except, "filter-out", "T", nil, "topic filter of what to leave out of that; may be given again")
	flags.IntVarP(&f.QoS, "qos", "q", 2, "highest QoS to take messages with; with 2 they keep their own")
	flags.BoolVarP(&f.NoRetained, "no-retained", "R", false, "without what the server had retained before")
	flags.Int64VarP(&f.Count, "count", "C", 0, "end after so many messages (default: never)")
	flags.VarP(&f.Timeout, "timeout", "W", "end after so many seconds, with exit code 27 (default: never)")
	flags.Var(&f.Duration, "duration", "end after so many seconds, in order (default: never)")
	flags.Var(&f.Idle, "idle", "end after so many seconds without a message, in order (default: never)")
}

// Check says what is wrong with the flags, as a usage error.
func (f *Flags) Check() error {
	if len(f.Topics) == 0 {
		return app.Usage("no topic filter given; -t says what to take, as in -t 'plant/#', or -t '#' for all")
	}
	for _, filter := range f.Topics {
		if err := codec.CheckTopicFilter(filter); err != nil {
			return app.Usage("--topic %q: %v", filter, err)
		}
	}
	for _, filter := range f.Except {
		if err := codec.CheckTopicFilter(filter); err != nil {
			return app.Usage("--filter-out %q: %v", filter, err)
		}
	}
	if f.Count < 0 {
		return app.Usage("--count %d: a number of messages is 1 or more", f.Count)
	}
	_, err := app.QoS("--qos", f.QoS)
	return err
}

// subscriptions ask for messages as they were published. What the server keeps for a session isn't followed by all that is
// retained, again at each start.
func (f *Flags) subscriptions(properties *app.Properties) ([]mqtt.Subscription, error) {
	handling := mqtt.RetainSendIfNew
	if f.NoRetained {
		handling = mqtt.RetainDontSend
	}
	var subs []mqtt.Subscription
	for _, filter := range f.Topics {
		s := mqtt.Subscription{Filter: filter, QoS: mqtt.QoS(f.QoS), RetainAsPublished: true, RetainHandling: handling}
		if properties != nil {
			if err := properties.Subscribe(&s); err != nil {
				return nil, err
			}
		}
		subs = append(subs, s)
	}
	return subs, nil
}

// ends are the times that end the taking.
type ends struct {
	timeout, duration, idle <-chan time.Time
	quiet                   *time.Timer // of idle; nil: it never ends so
	after                   time.Duration
}

func (f *Flags) ends() ends {
	_, timeout := after(f.Timeout)
	_, duration := after(f.Duration)
	quiet, idle := after(f.Idle)
	return ends{timeout, duration, idle, quiet, time.Duration(f.Idle)}
}

// heard has --idle count from now.
func (e *ends) heard() {
	if e.quiet != nil {
		e.quiet.Reset(e.after)
	}
}

// after is a timer for a flag; nil, which never fires, for none.
func after(s app.Seconds) (*time.Timer, <-chan time.Time) {
	if s == 0 {
		return nil, nil
	}
	t := time.NewTimer(time.Duration(s))
	return t, t.C
}
