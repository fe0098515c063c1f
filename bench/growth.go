package main

import (
	"fmt"
	"slices"
	"strconv"
)

// growth is a work that is measured with more and more of something, one row for each size: how its cost grows.
type growth struct {
	name   string // of the work
	unit   string // of what there is more and more
	parts  bool   // a message consists of these units; else there is a message for each
	rows   []row
	sizes  []int // of the rows
	weighs []column
}

// more adds rows in which the order has these sizes.
func (g *growth) more(label func(size int) string, order func(size int) order, sizes ...int) {
	for _, size := range sizes {
		o := order(size)
		g.sizes = append(g.sizes, size)
		g.rows = append(g.rows, row{name: g.name + ": " + label(size), order: o, fixed: o.N > 0})
	}
}

// mostClients are in one process, with a connection each.
const mostClients = 10_000

// payloadWindow keeps the largest payloads within the 64 MiB of an Outbox.
const payloadWindow = 50

// growths are the series. A small scale leaves out the most streams and clients.
func growths(scale float64) []growth {
	publish := growth{name: "publish QoS 1 by payload", unit: "bytes of payload", parts: true, weighs: []column{peak}}
	publish.more(bytesOf, func(size int) order { return order{Work: "publish", QoS: 1, Size: size, Window: payloadWindow} }, payloads...)
	receive := growth{name: "receive QoS 1 by payload", unit: "bytes of payload", parts: true, weighs: []column{peak}}
	receive.more(bytesOf, func(size int) order { return order{Work: "receive", QoS: 1, Size: size, Window: payloadWindow} }, payloads...)

	streams := growth{name: "receive QoS 1 by streams", unit: "streams", weighs: []column{heldUsed, held, made, first}}
	streams.more(count, func(size int) order {
		return order{Work: "streams", QoS: 1, Streams: size, N: max(2*size, int(200_000*min(1, scale)))}
	}, upTo(100_000*scale, 1, 10, 100, 1000, 10_000, 100_000)...)

	window := growth{name: "publish QoS 1 by window", unit: "in flight", weighs: []column{peak}}
	window.more(count, func(size int) order { return order{Work: "publish", QoS: 1, Window: size} }, 1, 10, 100, 1000, 10_000, 65_535)

	clients := growth{name: "publish QoS 1 by clients", unit: "clients", weighs: []column{held, made}}
	clients.more(count, func(size int) order {
		return order{Work: "clients", QoS: 1, Clients: size, N: size * max(4, int(10_000*min(1, scale))/size)}
	}, upTo(mostClients*scale, 1, 10, 100, 1000, mostClients)...)

	goroutines := growth{name: "publish QoS 1 by goroutines", unit: "goroutines", weighs: []column{peak}}
	goroutines.more(count, func(size int) order { return order{Work: "publish", QoS: 1, Goroutines: size} }, 1, 10, 100, 1000)
	return []growth{publish, receive, streams, window, clients, goroutines}
}

var payloads = []int{16, 256, 4 << 10, 64 << 10, 1 << 20}

// count is a number with commas between thousands.
func count(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", count(n/1000), n%1000)
}

func bytesOf(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// upTo are those sizes that aren't too large, and two in any case.
func upTo(most float64, sizes ...int) []int {
	n := 2
	for n < len(sizes) && float64(sizes[n]) <= most {
		n++
	}
	return sizes[:n]
}

// rowsOf are all rows of growths.
func rowsOf(all []growth) (rows []row) {
	for _, g := range all {
		rows = append(rows, g.rows...)
	}
	return rows
}

// having are the growths with none but these of their rows.
func having(all []growth, some []row) (left []growth) {
	for _, g := range all {
		rows, sizes := g.rows, g.sizes
		g.rows, g.sizes = nil, nil
		for i, r := range rows {
			if slices.ContainsFunc(some, func(s row) bool { return s.name == r.name }) {
				g.rows, g.sizes = append(g.rows, r), append(g.sizes, sizes[i])
			}
		}
		if len(g.rows) > 0 {
			left = append(left, g)
		}
	}
	return left
}

// growing are the candidates whose growth is measured.
func growing(all []candidate) (some []candidate) {
	for _, c := range all {
		if c.kind == socket || c.name == "sluice" {
			some = append(some, c)
		}
	}
	return some
}
