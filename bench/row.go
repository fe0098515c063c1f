package main

import (
	"fmt"
	"strings"
)

// row is a work that all clients are measured at. A series is a list of rows in which one number of the order varies.
type row struct {
	name  string
	order order // N is how many messages are the most; fewer when they would take too long. Size 0: as -size says
	fixed bool  // N isn't a matter of time
}

// rows are the works of the table. A client that has only the other version of MQTT is measured with that one.
func rows() (all []row) {
	add := func(name string, o order) { all = append(all, row{name: name, order: o}) }
	for qos := range 3 {
		add(fmt.Sprintf("publish QoS %d, one goroutine, blocking", qos), order{Work: "publish", QoS: qos})
		add(fmt.Sprintf("publish QoS %d, 64 goroutines, blocking", qos), order{Work: "publish", QoS: qos, Goroutines: 64})
		if qos > 0 {
			add(fmt.Sprintf("publish QoS %d, 1000 in flight", qos), order{Work: "publish", QoS: qos, Window: 1000})
		}
	}
	for qos := range 3 {
		add(fmt.Sprintf("receive QoS %d", qos), order{Work: "receive", QoS: qos})
		add(fmt.Sprintf("receive QoS %d, 100 streams", qos), order{Work: "receive", QoS: qos, Streams: 100})
	}
	for _, s := range []struct {
		name         string
		size, window int
	}{{"16 B", 16, 1000}, {"1 KiB", 1 << 10, 1000}, {"32 KiB", 32 << 10, 100}, {"64 KiB", 64 << 10, 100}, {"1 MiB", 1 << 20, 10}} {
		add(fmt.Sprintf("publish QoS 1, %s, %d in flight", s.name, s.window), order{Work: "publish", QoS: 1, Size: s.size, Window: s.window})
		add(fmt.Sprintf("receive QoS 1, %s", s.name), order{Work: "receive", QoS: 1, Size: s.size, Window: s.window})
	}
	add("publish QoS 1 with properties, 1000 in flight, 5.0", order{Work: "publish", Version: 5, QoS: 1, Window: 1000, Properties: true})
	add("publish QoS 0 with topic aliases, 5.0", order{Work: "publish", Version: 5, Aliases: true})
	add("receive QoS 0 with properties, 5.0", order{Work: "receive", Version: 5, Properties: true})
	add("round trip QoS 1", order{Work: "trip", QoS: 1})
	all = append(all,
		row{name: "reconnect, 10,000 unacknowledged", order: order{Work: "reconnect", QoS: 1, N: 10_000}, fixed: true},
		row{name: "idle connections", order: order{Work: "idle", N: 2000}, fixed: true})
	return all
}

// brokerRows are those against a real server.
func brokerRows() (all []row) {
	for qos := range 3 {
		name := fmt.Sprintf("publish QoS %d", qos)
		if qos > 0 {
			name += ", 1000 in flight"
		}
		all = append(all, row{name: name, order: order{Work: "publish", QoS: qos, Window: 1000, Broker: true}})
	}
	for qos := range 3 {
		all = append(all, row{name: fmt.Sprintf("receive QoS %d", qos), order: order{Work: "receive", QoS: qos, Broker: true}})
	}
	return all
}

// chosen are the rows whose names contain a text, or the one that it is the name of.
func chosen(all []row, text string) (some []row) {
	for _, r := range all {
		if r.name == text {
			return []row{r}
		}
		if strings.Contains(r.name, text) {
			some = append(some, r)
		}
	}
	return some
}
