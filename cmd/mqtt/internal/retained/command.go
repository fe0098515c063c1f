// Package retained is the command `mqtt retained`: what servers keep for who subscribes later, to be listed, read, cleared, written
// to a file and put back.
package retained

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// Command makes `mqtt retained`.
func Command(a *app.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "retained",
		Short:   "List, read, clear, dump and load retained messages",
		Long:    "The messages that a server has retained. MQTT has no marker for their end: see --idle and --sentinel of ls.",
		GroupID: app.GroupInspect,
		Example: "  mqtt retained ls 'plant/#'\n  mqtt retained dump '#' -f all.ndjson.zst",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return app.Usage("no command given; there are ls, get, rm, dump and load")
			}
			return app.Usage("no command %q; there are ls, get, rm, dump and load", args[0])
		},
	}
	cmd.AddCommand(ls(a), get(a), rm(a), dump(a), load(a))
	return cmd
}

// reading is what the commands have in common that read the retained messages of a filter.
type reading struct {
	app      *app.App
	conn     app.Connection
	topic    string
	qos      int
	idle     app.Seconds
	sentinel string
	cfg      mqtt.Config
}

// flags gives cmd the flags of a reading. Without a need for the QoS of the messages, 0 is the quickest and the surest.
func (r *reading) flags(cmd *cobra.Command, qos int) {
	r.conn.Flags(r.app, cmd)
	r.idle = app.Seconds(time.Second)
	f := cmd.Flags()
	f.StringVarP(&r.topic, "topic", "t", "", "the topic or filter, in place of the argument")
	f.IntVarP(&r.qos, "qos", "q", qos, "highest QoS to get them with; a server may lose what exceeds its queue, but at 0")
	f.Var(&r.idle, "idle", "seconds without a message after which all are there, unless a message of our own has come back before")
	f.StringVar(&r.sentinel, "sentinel", "mqtt-retained", "topic above the one for messages of our own that show the end; empty: none")
}

// filter is the argument, or else the topic of -t or -L.
func (r *reading) filter(cmd *cobra.Command, args []string) (filter string, err error) {
	if len(args) > 1 {
		return "", app.Usage("unexpected argument %q", args[1])
	}
	given := map[string]string{"topic": r.topic, "topic-url": r.conn.Topic()}
	if len(args) == 1 {
		for flag, topic := range given {
			if topic != "" && cmd.Flags().Changed(flag) {
				return "", app.Usage("unexpected argument %q: --%s names a topic already", args[0], flag)
			}
		}
		filter = args[0]
	} else if given["topic-url"] == "" {
		filter = r.topic
	} else {
		way, err := r.app.Choose("what the topic is", "topic", "topic-url")
		if err != nil {
			return "", err
		}
		filter = given[way]
	}
	if filter == "" {
		return "", app.Usage("the filter is missing, as in 'plant/#'; for all of them it is '#'")
	}
	if strings.HasPrefix(filter, "$share/") {
		return "", app.Usage("%q is a shared subscription, which gets no retained messages; give the filter behind its name", filter)
	}
	return filter, nil
}

// connect makes the client. It doesn't reconnect: a server sends the retained messages once, and what of them came before a loss
// can't be told from what comes after it.
func (r *reading) connect(ctx context.Context) (*mqtt.Client, error) {
	if _, err := app.QoS("--qos", r.qos); err != nil {
		return nil, err
	}
	if r.idle <= 0 {
		return nil, app.Usage("--idle 0: give the seconds of silence that are the end, as in --idle 1")
	}
	if err := codec.CheckTopicName(r.sentinel); r.sentinel != "" && err != nil {
		return nil, app.Usage("--sentinel %q: %v", r.sentinel, err)
	}
	cfg, err := r.conn.Config()
	if err != nil {
		return nil, err
	}
	cfg.Backoff.Attempts = -1
	cfg.Ack = mqtt.AckOnTake
	if cfg.MaxPacketSize == 0 {
		cfg.MaxPacketSize = largestPacket // a server leaves out what is larger, without a word
	}
	r.cfg = cfg
	return r.app.Connect(ctx, cfg)
}

// largestPacket is what the protocol allows, in bytes.
const largestPacket = 268_435_460

// each has use called for each retained message of filter, and says on standard error how sure it is that these were all.
func (r *reading) each(ctx context.Context, c *mqtt.Client, filter string, use func(*mqtt.Received) error) error {
	w := walk{client: c, filter: filter, qos: mqtt.QoS(r.qos), idle: time.Duration(r.idle), use: use}
	if r.sentinel != "" {
		w.marker = newMarker(r.cfg, r.sentinel+"/"+random())
	}
	doubt, err := w.run(ctx)
	if err == nil && doubt != "" {
		r.app.Say("mqtt: %s", app.Printable(doubt))
	}
	return err
}

// close ends the client; err is how its work ended, and counts before how the end went.
func (r *reading) close(ctx context.Context, c *mqtt.Client, err error) error {
	if err != nil {
		c.Abort()
		return err
	}
	return r.app.Close(ctx, c, mqtt.Disconnect{})
}
