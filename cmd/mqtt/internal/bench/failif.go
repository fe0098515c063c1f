package bench

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// condition is one --fail-if.
type condition struct {
	text     string
	metric   string
	operator string
	limit    float64 // microseconds for a latency
}

var (
	latencies = []string{"p50", "p90", "p99", "p999", "max", "mean"}
	byNumber  = []string{"lost", "duplicated", "reordered"}
	operators = []string{">=", "<=", ">", "<"} // the longer ones first: they begin like the others
)

// metrics are what a work has figures for.
func metrics(work string) []string {
	all := append(slices.Clone(latencies), "rate", "failed", "reconnects")
	switch work {
	case "sub", "e2e", "rtt":
		all = append(all, byNumber...)
	}
	return all
}

// parseCondition reads what --fail-if has, as in p99>5ms.
func parseCondition(work, text string) (condition, error) {
	c := condition{text: text}
	at := strings.IndexAny(text, "<>")
	if at < 0 {
		return c, app.Usage("--fail-if %q: write a figure, one of > >= < <= and a number or duration, as in p99>5ms", text)
	}
	c.metric = strings.TrimSpace(text[:at])
	if !slices.Contains(metrics(work), c.metric) {
		return c, app.Usage("--fail-if %q: bench %s has no figure %q; it has %s", text, work, c.metric, strings.Join(metrics(work), ", "))
	}
	for _, o := range operators {
		if value, ok := strings.CutPrefix(text[at:], o); ok {
			c.operator = o
			return c, c.parseLimit(strings.TrimSpace(value))
		}
	}
	return c, nil
}

func (c *condition) parseLimit(text string) error {
	if slices.Contains(latencies, c.metric) {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return app.Usage("--fail-if %q: %s is a time, so give a duration, as in 5ms or 250us", c.text, c.metric)
		}
		c.limit = float64(d) / float64(time.Microsecond)
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n <= math.MaxFloat64) {
		return app.Usage("--fail-if %q: %s is a number, so give a number, as in 0 or 1000", c.text, c.metric)
	}
	c.limit = n
	return nil
}

// verdict is a condition after the run.
type verdict struct {
	Condition string   `json:"condition"`
	Met       bool     `json:"met"`
	Value     *float64 `json:"value"` // microseconds for a latency; nil: there is none, and then it counts as met
	words     string
}

func (c condition) judge(f *summary) verdict {
	value, known := f.value(c.metric)
	if !known {
		return verdict{c.text, true, nil, "no message told it, so it can't be said to hold"}
	}
	v := verdict{Condition: c.text, Value: &value, words: fmt.Sprintf("%s is %s", c.metric, c.written(value))}
	switch c.operator {
	case ">":
		v.Met = value > c.limit
	case ">=":
		v.Met = value >= c.limit
	case "<":
		v.Met = value < c.limit
	case "<=":
		v.Met = value <= c.limit
	}
	return v
}

func (c condition) written(value float64) string {
	if slices.Contains(latencies, c.metric) {
		return short(value)
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}
