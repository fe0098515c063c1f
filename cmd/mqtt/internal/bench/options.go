package bench

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// options are what the flags say.
type options struct {
	work                   string
	rate                   float64
	saturate               bool
	duration, warmup       app.Seconds
	count                  int
	clients                int // those that publish, subscribe or connect; in e2e those that publish
	subscribers            int
	topic                  string
	size, qos              int
	retain                 bool
	lines, json, calibrate bool
	svg                    string
	failIf                 []string
	conditions             []condition
	properties             *mqtt.PublishProperties
	run                    uint64
	given                  func(flags ...string) bool
	choose                 func(what string, flags ...string) (string, error)
	conn                   app.Connection
}

const (
	mostClients     = 1_000_000
	defaultRate     = 1000
	defaultDuration = 10 * time.Second
	defaultWarmup   = 2 * time.Second
	// numberMark in a topic stands for the number of the client, from 0.
	numberMark = "%c"
)

// flags gives cmd those of its work.
func (o *options) flags(a *app.App, cmd *cobra.Command) {
	o.conn.Flags(a, cmd)
	o.given, o.choose = a.Given, a.Choose
	f := cmd.Flags()
	f.Var(&o.duration, "duration", "seconds to measure; for conn how long the connections are held (default 10; with --count as long as that takes)")
	f.BoolVar(&o.lines, "lines", false, "a line each second on standard error, also where that isn't a terminal")
	f.BoolVar(&o.json, "json", false, "the summary as one JSON object, with all percentiles and seconds; latencies in microseconds")
	f.StringVar(&o.svg, "svg", "", "file for a picture of rate and latency over time")
	f.StringArrayVar(&o.failIf, "fail-if", nil, "exit with 9 when this holds at the end, as in 'p99>5ms'; more than one may be given. Figures: "+strings.Join(metrics(o.work), ", "))
	f.BoolVar(&o.calibrate, "calibrate", false, "first do the same against a server in this program that does next to nothing, and warn when that isn't much faster")
	if o.work == "conn" {
		f.IntVar(&o.clients, "clients", 100, "connections")
		f.Float64Var(&o.rate, "rate", 0, "connections a second (default 1000)")
		f.BoolVar(&o.saturate, "saturate", false, "as fast as it goes, 100 at once, in place of a rate")
		return
	}
	f.Var(&o.warmup, "warmup", "seconds to work before it counts (default 2; with --count none)")
	f.IntVarP(&o.count, "count", "C", 0, "messages to measure, of all clients together (default: as many as --duration has time for)")
	f.IntVarP(&o.qos, "qos", "q", 0, "QoS of the messages, and of the subscriptions")
	switch o.work {
	case "pub":
		f.StringVarP(&o.topic, "topic", "t", "mqtt-bench/%c", "topic; %c is the client's number")
	case "sub":
		f.StringVarP(&o.topic, "topic", "t", "mqtt-bench/+", "topic filter; %c is the client's number")
	default:
		f.StringVarP(&o.topic, "topic", "t", "", "topic; %c is the publisher's number (default mqtt-bench/, then a number of this run's own, then /%c)")
	}
	if o.work == "e2e" {
		f.IntVar(&o.clients, "publishers", 1, "clients that publish")
		f.IntVar(&o.subscribers, "subscribers", 1, "clients that subscribe; each gets all messages")
	} else {
		f.IntVar(&o.clients, "clients", 1, "clients")
	}
	if o.work == "sub" {
		return
	}
	f.IntVar(&o.size, "size", 64, "bytes of a payload; from 32 up it has room for what receivers count by")
	f.BoolVarP(&o.retain, "retain", "r", false, "have the messages retained")
	if o.work == "rtt" {
		return
	}
	f.Float64Var(&o.rate, "rate", 0, "messages a second, of all clients together (default 1000)")
	f.BoolVar(&o.saturate, "saturate", false, "as fast as it goes, in place of a rate")
}

// check finds what is wrong before anything begins, and sets what wasn't given.
func (o *options) check(run uint64) error {
	o.run = run
	for flag, n := range map[string]int{o.clientsFlag(): o.clients, "subscribers": o.subscribers} {
		if n > mostClients || n < 1 && (o.work == "e2e" || flag != "subscribers") {
			return app.Usage("--%s %d: there has to be one, and no more than a million", flag, n)
		}
	}
	if err := o.checkRate(); err != nil {
		return err
	}
	if o.count < 0 || (o.given("count") && o.count == 0) {
		return app.Usage("--count %d: give how many messages, above 0", o.count)
	}
	if o.given("duration") && o.duration == 0 && o.work != "conn" {
		return app.Usage("--duration 0: give how many seconds, above 0")
	}
	if _, err := app.QoS("--qos", o.qos); err != nil {
		return err
	}
	o.defaults()
	if err := o.checkSize(); err != nil {
		return err
	}
	if err := o.checkTopic(); err != nil {
		return err
	}
	if err := o.checkPicture(); err != nil {
		return err
	}
	for _, text := range o.failIf {
		c, err := parseCondition(o.work, text)
		if err != nil {
			return err
		}
		if shared(o.topic) && slices.Contains(byNumber, c.metric) {
			return app.Usage("--fail-if %q: of a shared subscription each client gets a part, so bench sub can't count what is %s", text, c.metric)
		}
		o.conditions = append(o.conditions, c)
	}
	var err error
	if o.work != "conn" && o.work != "sub" {
		o.properties, err = o.conn.Properties.Publish()
	}
	return err
}

// lowestRate has each message be due within the time that a clock can tell.
const lowestRate = 1e-6

func (o *options) checkRate() error {
	if !o.given("rate") {
		return nil
	}
	if o.saturate {
		way, err := o.choose("how fast", "rate", "saturate")
		if o.saturate = way == "saturate"; o.saturate || err != nil {
			o.rate = 0
			return err
		}
	}
	if !(o.rate >= lowestRate && o.rate <= 1e9) {
		return app.Usage("--rate %v: give how many a second, 0.000001 to 1000000000", o.rate)
	}
	return nil
}

func (o *options) clientsFlag() string {
	if o.work == "e2e" {
		return "publishers"
	}
	return "clients"
}

func (o *options) defaults() {
	if o.rate == 0 && !o.saturate && o.work != "rtt" && o.work != "sub" {
		o.rate = defaultRate
	}
	if !o.given("duration") && o.count == 0 {
		o.duration = app.Seconds(defaultDuration)
	}
	if !o.given("warmup") && o.count == 0 && o.work != "conn" {
		o.warmup = app.Seconds(defaultWarmup)
	}
}

func (o *options) checkTopic() error {
	if o.work == "conn" {
		return nil
	}
	if t := o.conn.Topic(); t != "" {
		way, err := o.choose("what the topic is", "topic", "topic-url")
		if err != nil {
			return err
		}
		if way == "topic-url" {
			o.topic = t
		}
	}
	if o.topic == "" {
		o.topic = "mqtt-bench/" + strconv.FormatUint(o.run, 36) + "/" + numberMark
	}
	if o.work != "sub" && (strings.ContainsAny(o.topic, "+#") || shared(o.topic)) {
		return app.Usage("--topic %q: a topic to publish to has no + and no #, and no $share/ in front", o.topic)
	}
	return nil
}

// shared says whether a subscription is one of which each client gets a part (§4.8.2).
func shared(filter string) bool { return strings.HasPrefix(filter, "$share/") }

// checkPicture finds what would be in the way of a picture at the end of a long run.
func (o *options) checkPicture() error {
	if o.svg == "" {
		return nil
	}
	if i, err := os.Stat(o.svg); err == nil && i.IsDir() {
		return app.Usage("--svg %q is a directory; give the name of a file", o.svg)
	}
	if _, err := os.Stat(filepath.Dir(o.svg) + string(filepath.Separator)); err != nil {
		return app.Usage("--svg: there is no directory to write the picture to: %v", err)
	}
	return nil
}

// topicOf is the topic of a client.
func (o *options) topicOf(client int) string {
	return strings.ReplaceAll(o.topic, numberMark, strconv.Itoa(client))
}

// message is what a client publishes, but for what differs from message to message.
func (o *options) message(client int, warm bool) mqtt.Message {
	return mqtt.Message{
		Topic: o.topicOf(client), QoS: mqtt.QoS(o.qos), Retain: o.retain, Properties: o.properties,
		Payload: newPayload(o.size, stamp{warm: warm, run: o.run, publisher: uint32(client)}),
	}
}
