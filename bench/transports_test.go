package main

import (
	"slices"
	"strings"
	"testing"
)

// The clients do the works over each transport, in small; those that take long to begin at QoS 1 alone.
func TestEveryTransport(t *testing.T) {
	r := &runner{places: everywhere(t), size: 64}
	for _, c := range travelling(candidates) {
		if !prepared(t, r, c) {
			continue
		}
		for _, row := range slices.Concat(transportRows()...) {
			if c.kind != elsewise || row.order.QoS == 1 {
				t.Run(c.name+", "+row.name, func(t *testing.T) { inSmall(t, r, c, row) })
			}
		}
	}
}

// A client goes over the transport of the row, and trusts the server's authority where there is TLS alone.
func TestPlacesOfTransports(t *testing.T) {
	where := everywhere(t)
	for name, beginning := range map[string]string{"": "mqtt://127.0.0.1:", "tcp": "mqtt://127.0.0.1:", "tls": "mqtts://127.0.0.1:",
		"ws": "ws://127.0.0.1:", "wss": "wss://127.0.0.1:", "unix": "mqtt+unix:///"} {
		o := (&runner{places: where, size: 64}).orderOf(candidate{}, row{order: order{Transport: name}}, 0)
		if !strings.HasPrefix(o.URL, beginning) || (o.CA != "") != (name == "tls" || name == "wss") {
			t.Errorf("%q: %s, an authority of %d bytes", name, o.URL, len(o.CA))
		}
	}
	// Who doesn't trust it doesn't come in.
	o := order{Work: "publish", QoS: 1, N: 1, Version: 4, Client: "trusts nobody", URL: where.URLs["tls"]}
	if _, err := (sluice{}).publish(t.Context(), o); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("publish() = %v", err)
	}
}

func TestTransportsInTheReport(t *testing.T) {
	var work overEach
	for i, t := range []string{"tcp", "tls", "unix"} {
		sluice := cell{rate: 1000 / float64(i+1), result: result{CPU: 3e-6 * float64(i+1)}}
		other := cell{rate: 10}
		if t == "tls" {
			other = cell{why: "it broke", failed: true}
		}
		work = append(work, measurement{row{name: "publish over " + t + ", QoS 0", order: order{Transport: t}}, []cell{sluice, other}})
	}
	d := &document{ways: []overEach{work}, travellers: []candidate{{name: "sluice", title: "Sluice"}, {name: "other", title: "Other"}}}
	text := d.text()
	for _, line := range []string{
		"| messages a second | client | tcp | tls | ws | wss | unix |",
		"| publish, QoS 0 | Sluice | 1,000 | 500 (0.50) | - | - | 333 (0.33) |",
		"| publish, QoS 0 | Other | 10.0 | - | - | - | 10.0 (1.00) |",
		"| publish, QoS 0 | Sluice | 3.00 | 6.00 (2.00) | - | - | 9.00 (3.00) |",
		"- publish over tls, QoS 0, Other: it broke",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the report has no line %q:\n%s", line, text)
		}
	}
}

func TestWhatIsChosenOfTransports(t *testing.T) {
	for text, want := range map[string]string{"": "5 5 5 5", "over unix": "1 1 1 1", "publish over wss, QoS 0": "1", "publish over": "5 5", "round trip": ""} {
		var got []string
		for _, rows := range chosenOf(transportRows(), text) {
			got = append(got, count(len(rows)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q chooses %q, want %s", text, got, want)
		}
	}
}
