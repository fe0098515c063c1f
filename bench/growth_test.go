package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sluicemq/sluice/mqtt"
)

// Every row that a small scale has, with the server in the same process. What has arrived and its order is checked.
func TestGrowthInSmall(t *testing.T) {
	r := &runner{places: everywhere(t), size: 64}
	for _, c := range growing(candidates) {
		for _, row := range rowsOf(growths(0.001)) {
			t.Run(c.name+", "+row.name, func(t *testing.T) { inSmall(t, r, c, row) })
		}
	}
}

// Streams and clients tell more than their rate.
func TestStreamsAndClientsAreWeighed(t *testing.T) {
	address := local(t)
	o := order{Work: "streams", Address: address, URL: "mqtt://" + address, Client: "streams", Version: 4, QoS: 1, Streams: 300, N: 600, Size: 16}
	got, err := perform(candidate{name: "sluice", kind: inGo, peer: sluice{}}, o)
	if err != nil || got.N != o.N || got.Connect <= 0 || got.First <= 0 || got.Bytes <= 0 || got.Used <= got.Bytes {
		t.Errorf("streams: %+v, %v", got, err)
	}
	for _, c := range growing(candidates) {
		o = order{Work: "clients", Address: address, URL: "mqtt://" + address, Client: c.name, Version: 4, QoS: 1, Clients: 30, N: 120, Size: 16}
		got, err = perform(c, o)
		if err != nil || got.N != o.N || got.Connect <= 0 || c.name == "sluice" && got.Bytes <= 0 || got.Peak <= 0 {
			t.Errorf("clients, %s: %+v, %v", c.name, got, err)
		}
		if err := verify(o); err != nil {
			t.Error(err)
		}
	}
}

// A stream that gets what is for another one fails the measurement, and ends those that get nothing.
func TestAStreamThatGetsSomethingElse(t *testing.T) {
	o := order{Work: "streams", Address: local(t), Client: "crossed", Version: 4, QoS: 1, Streams: 3, N: 4, Size: 16}
	c, err := mqtt.Connect(t.Context(), "mqtt://"+o.Address, sluice{}.config(o))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Abort()
	all, err := sluice{}.declare(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	o.Streams = 2
	if _, _, err := (sluice{}).flooded(t.Context(), c, o, all[1:]); err == nil || !strings.HasPrefix(err.Error(), "message 1 came, want 0 ") {
		t.Errorf("flooded() = %v", err)
	}
}

// What one of many clients has not published is noticed.
func TestWhatOneOfManyClientsMissesIsNoticed(t *testing.T) {
	o := order{Work: "clients", Address: local(t), Client: "many", Version: 4, QoS: 1, Clients: 2, N: 6, Size: 16}
	publishAs(t, o.numbered(0), []int{0, 1, 2})
	publishAs(t, o.numbered(1), []int{0, 1})
	stranger := o
	stranger.Client = "manyothers"
	publishAs(t, stranger, []int{0})
	if err := verify(o); err == nil || err.Error() != "the server got 5 messages of 6" {
		t.Errorf("verify() = %v", err)
	}
	publishAs(t, o.numbered(1), []int{7})
	if err := verify(o); err == nil || err.Error() != "1 of 6 messages came out of order" {
		t.Errorf("verify() = %v", err)
	}
}

func TestTooManyFiles(t *testing.T) {
	if err := allowFiles(10); err != nil {
		t.Error(err)
	}
	const many = 1 << 40
	if err := allowFiles(many); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d connections need", many)) {
		t.Errorf("allowFiles() = %v", err)
	}
	for _, c := range growing(candidates) {
		got, err := perform(c, order{Work: "clients", Clients: many})
		if err != nil || !strings.Contains(got.Cannot, "ulimit -n") {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

// A scale has the sizes that it leaves time for.
func TestSizesOfGrowths(t *testing.T) {
	for scale, want := range map[float64][]string{
		1:     {"5: 16 B to 1 MiB", "5: 16 B to 1 MiB", "6: 1 to 100,000", "6: 1 to 65,535", "5: 1 to 10,000", "4: 1 to 1,000"},
		2:     {"5: 16 B to 1 MiB", "5: 16 B to 1 MiB", "6: 1 to 100,000", "6: 1 to 65,535", "5: 1 to 10,000", "4: 1 to 1,000"},
		0.1:   {"5: 16 B to 1 MiB", "5: 16 B to 1 MiB", "5: 1 to 10,000", "6: 1 to 65,535", "4: 1 to 1,000", "4: 1 to 1,000"},
		0.001: {"5: 16 B to 1 MiB", "5: 16 B to 1 MiB", "3: 1 to 100", "6: 1 to 65,535", "2: 1 to 10", "4: 1 to 1,000"},
	} {
		var got []string
		for _, g := range growths(scale) {
			labels := grown{g, make([]measurement, 0)}
			for _, r := range g.rows {
				labels.points = append(labels.points, measurement{row: r})
			}
			lines := labels.labelled()
			got = append(got, fmt.Sprintf("%d: %s to %s", len(g.rows), lines[0][0], lines[len(lines)-2][0]))
			for i, r := range g.rows {
				if o := r.order; o.Work == "streams" && (o.N < 2*o.Streams || o.Streams != g.sizes[i]) || o.Work == "clients" && (o.N < 4*o.Clients || o.N%o.Clients != 0) {
					t.Errorf("scale %v, %s: %+v", scale, r.name, o)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("scale %v: %q", scale, got)
		}
	}
}

// The growth is measured with all else, or alone, or one row of it.
func TestWhatIsChosen(t *testing.T) {
	for i, c := range []struct {
		settings                settings
		works, broker, growths_ int
		complaint               string
	}{
		{settings{}, len(rows()), len(brokerRows()), 6, ""},
		{settings{only: "round trip"}, 1, 0, 0, ""},
		{settings{growth: true}, 0, 0, 6, ""},
		{settings{growth: true, only: "by streams"}, 0, 0, 1, ""},
		{settings{growth: true, only: "publish QoS 1 by window: 1", profile: "p"}, 0, 0, 1, ""},
		{settings{growth: true, only: "by window: 1", profile: "p"}, 0, 0, 1, "-cpuprofile is for one row; -only \"by window: 1\" chooses 5"},
		{settings{growth: true, only: "round trip"}, 0, 0, 0, "no row contains \"round trip\"; these are there:\n  publish QoS 1 by payload: 16 B"},
		{settings{profile: "p"}, len(rows()), len(brokerRows()), 6, "-cpuprofile is for one row"},
	} {
		c.settings.scale = 1
		got, err := c.settings.choose()
		if c.complaint != "" {
			if err == nil || !strings.Contains(err.Error(), c.complaint) {
				t.Errorf("case %d: %v", i, err)
			}
			continue
		}
		if err != nil || len(got.works) != c.works || len(got.real) != c.broker || len(got.growths) != c.growths_ {
			t.Errorf("case %d: %d, %d, %d, %v", i, len(got.works), len(got.real), len(got.growths), err)
		}
	}
	one, err := settings{growth: true, only: "publish QoS 1 by window: 1", scale: 1}.choose()
	if err != nil || len(one.growths[0].rows) != 1 || !slices.Equal(one.growths[0].sizes, []int{1}) {
		t.Errorf("%+v, %v", one, err)
	}
}
