package top

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/mqtt"
)

// print gathers for its time and prints the table. An interrupt prints what is there.
func (o *options) print(ctx context.Context, a *app.App, c *mqtt.Client, ask func(int, string) *snapshot, order column) error {
	period := time.Duration(o.period)
	if period == 0 {
		period = time.Second
	}
	over := time.NewTimer(period)
	defer over.Stop()
	var failed error
	select {
	case <-over.C:
	case <-ctx.Done():
		failed = context.Cause(ctx)
	case <-c.Done():
		failed = c.Err()
	}
	most := keepPayload
	if o.output == "table" {
		most = keepValue
	}
	now := ask(most, "")
	out := bufio.NewWriter(a.Output())
	rows := arrange(now.rows, order, o.reverse, matcher(""))
	if o.output == "table" {
		printTable(out, rows, now.at)
	} else {
		printLines(out, rows, now.at)
	}
	if now.forgotten > 0 {
		a.Say("%d topics were forgotten to keep to --max-topics %d and %d MiB", now.forgotten, o.maxTopics, keepBytes>>20)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return failed
}

// printedValue is how many characters of a value the printed table has.
const printedValue = 60

func printTable(out io.Writer, rows []*row, now time.Time) {
	lines := [][]string{{"TOPIC", "AGE", "RATE", "SIZE", "RETAINED", "QOS", "VALUE"}}
	for _, r := range rows {
		value, _ := oneLine(r.value, len(r.value) == r.size)
		if letters := []rune(value); len(letters) > printedValue {
			value = string(letters[:printedValue-1]) + "…"
		}
		retained := "no"
		if r.retained {
			retained = "yes"
		}
		lines = append(lines, []string{app.Printable(r.topic), age(now.Sub(r.last)), rate(r.rate), strconv.Itoa(r.size), retained,
			strconv.Itoa(int(r.qos)), value})
	}
	writeColumns(out, lines)
}

// writeColumns writes lines of cells, each column as wide on a screen as its widest cell. An error of out comes again at its end.
func writeColumns(out io.Writer, lines [][]string) {
	last := len(lines[0]) - 1
	widths := make([]int, last)
	for _, line := range lines {
		for c := range widths {
			widths[c] = max(widths[c], ansi.StringWidth(line[c]))
		}
	}
	for _, line := range lines {
		for c, width := range widths {
			io.WriteString(out, fit(line[c], width+gap, false))
		}
		io.WriteString(out, line[last]+"\n")
	}
}

// printLines writes a line of JSON a topic: its last message, as sub writes them, and what was counted.
func printLines(out *bufio.Writer, rows []*row, now time.Time) {
	var line []byte
	for _, r := range rows {
		m := ndjson.Record{Time: r.last, Message: mqtt.Message{Topic: r.topic, Payload: r.value, QoS: r.qos, Retain: r.retained, Properties: r.properties}}
		if len(r.value) < r.size && isText(r.value, false) {
			m.Payload = wholeLetters(r.value)
		}
		line = ndjson.Append(line[:0], &m)
		line = append(line[:len(line)-len("}\n")], `,"size":`...)
		line = strconv.AppendInt(line, int64(r.size), 10)
		line = append(line, `,"messages":`...)
		line = strconv.AppendUint(line, r.count, 10)
		line = append(line, `,"rate":`...)
		line = strconv.AppendFloat(line, r.rate, 'f', -1, 64)
		line = append(line, `,"age":`...)
		line = strconv.AppendFloat(line, max(now.Sub(r.last), 0).Seconds(), 'f', 3, 64)
		out.Write(append(line, "}\n"...))
	}
}
