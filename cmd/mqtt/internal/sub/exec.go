package sub

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// runner runs a command for each message.
type runner struct {
	settings *settings
	ctx      context.Context // over: commands are killed
	slots    chan struct{}   // one value in it for each command that runs
}

// running runs --exec.
func (s *settings) running() *job {
	ctx, cancel := context.WithCancel(context.Background())
	r := &runner{s, ctx, make(chan struct{}, s.parallel)}
	kill := sync.OnceFunc(func() {
		cancel()
		for range s.parallel {
			r.slots <- struct{}{} // none runs any more
		}
	})
	s.app.AtOnce(kill)
	return &job{work: r.work, workers: s.parallel, limits: limits{1, 1}, kill: kill}
}

func (r *runner) work(b *batch) error {
	for i, m := range b.messages {
		r.slots <- struct{}{}
		err := r.run(b.part(i), environment(m, b.times[i]))
		<-r.slots
		if err != nil {
			if err = r.failed(m, err); err != nil {
				return err
			}
		}
	}
	b.acknowledge() // what was rejected has its answer
	return nil
}

// lingering is how long a command that has exited may leave its standard input open, to a child of its own.
const lingering = time.Second

func (r *runner) run(stdin []byte, env []string) error {
	cmd := exec.CommandContext(r.ctx, "sh", "-c", r.settings.command)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), r.settings.app.Stdout, r.settings.app.Stderr
	cmd.WaitDelay = lingering
	ofItsOwn(cmd)
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it exited with 0
	}
	return err
}

// failed does with a message what --exec-failed says. An error stops all.
func (r *runner) failed(m *mqtt.Received, err error) error {
	if r.ctx.Err() != nil || r.settings.commandFailed == "stop" {
		return fmt.Errorf("the command of --exec failed for a message on %q: %w", m.Topic, err)
	}
	r.settings.app.Say("mqtt: the command of --exec failed for a message on %q: %v", m.Topic, err)
	if r.settings.commandFailed == "reject" && m.QoS > 0 {
		if err := m.Reject(codec.ImplementationSpecificError, err.Error()); err != nil && !errors.Is(err, mqtt.ErrStale) {
			return err
		}
	}
	return nil
}

// environment tells a command of its message. No name is one that our own settings read.
func environment(m *mqtt.Received, at time.Time) []string {
	env := []string{
		"MQTT_MESSAGE_TOPIC=" + m.Topic,
		"MQTT_MESSAGE_QOS=" + strconv.Itoa(int(m.QoS)),
		"MQTT_MESSAGE_RETAIN=" + zeroOrOne(m.Retain),
		"MQTT_MESSAGE_DUP=" + zeroOrOne(m.Dup || m.Redelivered),
		"MQTT_MESSAGE_LENGTH=" + strconv.Itoa(len(m.Payload)),
		"MQTT_MESSAGE_TIME=" + at.UTC().Format("2006-01-02T15:04:05.000000Z"),
	}
	if p := m.Properties; p != nil {
		env = optional(env, "CONTENT_TYPE", p.ContentType)
		env = optional(env, "RESPONSE_TOPIC", p.ResponseTopic)
		env = optional(env, "CORRELATION_DATA", base64.StdEncoding.EncodeToString(p.CorrelationData))
	}
	return env
}

func optional(env []string, name, value string) []string {
	if value == "" {
		return env
	}
	return append(env, "MQTT_MESSAGE_"+name+"="+value)
}

func zeroOrOne(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
