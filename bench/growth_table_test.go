package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The whole way: a server process, client processes, the report.
func TestGrowthReport(t *testing.T) {
	var report, progress strings.Builder
	s := settings{rounds: 1, scale: 0.001, size: 64, growth: true, only: "receive QoS 1 by streams: 100"}
	if err := sideBySide(t.Context(), &report, &progress, s); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"## Growth", "### Receive QoS 1 by streams", "| streams | messages a second, socket limit | messages a second, Sluice | CPU of a message",
		"bytes of one that has received, Sluice |", "\n| 100 | ", "\n| exponent | - |", "| 1 → 1 |",
	} {
		if !strings.Contains(report.String(), part) {
			t.Errorf("the report has no %q:\n%s", part, &report)
		}
	}
	if strings.Contains(report.String(), "bytes of one that has received, socket limit") {
		t.Error("the socket has a column of figures that it hasn't got")
	}
	if !strings.Contains(progress.String(), "receive QoS 1 by streams: 100\n") {
		t.Errorf("progress: %q", &progress)
	}
}

func TestExponent(t *testing.T) {
	sizes := []int{1, 10, 100, 1000}
	for _, c := range []struct {
		costs []float64
		want  string
	}{
		{[]float64{2, 20, 200, 2000}, "1.00"},
		{[]float64{9, 9, 9, 9}, "0.00"},
		{[]float64{1, 1, 1, 0.99}, "0.00"},
		{[]float64{1, 10, 100, 1258}, "1.10"},
		{[]float64{1, 10, 100, 1400}, "1.15: **more than in proportion**"},
		{[]float64{1, 10, 100, 10_000}, "2.00: **more than in proportion**"},
		{[]float64{1, 100, 10_000, 0}, "2.00: **more than in proportion**"},
		{[]float64{1, 0, 0, 1000}, "1.00"},
		{[]float64{0, 0, 0, 1}, "-"},
		{[]float64{0, 0, 0, 0}, "-"},
	} {
		if got := verdict(exponent(sizes, c.costs)); got != c.want {
			t.Errorf("%v: %s, want %s", c.costs, got, c.want)
		}
	}
	if e := exponent([]int{7}, []float64{1}); !math.IsNaN(e) {
		t.Errorf("the exponent of one point is %v", e)
	}
}

// grownFrom makes a growth of rates of one client.
func grownFrom(g growth, rates ...float64) grown {
	done := grown{growth: g}
	for i, r := range rates {
		c := cell{rate: r, result: result{CPU: 1 / r, Peak: 5 << 20, Before: 1, After: 1}}
		if r == 0 {
			c = cell{why: "it broke", failed: true}
		}
		done.points = append(done.points, measurement{g.rows[i], []cell{c}})
	}
	return done
}

// What is in brackets is for each unit: a message for each stream, but for the payload a part of one message.
func TestGrowthTable(t *testing.T) {
	streams := growth{name: "receive by streams", unit: "streams", weighs: []column{peak}}
	streams.more(count, func(int) order { return order{Work: "streams"} }, 1, 10, 100)
	payload := growth{name: "publish by payload", unit: "bytes", parts: true, weighs: []column{peak}}
	payload.more(bytesOf, func(int) order { return order{Work: "publish"} }, 16, 256, 4096)
	d := &document{growers: []candidate{{"sluice", "Sluice", 0, inGo, sluice{}}}, grown: []grown{
		grownFrom(streams, 1000, 500, 50), grownFrom(payload, 1600, 800, 0),
	}}
	text := d.text()
	for _, line := range []string{
		"| streams | messages a second, Sluice | CPU of a message, µs, Sluice | MiB of the process, at most, Sluice | goroutines before and after, Sluice |",
		"| 1 | 1,000 (1) | 1,000 (1) | 5.00 (1) | 1 → 1 |",
		"| 10 | 500 (2) | 2,000 (2) | 5.00 (0.1) | 1 → 1 |",
		"| 100 | 50.0 (20) | 20,000 (20) | 5.00 (0.01) | 1 → 1 |",
		"| exponent | 2.00: **more than in proportion** | 2.00: **more than in proportion** | 0.00 |  |",
		"| 256 B | 800 (0.12) | 1,250 (0.12) | 5.00 (0.062) | 1 → 1 |",
		"| 4 KiB | - | - | - | - |",
		"| exponent | 0.25 | 0.25 | 0.00 |  |",
		"- publish by payload: 4 KiB, Sluice: it broke",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the report has no line %q:\n%s", line, text)
		}
	}
	if err := d.failures(); err == nil || err.Error() != "publish by payload: 4 KiB, Sluice: it broke" {
		t.Errorf("failures() = %v", err)
	}
}

// The picture is beside the report, which shows it.
func TestGrowthPicture(t *testing.T) {
	folder := t.TempDir()
	g := growth{name: "publish by payload", unit: "bytes", parts: true, weighs: []column{peak}}
	g.more(bytesOf, func(int) order { return order{Work: "publish"} }, 16, 256)
	d := &document{settings: settings{report: filepath.Join(folder, "R.md")}, growers: []candidate{{"sluice", "Sluice", 0, inGo, sluice{}}}, grown: []grown{grownFrom(g, 1000, 0)}}
	if err := d.publish(t.Context(), nil, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(d.settings.report)
	if err != nil || !strings.Contains(string(text), "](growth.svg)") {
		t.Errorf("%v: %s", err, text)
	}
	if info, err := os.Stat(filepath.Join(folder, "growth.svg")); err != nil || info.Size() == 0 {
		t.Errorf("there is no picture: %v", err)
	}
}
