package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// document is the report.
type document struct {
	settings   settings
	candidates []candidate
	missing    []string // clients that aren't measured, and why
	works      []measurement
	broker     []measurement // against a real server
	noBroker   string        // why there are none of these
	ways       []overEach    // over each transport
	travellers []candidate   // those that are measured there
	growers    []candidate   // those whose growth is measured
	grown      []grown
	pictures   []string // their files, beside the report
}

// publish writes the report to w or to its file, there with pictures.
func (d *document) publish(ctx context.Context, w io.Writer, folder string) error {
	if d.settings.report == "" {
		_, err := io.WriteString(w, d.text())
		return err
	}
	undrawn := d.draw(ctx, folder) // the figures are worth more than the picture
	return errors.Join(undrawn, os.WriteFile(d.settings.report, []byte(d.text()), 0o644))
}

func (d *document) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Side by side\n\n%s\n", machine(d.settings))
	if len(d.missing) > 0 {
		fmt.Fprintf(&b, "Not measured: %s.\n\n", strings.Join(d.missing, "; "))
	}
	for _, p := range d.pictures {
		fmt.Fprintf(&b, "![%s](%s)\n\n", p, p)
	}
	d.rates(&b, "Messages a second", d.works)
	d.latencies(&b)
	d.resting(&b)
	d.each(&b, "CPU for each message, in µs", "User and system time of the client process.", d.works, func(c cell) string { return figure(c.CPU * 1e6) })
	d.each(&b, "Allocations for each message", "Of the client process, with what it takes to make the messages and to check them; in brackets bytes.", d.works, func(c cell) string {
		if c.Allocations < 0 {
			return "-"
		}
		return fmt.Sprintf("%s (%s)", figure(c.Allocations), figure(c.AllocBytes))
	})
	d.each(&b, "Goroutines", "Before the client was made and after it had ended.", d.works, func(c cell) string {
		if c.Before == 0 {
			return "-"
		}
		return fmt.Sprintf("%d → %d", c.Before, c.After)
	})
	if d.noBroker != "" {
		fmt.Fprintf(&b, "## Against mosquitto\n\nNot measured: %s.\n\n", d.noBroker)
	}
	d.rates(&b, "Against mosquitto: messages a second", d.broker)
	d.each(&b, "Against mosquitto: CPU for each message, in µs", "", d.broker, func(c cell) string { return figure(c.CPU * 1e6) })
	d.transports(&b)
	d.growths(&b)
	d.reasons(&b)
	return b.String()
}

// rates is the table of messages a second.
func (d *document) rates(b *strings.Builder, title string, all []measurement) {
	if all = timed(all); len(all) == 0 {
		return
	}
	heads := []string{"work"}
	limit, sluice := d.indexOf("limit"), d.indexOf("sluice")
	for i, c := range d.candidates {
		heads = append(heads, c.title)
		if i == sluice && limit >= 0 {
			heads = append(heads, "of the limit")
		}
	}
	others := d.goPeers()
	if sluice >= 0 && len(others) > 0 {
		heads = append(heads, "Sluice : best in Go")
	}
	fmt.Fprintf(b, "## %s\n\n", title)
	tableHead(b, heads)
	for _, m := range all {
		cells := []string{m.row.name}
		for i, c := range m.cells {
			cells = append(cells, orDash(c, figure(c.rate)))
			if i == sluice && limit >= 0 {
				cells = append(cells, ratio(c, m.cells[limit], func(r float64) string { return fmt.Sprintf("%.0f %%", 100*r) }))
			}
		}
		if sluice >= 0 && len(others) > 0 {
			cells = append(cells, ratio(m.cells[sluice], best(m.cells, others), func(r float64) string { return fmt.Sprintf("%.2f", r) }))
		}
		tableRow(b, cells)
	}
	b.WriteByte('\n')
}

// each is a table of one figure of each client.
func (d *document) each(b *strings.Builder, title, note string, all []measurement, text func(cell) string) {
	if all = timed(all); len(all) == 0 {
		return
	}
	heads := []string{"work"}
	for _, c := range d.candidates {
		heads = append(heads, c.title)
	}
	fmt.Fprintf(b, "## %s\n\n", title)
	if note != "" {
		fmt.Fprintf(b, "%s\n\n", note)
	}
	tableHead(b, heads)
	for _, m := range all {
		cells := []string{m.row.name}
		for _, c := range m.cells {
			cells = append(cells, orDash(c, text(c)))
		}
		tableRow(b, cells)
	}
	b.WriteByte('\n')
}

// latencies is the table of the round trips.
func (d *document) latencies(b *strings.Builder) {
	d.alone(b, "trip", "Round trip in µs", []string{"p50", "p99", "p99.9"}, func(c cell) []string {
		return []string{figure(c.P50), figure(c.P99), figure(c.P999)}
	})
}

// resting is the table of connections that do nothing.
func (d *document) resting(b *strings.Builder) {
	d.alone(b, "idle", "A connection that does nothing", []string{"heap and stacks, bytes", "goroutines", "ms to connect"}, func(c cell) []string {
		bytes := figure(c.Bytes)
		if c.Bytes < 0 {
			bytes = "-"
		}
		return []string{bytes, figure(c.Goroutines), figure(c.Connect * 1e3 / float64(c.N))}
	})
}

// alone is a table of the clients at one work.
func (d *document) alone(b *strings.Builder, work, title string, heads []string, text func(cell) []string) {
	for _, m := range d.works {
		if m.row.order.Work != work {
			continue
		}
		fmt.Fprintf(b, "## %s\n\n", title)
		tableHead(b, append([]string{m.row.name}, heads...))
		for i, c := range d.candidates {
			cells := []string{c.title}
			if m.cells[i].why != "" {
				cells = append(cells, strings.Split(strings.Repeat("- ", len(heads)), " ")[:len(heads)]...)
			} else {
				cells = append(cells, text(m.cells[i])...)
			}
			tableRow(b, cells)
		}
		b.WriteByte('\n')
	}
}

// reasons say why there is no figure where there is none.
func (d *document) reasons(b *strings.Builder) {
	var lines []string
	d.every(func(row row, client candidate, c cell) {
		if c.why != "" {
			lines = append(lines, fmt.Sprintf("- %s, %s: %s", row.name, client.title, strings.ReplaceAll(c.why, "\n", " ")))
		}
	})
	if len(lines) > 0 {
		fmt.Fprintf(b, "## Where there is no figure\n\n%s\n", strings.Join(lines, "\n"))
	}
}

// every goes through all that was measured.
func (d *document) every(look func(row, candidate, cell)) {
	part := func(all []measurement, clients []candidate) {
		for _, m := range all {
			for i, c := range m.cells {
				look(m.row, clients[i], c)
			}
		}
	}
	part(d.works, d.candidates)
	part(d.broker, d.candidates)
	for _, w := range d.ways {
		part(w, d.travellers)
	}
	for _, g := range d.grown {
		part(g.points, d.growers)
	}
}
