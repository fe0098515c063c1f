// Package sub is the command `mqtt sub`.
//
// A taker receives messages, formats them and gathers them in batches; workers bring the batches to where they belong (standard
// output, files, a command) and acknowledge the messages then, not before. The taker hands a batch over as soon as a worker is
// idle, so that nothing is held back, and gathers while all are busy, so that little is written at a time when much comes.
package sub

import (
	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

const long = `sub subscribes to topics and writes what comes to standard output, until it is interrupted or has what -C, -W or --idle ask for.

A message at QoS 1 or 2 is acknowledged when it has been written (with --exec: when the command has exited with 0; with --out-dir:
when its file is on disk); what was not comes again when the session is kept (-c, -i). A connection that is lost is made anew.
Messages at QoS 0 that were dropped because we were too slow are counted on standard error.

--output is line (the payload and a line feed, with -v the topic before it), raw (the payload and nothing else), ndjson (a JSON
object a line, which mqtt pub --ndjson and mqtt replay read), pretty (for people) or hex. --exec and --out-dir take it too, and
then begin with raw. A command of --exec has the message on its standard input, and in its environment MQTT_MESSAGE_TOPIC, _QOS,
_RETAIN, _DUP, _LENGTH, _TIME and where there is one _CONTENT_TYPE, _RESPONSE_TOPIC and _CORRELATION_DATA (in base64).

` + languageHelp

const example = `  mqtt sub -t 'plant/+/temperature' -v
  mqtt sub -t '#' -o ndjson -W 60 | jq -r .topic
  mqtt sub -t orders -q 1 -c -i worker-1 --exec ./handle-order`

// Command makes `mqtt sub`.
func Command(a *app.App) *cobra.Command {
	s := &settings{app: a}
	cmd := &cobra.Command{
		Use:     "sub [FILTER]...",
		Aliases: []string{"subscribe"},
		Short:   "Subscribe to topics and write what comes",
		Long:    long,
		Example: example,
		GroupID: app.GroupTalk,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.filters = append(s.filters, args...)
			return run(cmd.Context(), s)
		},
	}
	s.connection.Flags(a, cmd)
	s.flags(cmd.Flags())
	return cmd
}
