package sub

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// settings are what the flags say.
type settings struct {
	app        *app.App
	connection app.Connection

	filters, drop, unsubscribe []string
	qos                        int
	noLocal, asPublished       bool
	retainHandling             int
	noRetained, retainedOnly   bool

	output, language   string
	noNewline, verbose bool

	count         int
	timeout, idle app.Seconds
	subscribeOnly bool

	command, commandFailed string
	parallel               int
	dir                    string
}

func (s *settings) flags(f *pflag.FlagSet) {
	f.StringArrayVarP(&s.filters, "topic", "t", nil, "topic filter to subscribe to; may be repeated")
	f.IntVarP(&s.qos, "qos", "q", 0, "highest QoS that messages shall come with")
	f.StringArrayVarP(&s.unsubscribe, "unsubscribe", "U", nil, "filter of a kept session to unsubscribe from; may be repeated")
	f.StringArrayVarP(&s.drop, "filter-out", "T", nil, "leave out messages whose topic this filter matches; may be repeated")
	f.BoolVarP(&s.noRetained, "no-retained", "R", false, "leave out messages that the server had retained")
	f.BoolVar(&s.retainedOnly, "retained-only", false, "write retained messages alone, and end with the first other one (without -C, -W, --idle: or after 2 s of silence)")
	f.BoolVar(&s.noLocal, "no-local", false, "don't send back what this client has published (MQTT 5.0)")
	f.BoolVar(&s.asPublished, "retain-as-published", false, "keep the retain flag that messages were published with (MQTT 5.0)")
	f.IntVar(&s.retainHandling, "retain-handling", 0, "retained messages: 0 are sent, 1 with a new subscription only, 2 never (MQTT 5.0)")

	f.StringVarP(&s.output, "output", "o", "", "what is written of a message: "+formats+" (default line; raw with --exec and --out-dir)")
	f.StringVarP(&s.language, "format", "F", "", "the same in mosquitto_sub's language, as in '%t %p' (see above)")
	f.BoolVarP(&s.noNewline, "no-newline", "N", false, "no line feed behind a message")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "the topic and a space before each payload")

	f.IntVarP(&s.count, "count", "C", 0, "end after so many messages")
	f.VarP(&s.timeout, "timeout", "W", "end after so many seconds, with exit code 27")
	f.Var(&s.idle, "idle", "end when nothing has come for so long")
	f.BoolVarP(&s.subscribeOnly, "subscribe-only", "E", false, "end as soon as the server has answered to the subscriptions")

	f.StringVar(&s.command, "exec", "", "command for sh -c to run for each message")
	f.StringVar(&s.commandFailed, "exec-failed", "stop", "when it fails: stop (unacknowledged, exit code 1), skip (acknowledge and go on) or reject (MQTT 5.0: acknowledge with an error)")
	f.IntVar(&s.parallel, "exec-parallel", 1, "how many of them may run at a time")
	f.StringVar(&s.dir, "out-dir", "", "directory for a file a message, named for its time and topic")
}

// idleAfterRetained is how long --retained-only waits for more when nothing else says how long.
const idleAfterRetained = app.Seconds(2 * time.Second)

// check refuses what makes no sense, and completes the rest.
func (s *settings) check() error {
	if topic := s.connection.Topic(); topic != "" {
		s.filters = append(s.filters, topic)
	}
	if len(s.filters) == 0 && len(s.unsubscribe) == 0 {
		return app.Usage("no topic given; -t names one, as in -t 'plant/#'")
	}
	if err := s.checkFilters(); err != nil {
		return err
	}
	if s.count < 0 || s.app.Given("count") && s.count == 0 {
		return app.Usage("--count %d: give 1 or more", s.count)
	}
	if s.timeout == 0 && s.app.Given("timeout") || s.idle == 0 && s.app.Given("idle") {
		return app.Usage("--timeout and --idle want more than 0 seconds")
	}
	if err := s.checkRetained(); err != nil {
		return err
	}
	return s.checkWork()
}

func (s *settings) checkFilters() error {
	for _, of := range []struct {
		flag    string
		filters []string
	}{{"--topic", s.filters}, {"--unsubscribe", s.unsubscribe}, {"--filter-out", s.drop}} {
		for _, f := range of.filters {
			if err := codec.CheckTopicFilter(f); err != nil {
				return app.Usage("%s %q: %v", of.flag, f, err)
			}
		}
	}
	return nil
}

func (s *settings) checkRetained() error {
	if s.retainHandling < 0 || s.retainHandling > 2 {
		return app.Usage("--retain-handling %d: give 0, 1 or 2", s.retainHandling)
	}
	if s.retainedOnly && s.noRetained {
		return app.Usage("--retained-only and --no-retained leave nothing; give one of them")
	}
	if s.retainedOnly && s.asPublished {
		return app.Usage("--retained-only can't tell what was retained with --retain-as-published; give one of them")
	}
	if s.noRetained && s.asPublished {
		s.retainHandling = int(mqtt.RetainDontSend) // the flag says something else
	}
	if s.retainedOnly && s.count == 0 && s.timeout == 0 && s.idle == 0 {
		s.idle = idleAfterRetained
	}
	return nil
}

func (s *settings) checkWork() error {
	way, err := s.app.Choose("where messages go", "exec", "out-dir")
	if err != nil {
		return err
	}
	if way == "out-dir" {
		s.command = ""
	} else {
		s.dir = ""
	}
	switch s.commandFailed {
	case "stop", "skip", "reject":
	default:
		return app.Usage("--exec-failed %q: give stop, skip or reject", s.commandFailed)
	}
	if s.command == "" && (s.app.Given("exec-failed", "exec-parallel")) {
		return app.Usage("--exec-failed and --exec-parallel are for --exec")
	}
	if s.parallel < 1 || s.parallel > 1000 {
		return app.Usage("--exec-parallel %d: give 1 to 1000", s.parallel)
	}
	return nil
}

// subscriptions are what the server is asked for.
func (s *settings) subscriptions() ([]mqtt.Subscription, error) {
	qos, err := app.QoS("--qos", s.qos)
	if err != nil {
		return nil, err
	}
	var all []mqtt.Subscription
	for _, f := range s.filters {
		one := mqtt.Subscription{Filter: f, QoS: qos, NoLocal: s.noLocal, RetainAsPublished: s.asPublished, RetainHandling: mqtt.RetainHandling(s.retainHandling)}
		if err := s.connection.Properties.Subscribe(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// needsV5 names a setting that MQTT 3.x can't say, or is empty.
func (s *settings) needsV5() string {
	switch {
	case s.noLocal:
		return "--no-local"
	case s.asPublished:
		return "--retain-as-published"
	case s.retainHandling != 0:
		return "--retain-handling"
	case s.command != "" && s.commandFailed == "reject":
		return "--exec-failed reject"
	}
	return ""
}
