package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// tell writes the summary to standard output, and the picture where it was asked for.
func (b *bench) tell(f *summary) error {
	text := []byte(f.table())
	if b.json {
		var err error
		if text, err = json.Marshal(f); err != nil {
			return err
		}
		text = append(text, '\n')
	} else {
		for _, w := range f.Warnings {
			b.app.Say("mqtt: warning: %s", w)
		}
	}
	if _, err := b.app.Output().Write(text); err != nil || b.svg == "" {
		return err
	}
	return writePicture(b.svg, f)
}

func writePicture(name string, f *summary) error {
	picture, err := f.picture()
	if err != nil {
		return fmt.Errorf("--svg: %w", err)
	}
	if err := os.WriteFile(name, picture, 0o666); err != nil {
		return fmt.Errorf("--svg: %w", err)
	}
	return nil
}

// table is the summary for people.
func (f *summary) table() string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-14s %s\n", name, fmt.Sprintf(format, args...))
	}
	row("bench "+f.Work, "%s", f.described())
	row("server", "%s", strings.Join(f.Servers, ", "))
	row("machine", "%d cores, %s, %s", f.Machine.Cores, f.Machine.Go, f.Machine.Platform)
	row("time", "%.3f s%s", f.Seconds, map[bool]string{true: ", then interrupted"}[f.Interrupted])
	b.WriteByte('\n')
	for _, c := range f.figures() {
		row(c.name, "%s", c.text)
	}
	b.WriteByte('\n')
	if l := f.Latency; l.Count > 0 {
		row("latency", "%s (%d of them)", l.What, l.Count)
		for _, p := range []struct {
			name  string
			value float64
		}{{"min", l.Min}, {"mean", l.Mean}, {"p50", l.P50}, {"p90", l.P90}, {"p99", l.P99}, {"p99.9", l.P999}, {"max", l.Max}} {
			row("  "+p.name, "%s", short(p.value))
		}
	} else {
		row("latency", "no message told one")
	}
	if c := f.Calibration; c != nil {
		b.WriteByte('\n')
		row("calibration", "%s", c.described(f))
	}
	for _, v := range f.FailIf {
		row("fail if", "%s: %s; %s", v.Condition, map[bool]string{true: "met", false: "not met"}[v.Met], v.words)
	}
	return b.String()
}

type figure struct{ name, text string }

// figures are the counts that the work has.
func (f *summary) figures() (all []figure) {
	add := func(name string, n int64) { all = append(all, figure{name, strconv.FormatInt(n, 10)}) }
	if f.Work != "sub" {
		if f.Scheduled > 0 {
			add("scheduled", f.Scheduled)
		}
		add("offered", f.Offered)
		add("acknowledged", f.Acknowledged)
		add("failed", f.Failed)
	}
	if f.Work != "pub" && f.Work != "conn" {
		add("received", f.Received)
		if !shared(f.Configuration.Topic) {
			add("lost", f.Lost)
			add("duplicated", f.Duplicated)
			add("reordered", f.Reordered)
		}
	}
	add("reconnects", f.Reconnects)
	return append(all, figure{"rate", strconv.FormatFloat(f.Rate, 'f', -1, 64) + "/s"})
}

// described is what was done, in words.
func (f *summary) described() string {
	c := f.Configuration
	parts := []string{fmt.Sprintf("%d %s", c.Clients, map[bool]string{true: "publishers", false: "clients"}[f.Work == "e2e"])}
	if c.Subscribers > 0 {
		parts = append(parts, fmt.Sprintf("%d subscribers", c.Subscribers))
	}
	if f.Work != "conn" {
		parts = append(parts, fmt.Sprintf("QoS %d", c.QoS))
	}
	if f.Work != "conn" && f.Work != "sub" {
		parts = append(parts, fmt.Sprintf("%d bytes", c.Size))
	}
	switch {
	case c.Saturate:
		parts = append(parts, "as fast as it goes")
	case f.Work == "rtt":
		parts = append(parts, "closed loop: one message at a time")
	case c.Rate > 0:
		parts = append(parts, strconv.FormatFloat(c.Rate, 'f', -1, 64)+"/s on a schedule")
	}
	return strings.Join(parts, ", ")
}
