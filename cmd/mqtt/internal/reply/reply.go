// Package reply is the command `mqtt reply`.
package reply

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// options are the flags.
type options struct {
	conn     app.Connection
	topics   []string
	group    string
	qos      int
	exec     string
	failed   string
	message  string
	echo     bool
	way      string // exec, message or echo
	parallel int
	count    int
	verbose  bool
}

// Command makes `mqtt reply`.
func Command(a *app.App) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "reply",
		Short:   "Answer requests",
		GroupID: app.GroupTalk,
		Long: `reply answers each request that comes to its topics, until it is interrupted. An answer goes where the request wants it, with
the request's QoS. A request counts as acknowledged when the server has its answer: what is under way when reply ends stays
with the server, which sends it again to a session that is kept (-c), or to another member of the group.

--exec runs a command by sh for each request. The payload is its standard input, what it writes to standard output is the
answer, byte for byte. The environment has MQTT_MESSAGE_TOPIC, _QOS, _RESPONSE_TOPIC and where there is one _CONTENT_TYPE and
_CORRELATION_DATA (in base64). Requests and answers are of MQTT 5.0.`,
		Example: `  mqtt reply -t services/upper --exec 'tr a-z A-Z'
  mqtt reply -t services/echo --group workers --echo --parallel 8`,
		Args:              app.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), a) },
	}
	o.conn.Flags(a, cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&o.topics, "topic", "t", nil, "topic filter of the requests; more than one are allowed")
	f.StringVar(&o.group, "group", "", "name of a group: each request goes to one member ($share/NAME/FILTER)")
	f.IntVarP(&o.qos, "qos", "q", 2, "highest QoS that requests come with")
	f.StringVar(&o.exec, "exec", "", "command that makes the answer")
	f.StringVar(&o.failed, "exec-failed", "skip", "when there is no answer, or the server refuses it: skip the request, reject it, or stop with it unacknowledged")
	f.StringVarP(&o.message, "message", "m", "", "text that is the answer to each request")
	f.BoolVar(&o.echo, "echo", false, "send the request's payload back")
	f.IntVar(&o.parallel, "parallel", 1, "requests that are answered at a time, 1 to 1000")
	f.IntVarP(&o.count, "count", "C", 0, "end after that many requests (default: never)")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "tell on standard error of each answer")
	cmd.RegisterFlagCompletionFunc("exec-failed", cobra.FixedCompletions([]string{"skip", "reject", "stop"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (o *options) run(ctx context.Context, a *app.App) error {
	s := service{options: o, app: a}
	cfg, subscriptions, err := s.prepare()
	if err != nil {
		return err
	}
	bye, err := o.conn.Properties.Disconnect()
	if err != nil {
		return err
	}
	s.client, err = a.ConnectReady(ctx, cfg, func(c *mqtt.Client) (err error) {
		s.stream, err = c.Declare(mqtt.StreamConfig{Ack: mqtt.AckManual}, subscriptions...)
		return err
	})
	if err != nil {
		return err
	}
	events := a.Watch(s.client, nil)
	err = s.run(ctx)
	if closed := a.Close(ctx, s.client, bye); err == nil {
		err = s.left(closed)
	}
	<-events
	return err
}

// left forgets what Close says of requests that nobody has answered: the server has them still.
func (s *service) left(err error) error {
	u, ok := errors.AsType[*mqtt.UnfinishedError](err)
	if ok && u.Err == nil && u.Refused+u.NotSent+u.Uncertain+u.Kept == 0 {
		s.app.Say("mqtt: %d requests are left to the server, without an answer", u.Unacknowledged)
		return nil
	}
	return err
}

// prepare makes what the flags say, or says what is wrong with them.
func (s *service) prepare() (cfg mqtt.Config, subscriptions []mqtt.Subscription, err error) {
	if cfg, err = s.conn.Config(); err != nil {
		return cfg, nil, err
	}
	if err = app.WantV5(&cfg, "requests and answers"); err != nil {
		return cfg, nil, err
	}
	if s.way, err = s.app.Choose("what the answer is", "exec", "message", "echo"); err != nil {
		return cfg, nil, err
	}
	if s.way == "" {
		return cfg, nil, app.Usage("no answer given; --exec, --message and --echo say what it is")
	}
	if s.parallel < 1 || s.parallel > 1000 {
		return cfg, nil, app.Usage("--parallel %d: give 1 to 1000", s.parallel)
	}
	if s.count < 0 {
		return cfg, nil, app.Usage("--count %d: give a number from 1 up", s.count)
	}
	if s.failed != "skip" && s.failed != "reject" && s.failed != "stop" {
		return cfg, nil, app.Usage("--exec-failed %q: give skip, reject or stop", s.failed)
	}
	if s.properties, err = s.conn.Properties.Publish(); err != nil {
		return cfg, nil, err
	}
	if s.properties != nil && s.properties.CorrelationData != nil {
		return cfg, nil, app.Usage("-D publish correlation-data: an answer has its request's")
	}
	subscriptions, err = s.subscriptions()
	return cfg, subscriptions, err
}

func (s *service) subscriptions() (all []mqtt.Subscription, err error) {
	qos, err := app.QoS("--qos", s.qos)
	if err != nil {
		return nil, err
	}
	filters := s.topics
	if topic := s.conn.Topic(); topic != "" {
		filters = append(filters, topic)
	}
	if len(filters) == 0 {
		return nil, app.Usage("no topic given; -t says where requests come")
	}
	if strings.ContainsAny(s.group, "/+#") {
		return nil, app.Usage("--group %q: a name has no /, + and #", s.group)
	}
	for _, filter := range filters {
		if s.group != "" {
			filter = "$share/" + s.group + "/" + filter
		}
		if err := codec.CheckTopicFilter(filter); err != nil {
			return nil, app.Usage("-t %q: %v", filter, err)
		}
		one := mqtt.Subscription{Filter: filter, QoS: qos}
		if err := s.conn.Properties.Subscribe(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
