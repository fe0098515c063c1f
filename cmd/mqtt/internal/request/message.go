package request

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// compose makes the request's message.
func (r *requester) compose(ctx context.Context) (m mqtt.Message, err error) {
	m.Topic = r.topic
	if m.Topic == "" {
		m.Topic = r.conn.Topic()
	}
	if m.Topic == "" {
		return m, app.Usage("no topic given; -t says where the request goes")
	}
	if err := codec.CheckTopicName(m.Topic); err != nil {
		return m, app.Usage("-t %q: %v", m.Topic, err)
	}
	if m.QoS, err = app.QoS("--qos", r.qos); err != nil {
		return m, err
	}
	if m.Properties, err = r.conn.Properties.Publish(); err != nil {
		return m, err
	}
	m.Payload, err = r.payload(ctx)
	return m, err
}

func (r *requester) payload(ctx context.Context) (b []byte, err error) {
	way, err := r.app.Choose("what the payload is", "message", "file", "stdin-file", "null-message")
	if err != nil {
		return nil, err
	}
	switch way {
	case "message":
		return []byte(r.options.message), nil
	case "file":
		f, err := os.Open(r.file)
		if err != nil {
			return nil, app.Usage("--file: %v", err)
		}
		defer f.Close()
		return readAll(f, r.file)
	case "stdin-file":
		err = app.UntilInterrupted(ctx, func() (err error) {
			b, err = readAll(r.app.Stdin, "standard input")
			return err
		})
		return b, err
	case "null-message":
		return nil, nil
	}
	return nil, app.Usage("no payload given; -m, -f and -s say what it is, -n that it is empty")
}

// largest is what no payload can exceed. The server may take less, which the library knows once it is connected.
const largest = 268_435_455

func readAll(from io.Reader, name string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(from, largest+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(b) > largest {
		return nil, app.Usage("%s is larger than a message can be, %d bytes", name, largest)
	}
	return b, nil
}
