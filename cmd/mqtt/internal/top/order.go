package top

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// column is one of the table's, and what rows are ordered by.
type column int

const (
	byTopic column = iota
	byValue
	byAge
	byRate
	bySize
	byRetained
	byQoS
	columns // how many there are
)

var columnNames = [columns]string{"topic", "value", "age", "rate", "size", "retained", "qos"}

// compare orders rows as one wants to see them first: names from a on, ages from the newest, numbers from the largest.
func (c column) compare(a, b *row) int {
	switch c {
	case byValue:
		return bytes.Compare(a.value, b.value)
	case byAge:
		return b.last.Compare(a.last)
	case byRate:
		return cmp.Compare(b.rate, a.rate)
	case bySize:
		return cmp.Compare(b.size, a.size)
	case byRetained:
		return cmp.Compare(number(b.retained), number(a.retained))
	case byQoS:
		return cmp.Compare(b.qos, a.qos)
	}
	return strings.Compare(a.topic, b.topic)
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// arrange gives the rows that keep wants, ordered. Those that are equal stand by their topics.
func arrange(rows []row, c column, reverse bool, keep func(topic string) bool) []*row {
	var out []*row
	for i := range rows {
		if keep(rows[i].topic) {
			out = append(out, &rows[i])
		}
	}
	slices.SortFunc(out, func(a, b *row) int {
		order := c.compare(a, b)
		if reverse {
			order = -order
		}
		return cmp.Or(order, strings.Compare(a.topic, b.topic))
	})
	return out
}

// matcher says which topics a filter is for. A text with a wildcard is a Topic Filter (§4.7), where it can be one; any other is
// looked for in the topic, large and small letters alike.
func matcher(text string) func(topic string) bool {
	if strings.ContainsAny(text, "+#") && codec.CheckTopicFilter(text) == nil {
		return func(topic string) bool { return codec.Match(text, topic) }
	}
	text = strings.ToLower(text)
	return func(topic string) bool { return text == "" || strings.Contains(strings.ToLower(topic), text) }
}
