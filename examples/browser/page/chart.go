//go:build js

package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"syscall/js"

	"github.com/sluicemq/sluice/mqtt"
)

const (
	points = 240 // values that are shown
	lines  = 4   // of the grid
	margin = 44.0
)

// chart draws the newest values of a topic.
type chart struct {
	canvas, context js.Value
	values          []float64
}

func newChart() *chart {
	canvas := element("chart")
	c := &chart{canvas: canvas, context: canvas.Call("getContext", "2d")}
	listen(js.Global(), "resize", func(js.Value) { c.draw() })
	return c
}

func (c *chart) run(values *mqtt.Stream) {
	for m := range values.Messages() {
		count()
		value, err := strconv.ParseFloat(strings.TrimSpace(string(m.Payload)), 64)
		if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
			continue
		}
		if len(c.values) == points {
			c.values = slices.Delete(c.values, 0, 1)
		}
		c.values = append(c.values, value)
		show("value", fmt.Sprintf("%.1f", value))
		c.draw()
	}
}

// draw begins anew, in the pixels of the screen.
func (c *chart) draw() {
	scale := js.Global().Get("devicePixelRatio").Float()
	width, height := c.canvas.Get("clientWidth").Float(), c.canvas.Get("clientHeight").Float()
	c.canvas.Set("width", width*scale) // which also clears it
	c.canvas.Set("height", height*scale)
	c.context.Call("scale", scale, scale)
	if len(c.values) < 2 {
		return
	}
	low, high := bounds(c.values)
	x := func(i int) float64 { return margin + (width-margin-8)*float64(i)/float64(points-1) }
	y := func(v float64) float64 { return 10 + (height-24)*(high-v)/(high-low) }
	c.grid(width, low, high, y)
	c.line(x, y, height)
}

// bounds leave some room around the values.
func bounds(values []float64) (low, high float64) {
	low, high = slices.Min(values), slices.Max(values)
	room := max((high-low)*0.15, 0.5)
	return low - room, high + room
}

func (c *chart) grid(width, low, high float64, y func(float64) float64) {
	c.context.Set("font", "11px system-ui, sans-serif")
	c.context.Set("textAlign", "right")
	c.context.Set("textBaseline", "middle")
	for i := range lines {
		v := low + (high-low)*(float64(i)+0.5)/lines
		c.context.Set("fillStyle", "#7d8da1")
		c.context.Call("fillText", fmt.Sprintf("%.1f", v), margin-8, y(v))
		c.context.Set("fillStyle", "#2a3646")
		c.context.Call("fillRect", margin, math.Round(y(v)), width-margin, 1)
	}
}

func (c *chart) line(x func(int) float64, y func(float64) float64, height float64) {
	first := points - len(c.values) // the newest is at the right
	c.context.Call("beginPath")
	for i, v := range c.values {
		c.context.Call("lineTo", x(first+i), y(v))
	}
	c.context.Set("strokeStyle", "#38d6b4")
	c.context.Set("lineWidth", 2)
	c.context.Set("lineJoin", "round")
	c.context.Call("stroke")

	c.context.Call("lineTo", x(points-1), height)
	c.context.Call("lineTo", x(first), height)
	fade := c.context.Call("createLinearGradient", 0, 0, 0, height)
	fade.Call("addColorStop", 0, "rgba(56, 214, 180, 0.35)")
	fade.Call("addColorStop", 1, "rgba(56, 214, 180, 0)")
	c.context.Set("fillStyle", fade)
	c.context.Call("fill")

	c.context.Call("beginPath")
	c.context.Call("arc", x(points-1), y(c.values[len(c.values)-1]), 4, 0, 2*math.Pi)
	c.context.Set("fillStyle", "#eafff9")
	c.context.Call("fill")
}
