package retained

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// get makes `mqtt retained get`.
func get(a *app.App) *cobra.Command {
	r := &reading{app: a}
	cmd := &cobra.Command{
		Use:     "get TOPIC",
		Short:   "Write the payload of a retained message",
		Long:    "Writes the payload of the message that is retained for a topic, byte for byte. It ends with 1 when there is none.",
		Example: "  mqtt retained get plant/3/config > config.json\n  mqtt retained get plant/3/state || echo none",
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, err := r.filter(cmd, args)
			if err != nil {
				return err
			}
			if strings.ContainsAny(topic, "+#") {
				return app.Usage("%q is a filter; get wants one topic, dump takes filters", topic)
			}
			return r.print(cmd, topic)
		},
	}
	r.flags(cmd, 0)
	return cmd
}

func (r *reading) print(cmd *cobra.Command, topic string) error {
	ctx := cmd.Context()
	c, err := r.connect(ctx)
	if err != nil {
		return err
	}
	var found *mqtt.Received
	err = r.each(ctx, c, topic, func(m *mqtt.Received) error {
		found = m
		return errEnd
	})
	if err == nil && found == nil {
		err = app.Fail(app.ExitFailed, "no message is retained for %s", printable(topic))
	}
	if err == nil {
		_, err = r.app.Output().Write(found.Payload)
	}
	return r.close(ctx, c, err)
}

// printable is a topic as a line has it: quoted, where it holds what a line can't, or would be taken for one that is quoted.
func printable(topic string) string {
	if strings.HasPrefix(topic, `"`) || strings.ContainsFunc(topic, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(topic)
	}
	return topic
}
