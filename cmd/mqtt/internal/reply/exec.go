package reply

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// execError says how a command failed.
type execError struct{ err error }

func (e *execError) Error() string { return "--exec: " + e.err.Error() }
func (e *execError) Unwrap() error { return e.err }

var errTooLarge = errors.New("the answer is larger than the server takes")

// lingering is how long a command that has exited may leave our pipes open, to a child of its own.
const lingering = time.Second

// execute runs the command for a request. It has until ctx ends.
func (s *service) execute(ctx context.Context, request *mqtt.Received) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ack, _ := s.client.ConnAck()
	out := &bounded{limit: int64(ack.MaximumPacketSize), full: func() { cancel(errTooLarge) }}
	cmd := exec.CommandContext(ctx, "sh", "-c", s.exec)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request.Payload), out, s.app.Stderr
	cmd.WaitDelay = lingering
	cmd.Env = append(os.Environ(), environment(request)...)
	apart(cmd)
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it exited with 0, and wrote its answer before
	}
	if cause := context.Cause(ctx); errors.Is(cause, errTooLarge) {
		err = cause
	}
	if err != nil {
		return nil, &execError{err}
	}
	return out.kept.Bytes(), nil
}

// environment is what a command is told beside the payload; the names are those of mqtt sub --exec.
func environment(request *mqtt.Received) []string {
	p := request.Properties
	env := []string{"MQTT_MESSAGE_TOPIC=" + request.Topic, fmt.Sprintf("MQTT_MESSAGE_QOS=%d", request.QoS), "MQTT_MESSAGE_RESPONSE_TOPIC=" + p.ResponseTopic}
	if p.ContentType != "" {
		env = append(env, "MQTT_MESSAGE_CONTENT_TYPE="+p.ContentType)
	}
	if p.CorrelationData != nil {
		env = append(env, "MQTT_MESSAGE_CORRELATION_DATA="+base64.StdEncoding.EncodeToString(p.CorrelationData))
	}
	return env
}

// bounded keeps what is written to it, up to a limit.
type bounded struct {
	kept  bytes.Buffer // no more than Write: io.Copy would pass it by
	limit int64
	full  func()
}

func (b *bounded) Write(p []byte) (int, error) {
	if int64(b.kept.Len()+len(p)) > b.limit {
		b.full()
		return 0, errTooLarge
	}
	return b.kept.Write(p)
}
