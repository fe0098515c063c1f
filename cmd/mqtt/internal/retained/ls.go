package retained

import (
	"bufio"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// ls makes `mqtt retained ls`.
func ls(a *app.App) *cobra.Command {
	r := &reading{app: a}
	var format string
	cmd := &cobra.Command{
		Use:   "ls FILTER",
		Short: "List retained messages: size, QoS and topic",
		Long: "Lists the retained messages of a filter as they come: bytes of the payload, QoS, topic. A message of our own to a topic below " +
			"--sentinel, which is not retained, comes back behind the last one; where that isn't allowed, --idle seconds without a message are the end.",
		Example: "  mqtt retained ls 'plant/#'\n  mqtt retained ls '#' -o ndjson | jq -r 'select(.size > 1000) | .topic'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "line" && format != "ndjson" {
				return app.Usage("--output %q: give line or ndjson", format)
			}
			filter, err := r.filter(cmd, args)
			if err != nil {
				return err
			}
			return r.list(cmd, filter, format == "ndjson")
		},
	}
	r.flags(cmd, 2)
	cmd.Flags().StringVarP(&format, "output", "o", "line", "line, or ndjson: topic, size, qos and what has been set of expiry and content-type")
	return cmd
}

func (r *reading) list(cmd *cobra.Command, filter string, asJSON bool) error {
	ctx := cmd.Context()
	c, err := r.connect(ctx)
	if err != nil {
		return err
	}
	write := lineOf
	if asJSON {
		write = jsonOf
	}
	out := bufio.NewWriterSize(r.app.Output(), 64<<10)
	var total sum
	err = r.each(ctx, c, filter, func(m *mqtt.Received) error {
		total.add(m)
		if err := write(out, m); err != nil {
			return err
		}
		return out.Flush()
	})
	if err == nil {
		r.app.Say("%s", total)
	}
	return r.close(ctx, c, err)
}

func lineOf(out *bufio.Writer, m *mqtt.Received) error {
	_, err := fmt.Fprintf(out, "%9d  QoS %d  %s\n", len(m.Payload), m.QoS, printable(m.Topic))
	return err
}

func jsonOf(out *bufio.Writer, m *mqtt.Received) error {
	line := entry{Topic: m.Topic, Size: len(m.Payload), QoS: byte(m.QoS)}
	if p := m.Properties; p != nil {
		line.ContentType = p.ContentType
		if p.MessageExpiryInterval != nil {
			line.Expiry = new(int64(*p.MessageExpiryInterval / time.Second))
		}
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e.Encode(line)
}

// entry is a line of ls in JSON. Its names are those of -D.
type entry struct {
	Topic       string `json:"topic"`
	Size        int    `json:"size"`
	QoS         byte   `json:"qos"`
	Expiry      *int64 `json:"message-expiry-interval,omitempty"` // seconds that are left
	ContentType string `json:"content-type,omitempty"`
}

// sum counts messages.
type sum struct {
	messages int
	bytes    int64
}

func (s *sum) add(m *mqtt.Received) {
	s.messages++
	s.bytes += int64(len(m.Payload))
}

func (s sum) String() string { return fmt.Sprintf("%s, %d bytes", count(s.messages), s.bytes) }

func count(n int) string {
	if n == 1 {
		return "1 retained message"
	}
	return fmt.Sprintf("%d retained messages", n)
}
