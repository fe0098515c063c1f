package main

import (
	"fmt"
	"strings"
)

func tableHead(b *strings.Builder, heads []string) {
	tableRow(b, heads)
	fmt.Fprintf(b, "| --- |%s\n", strings.Repeat(" ---: |", len(heads)-1))
}

func tableRow(b *strings.Builder, cells []string) {
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

func orDash(c cell, text string) string {
	if c.why != "" {
		return "-"
	}
	return text
}

// figure has three digits, and commas between thousands.
func figure(f float64) string {
	switch {
	case f < 0.005:
		return "0"
	case f < 10:
		return fmt.Sprintf("%.2f", f)
	case f < 100:
		return fmt.Sprintf("%.1f", f)
	}
	step := 1.0
	for f/step >= 1000 {
		step *= 10
	}
	text := fmt.Sprintf("%.0f", float64(int(f/step+0.5))*step)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func ratio(a, b cell, text func(float64) string) string {
	if a.why != "" || b.why != "" || b.rate == 0 {
		return "-"
	}
	return text(a.rate / b.rate)
}

// timed are the measurements that have a rate.
func timed(all []measurement) (some []measurement) {
	for _, m := range all {
		if m.row.order.Work != "idle" {
			some = append(some, m)
		}
	}
	return some
}

// best is the fastest of some cells.
func best(cells []cell, of []int) (b cell) {
	b.why = "nobody else does it"
	for _, i := range of {
		if c := cells[i]; c.why == "" && c.rate > b.rate {
			b = c
		}
	}
	return b
}

func (d *document) indexOf(name string) int {
	for i, c := range d.candidates {
		if c.name == name {
			return i
		}
	}
	return -1
}

// goPeers are the clients beside Sluice that a Go program can choose.
func (d *document) goPeers() (all []int) {
	for i, c := range d.candidates {
		if c.kind == inGo && c.name != "sluice" {
			all = append(all, i)
		}
	}
	return all
}
