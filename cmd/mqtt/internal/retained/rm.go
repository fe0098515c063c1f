package retained

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// rm makes `mqtt retained rm`.
func rm(a *app.App) *cobra.Command {
	r := &removal{reading: reading{app: a}}
	cmd := &cobra.Command{
		Use:   "rm FILTER",
		Short: "Clear retained messages",
		Long: "Lists the topics whose retained messages it would clear, and clears them only with --yes: those that matched when it looked, and " +
			"none of $SYS. Then it looks again, and ends with 1 when one of them is still there.",
		Example: "  mqtt retained rm 'test/#'\n  mqtt retained rm 'test/#' --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := r.filter(cmd, args)
			if err != nil {
				return err
			}
			if server(filter) {
				return app.Usage("%q belongs to the server, which would only write it again", filter)
			}
			return r.run(cmd.Context(), filter)
		},
	}
	r.flags(cmd, 0)
	cmd.Flags().BoolVar(&r.yes, "yes", false, "clear them, in place of only listing them")
	return cmd
}

// server says whether a topic or a filter is of the server's own.
func server(topic string) bool { return topic == "$SYS" || strings.HasPrefix(topic, "$SYS/") }

type removal struct {
	reading
	yes bool
}

func (r *removal) run(ctx context.Context, filter string) error {
	c, err := r.connect(ctx)
	if err != nil {
		return err
	}
	topics, err := r.found(ctx, c, filter)
	if err == nil && !r.yes {
		r.app.Say("%s would be cleared; --yes does it", count(len(topics)))
	}
	if err == nil && r.yes {
		err = r.clear(ctx, c, filter, topics)
	}
	return r.close(ctx, c, err)
}

// found lists what is to be cleared, on standard output too. Of it the topics alone are kept.
func (r *removal) found(ctx context.Context, c *mqtt.Client, filter string) (topics []string, err error) {
	out := bufio.NewWriter(r.app.Output())
	err = r.each(ctx, c, filter, func(m *mqtt.Received) error {
		if server(m.Topic) {
			return nil
		}
		topics = append(topics, m.Topic)
		fmt.Fprintln(out, printable(m.Topic)) // a bufio.Writer keeps its error for Flush
		return out.Flush()
	})
	return topics, err
}

// clear publishes an empty retained message to each topic (§3.3.1.3), and looks what is left of them.
func (r *removal) clear(ctx context.Context, c *mqtt.Client, filter string, topics []string) error {
	b := batch{client: c}
	for _, topic := range topics {
		if err := b.publish(ctx, mqtt.Message{Topic: topic}); err != nil {
			return err
		}
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	return r.verify(ctx, c, filter, topics)
}

func (r *removal) verify(ctx context.Context, c *mqtt.Client, filter string, topics []string) error {
	if len(topics) == 0 {
		r.app.Say("%s cleared", count(0))
		return nil
	}
	cleared := make(map[string]struct{}, len(topics))
	for _, t := range topics {
		cleared[t] = struct{}{}
	}
	left, example := 0, ""
	err := r.each(ctx, c, filter, func(m *mqtt.Received) error {
		if _, ours := cleared[m.Topic]; ours {
			left++
			example = m.Topic
		}
		return nil
	})
	if err != nil {
		return err
	}
	if left > 0 {
		return app.Fail(app.ExitFailed, "%d of %s is still there or there again, as %s: the server doesn't let us clear it, or somebody publishes it",
			left, count(len(topics)), printable(example))
	}
	r.app.Say("%s cleared", count(len(topics)))
	return nil
}
