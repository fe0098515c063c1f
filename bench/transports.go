package main

import (
	"fmt"
	"slices"
	"strings"
)

// transportRows are the works that are measured over each transport; tcp is the first of each.
func transportRows() (all [][]row) {
	for _, w := range []struct {
		name  string // with the transport in it
		order order
	}{
		{"publish over %s, QoS 0", order{Work: "publish"}},
		{"publish over %s, QoS 1, 1000 in flight", order{Work: "publish", QoS: 1, Window: 1000}},
		{"receive over %s, QoS 0", order{Work: "receive"}},
		{"receive over %s, QoS 1", order{Work: "receive", QoS: 1}},
	} {
		var rows []row
		for _, t := range transports {
			w.order.Transport = t.name
			rows = append(rows, row{name: fmt.Sprintf(w.name, t.name), order: w.order})
		}
		all = append(all, rows)
	}
	return all
}

// chosenOf are the works with those rows alone that a text chooses, as for chosen.
func chosenOf(all [][]row, text string) (some [][]row) {
	left := chosen(slices.Concat(all...), text)
	for _, rows := range all {
		rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !slices.Contains(left, r) })
		if len(rows) > 0 {
			some = append(some, rows)
		}
	}
	return some
}

// travelling are the candidates that are measured over each transport.
func travelling(all []candidate) (some []candidate) {
	for _, c := range all {
		if c.name == "sluice" || c.name == "mqttjs" {
			some = append(some, c)
		}
	}
	return some
}

// overEach is one work over each transport that was chosen.
type overEach []measurement

func (w overEach) name() string {
	return strings.Replace(w[0].row.name, " over "+w[0].row.order.Transport, "", 1)
}

// cell is a client's over one transport.
func (w overEach) cell(client int, transport string) cell {
	for _, m := range w {
		if m.row.order.Transport == transport {
			return m.cells[client]
		}
	}
	return cell{why: "it wasn't chosen"}
}

const transportsNote = "In brackets as a multiple of the same over tcp. TLS is 1.3 and asks for no certificate of the client; WebSocket doesn't compress. " +
	"The server, which encrypts and unmasks in a process of its own, has the same processors."

// transports are the tables of the clients over each of them.
func (d *document) transports(b *strings.Builder) {
	if len(d.ways) == 0 {
		return
	}
	fmt.Fprintf(b, "## Transports\n\n%s\n\n", transportsNote)
	d.over(b, "messages a second", func(c cell) float64 { return c.rate })
	d.over(b, "CPU for each message, µs", func(c cell) float64 { return c.CPU * 1e6 })
}

// over is the table of one figure.
func (d *document) over(b *strings.Builder, title string, of func(cell) float64) {
	heads := []string{title, "client"}
	for _, t := range transports {
		heads = append(heads, t.name)
	}
	tableHead(b, heads)
	for _, work := range d.ways {
		for i, client := range d.travellers {
			cells := []string{work.name(), client.title}
			for _, t := range transports {
				cells = append(cells, work.beside(i, t.name, of))
			}
			tableRow(b, cells)
		}
	}
	b.WriteByte('\n')
}

// beside is a client's figure over one transport, beside that over the first.
func (w overEach) beside(client int, transport string, of func(cell) float64) string {
	c, first := w.cell(client, transport), w.cell(client, transports[0].name)
	switch {
	case c.why != "":
		return "-"
	case transport == transports[0].name || first.why != "" || of(first) == 0:
		return figure(of(c))
	}
	return fmt.Sprintf("%s (%.2f)", figure(of(c)), of(c)/of(first))
}
