package top

import (
	"slices"
	"strings"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// check says what is wrong with the flags, and gives the column to order by.
func (o *options) check() (column, error) {
	order := column(slices.Index(columnNames[:], o.sort))
	if order < 0 {
		return 0, app.Usage("--sort %q: give %s", o.sort, strings.Join(columnNames[:], ", "))
	}
	if o.output != "table" && o.output != "ndjson" {
		return 0, app.Usage("--output %q: give table or ndjson", o.output)
	}
	if o.output == "ndjson" && !o.once && o.period == 0 {
		return 0, app.Usage("--output ndjson is for what is printed: give --once or --for too, as in --for 5s")
	}
	if o.maxTopics < 1 {
		return 0, app.Usage("--max-topics %d: give 1 or more", o.maxTopics)
	}
	if _, err := app.QoS("--qos", o.qos); err != nil {
		return 0, err
	}
	if topic := o.conn.Topic(); topic != "" {
		o.topics = append(o.topics, topic)
	}
	if len(o.topics) == 0 {
		o.topics = []string{"#"}
	}
	for _, filter := range o.topics {
		if err := codec.CheckTopicFilter(filter); err != nil {
			return 0, app.Usage("--topic %q: %v", filter, err)
		}
	}
	for _, filter := range o.out {
		if err := codec.CheckTopicFilter(filter); err != nil {
			return 0, app.Usage("--filter-out %q: %v", filter, err)
		}
	}
	return order, nil
}
