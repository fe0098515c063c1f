package main

import (
	"fmt"
	"math"
	"strings"
)

// grown is a growth that was measured.
type grown struct {
	growth
	points []measurement
}

// column is one figure of each client in the table of a growth. A figure of zero isn't known.
type column struct {
	title  string
	figure func(c cell, size int) float64
	cost   func(figure float64) float64 // of one message, or of one of the units; nil: the figure itself
	all    bool                         // it is of all units together
}

var (
	rate     = column{title: "messages a second", figure: func(c cell, _ int) float64 { return c.rate }, cost: func(f float64) float64 { return 1 / f }}
	cpu      = column{title: "CPU of a message, µs", figure: func(c cell, _ int) float64 { return c.CPU * 1e6 }}
	peak     = column{title: "MiB of the process, at most", figure: func(c cell, _ int) float64 { return c.Peak / (1 << 20) }, all: true}
	made     = column{title: "µs to make one", figure: func(c cell, size int) float64 { return c.Connect * 1e6 / float64(size) }}
	held     = column{title: "bytes of one, before its first message", figure: func(c cell, _ int) float64 { return c.Bytes }}
	first    = column{title: "µs for the first message of one", figure: func(c cell, _ int) float64 { return c.First * 1e6 }}
	heldUsed = column{title: "bytes of one that has received", figure: func(c cell, _ int) float64 { return c.Used }}
)

// columns are those of the table.
func (g growth) columns() []column { return append([]column{rate, cpu}, g.weighs...) }

// curve is what one client shows in one column: a figure for each size, or zero.
func (g grown) curve(c column, client int) (figures []float64) {
	for i, p := range g.points {
		f := 0.0
		if p.cells[client].why == "" {
			f = c.figure(p.cells[client], g.sizes[i])
		}
		figures = append(figures, f)
	}
	return figures
}

// wholes are the costs that figures mean: of a message of this size, or of a message, or something else, for each of the units.
func (g grown) wholes(c column, figures []float64) (costs []float64) {
	for i, f := range figures {
		if f != 0 && c.cost != nil {
			f = c.cost(f)
		}
		if !c.all && !g.parts {
			f *= float64(g.sizes[i])
		}
		costs = append(costs, f)
	}
	return costs
}

// exponent is how the cost of all grows from the last size but one that has a figure to the last: 1 when it is as many times as
// much as there are more units, 2 when it is the square of that. Not known: NaN.
func exponent(sizes []int, costs []float64) float64 {
	last := -1
	for i := len(costs) - 1; i >= 0; i-- {
		switch {
		case costs[i] == 0:
		case last < 0:
			last = i
		default:
			return math.Log(costs[last]/costs[i]) / math.Log(float64(sizes[last])/float64(sizes[i]))
		}
	}
	return math.NaN()
}

// linear is the exponent up to which a cost counts as growing in proportion; what is above may also come from caches that are full.
const linear = 1.1

func verdict(exponent float64) string {
	exponent = math.Round(100*exponent)/100 + 0 // no negative zero
	switch {
	case math.IsNaN(exponent):
		return "-"
	case exponent > linear:
		return fmt.Sprintf("%.2f: **more than in proportion**", exponent)
	}
	return fmt.Sprintf("%.2f", exponent)
}

// beside gives figures with what each unit costs, as a multiple of what it costs at the first size.
func (g grown) beside(figures, costs []float64) (texts []string) {
	one := 0.0
	for i, f := range figures {
		if f == 0 {
			texts = append(texts, "-")
			continue
		}
		each := costs[i] / float64(g.sizes[i])
		if one == 0 {
			one = each
		}
		texts = append(texts, fmt.Sprintf("%s (%.2g)", figure(f), each/one))
	}
	return texts
}

const growthNote = "How costs grow with the number that the table begins with. In brackets is what each of these costs (for the rate: in time), " +
	"as a multiple of the first row: 1 means in proportion, less is better. Where a message isn't made of them, that is a message for each. " +
	"The last row is the exponent of the whole cost between the last two sizes; above %g the table says so."

// growths writes the tables of how costs grow.
func (d *document) growths(b *strings.Builder) {
	if len(d.grown) == 0 {
		return
	}
	fmt.Fprintf(b, "## Growth\n\n"+growthNote+"\n\n", linear)
	for _, g := range d.grown {
		fmt.Fprintf(b, "### %s\n\n", strings.ToUpper(g.name[:1])+g.name[1:])
		heads, lines := []string{g.unit}, g.labelled()
		for _, column := range g.columns() {
			for i, client := range d.growers {
				figures := g.curve(column, i)
				costs := g.wholes(column, figures)
				slope := exponent(g.sizes, costs)
				if !known(figures) {
					continue
				}
				heads = append(heads, column.title+", "+client.title)
				for k, text := range append(g.beside(figures, costs), verdict(slope)) {
					lines[k] = append(lines[k], text)
				}
			}
		}
		d.leftBehind(g, &heads, lines)
		tableHead(b, heads)
		for _, line := range lines {
			tableRow(b, line)
		}
		b.WriteByte('\n')
	}
}

// labelled are the lines of the table, with their first cells.
func (g grown) labelled() (lines [][]string) {
	for _, p := range g.points {
		lines = append(lines, []string{strings.TrimPrefix(p.row.name, g.name+": ")})
	}
	return append(lines, []string{"exponent"})
}

// leftBehind adds the goroutines of Sluice's process, before the client was made and after it had ended.
func (d *document) leftBehind(g grown, heads *[]string, lines [][]string) {
	for i, client := range d.growers {
		if client.name != "sluice" {
			continue
		}
		*heads = append(*heads, "goroutines before and after, "+client.title)
		for k, p := range g.points {
			c := p.cells[i]
			lines[k] = append(lines[k], orDash(c, fmt.Sprintf("%d → %d", c.Before, c.After)))
		}
		lines[len(g.points)] = append(lines[len(g.points)], "")
	}
}

func known(figures []float64) bool {
	for _, f := range figures {
		if f != 0 {
			return true
		}
	}
	return false
}
