package pub

import (
	"os"

	"golang.org/x/term"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// job checks all flags.
func (o *options) job() (*job, error) {
	j := &job{payload: []byte(o.message), size: o.size, count: o.count}
	for _, check := range []func(*job) error{o.chooseWay, o.chooseTopic, o.checkNumbers, o.describe, o.configure, o.openFile} {
		if err := check(j); err != nil {
			j.close()
			return nil, err
		}
	}
	return j, nil
}

// chooseWay finds the one source of payloads.
func (o *options) chooseWay(j *job) (err error) {
	ways := []string{"message", "file", "null-message", "stdin-file", "ndjson", "size"}
	if o.null {
		ways = append(ways, "null") // also beside -l
	} else {
		ways = append(ways, "stdin-line")
	}
	j.way, err = o.app.Choose("what to publish", ways...)
	if err == nil && j.way == "" {
		return app.Usage("nothing to publish: give -m, -f, -n, -s, -l, --null, --ndjson or --size")
	}
	return err
}

// chooseTopic takes the topic of -t or -L. A line of --ndjson has its own.
func (o *options) chooseTopic(j *job) error {
	flag, topic := "-t", o.topic
	if in := o.conn.Topic(); in != "" && in != topic {
		way, err := o.app.Choose("what the topic is", "topic", "topic-url")
		if err != nil {
			return app.Usage("-t %q and the topic of -L, %q, are two; give one of them", topic, in)
		}
		if way == "topic-url" {
			flag, topic = "-L", in
		}
	}
	if topic == "" {
		if j.way == "ndjson" && !o.app.Given("topic") {
			return nil
		}
		return app.Usage("no topic: give -t TOPIC, or -L mqtt://HOST/TOPIC")
	}
	if err := codec.CheckTopicName(topic); err != nil {
		return app.Usage("%s %q can't be published to: %v", flag, topic, err)
	}
	j.base.Topic, j.over.topic = topic, true
	return nil
}

func (o *options) checkNumbers(j *job) error {
	switch {
	case o.count < 1:
		return app.Usage("--count %d: give 1 or more", o.count)
	case j.reads() && j.way != "stdin-file" && o.app.Given("count"):
		return app.Usage("--count repeats one message, and --%s has as many as it has; head -n N in front bounds it", j.way)
	case o.size < 0 || o.size > largest:
		return app.Usage("--size %d: give 0 to %d bytes", o.size, largest)
	case o.app.Given("rate") && !(o.rate > 0 && o.rate <= mostRate):
		return app.Usage("--rate %v: give more than 0 messages a second, and no more than %d", o.rate, mostRate)
	case o.rate > 0 && j.single():
		return app.Usage("--rate paces many messages; give --count too, or -l, --null or --ndjson")
	}
	return nil
}

const (
	mostRate     = 1_000_000_000
	maxRemaining = 268_435_455      // §2.1.4: bytes of a packet behind its fixed header, at most
	largest      = maxRemaining - 3 // of a payload, beside a topic of one byte
)

// describe is what the flags say of each message.
func (o *options) describe(j *job) (err error) {
	if j.base.QoS, err = app.QoS("--qos", o.qos); err != nil {
		return err
	}
	j.base.Retain = o.retain
	j.over.qos, j.over.retain = o.app.Given("qos"), o.app.Given("retain")
	j.base.Properties, err = o.conn.Properties.Publish()
	return err
}

func (o *options) configure(j *job) (err error) {
	if j.cfg, err = o.conn.Config(); err != nil {
		return err
	}
	if v := j.cfg.Version; j.base.Properties != nil && v != mqtt.VersionAuto && v < mqtt.V5 {
		return app.Usage("-D publish is for MQTT 5.0, and -V asks for %v; leave one of them out", v)
	}
	if j.goodbye, err = o.conn.Properties.Disconnect(); err != nil {
		return err
	}
	j.window = max(windowMessages, j.cfg.MaxInFlight)
	j.cfg.Outbox = mqtt.Bounds{Messages: 2 * j.window, Bytes: 2 * maxRemaining} // the window is what bounds
	return nil
}

func (o *options) openFile(j *job) (err error) {
	if j.way != "file" {
		return nil
	}
	if j.file, err = os.Open(o.file); err != nil {
		return app.Usage("--file: %v", err)
	}
	return nil
}

// reads says whether payloads come from standard input.
func (j *job) reads() bool {
	switch j.way {
	case "stdin-file", "stdin-line", "null", "ndjson":
		return true
	}
	return false
}

// single says whether there is one message and no more.
func (j *job) single() bool { return j.total() == 1 }

// total is how many messages there will be; 0: nobody knows.
func (j *job) total() int {
	if j.reads() && j.way != "stdin-file" {
		return 0
	}
	return j.count
}

// unit is what the source counts.
func (j *job) unit() string {
	switch j.way {
	case "stdin-line", "ndjson":
		return "line"
	}
	return "message"
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
