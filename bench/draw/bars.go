package main

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// rates are messages a second, by work and client, in the order of the file.
type rates struct {
	works, clients []string
	of             map[[2]string]float64
}

func readRates(path string) (*rates, error) {
	_, lines, err := figures(path, "rates", "work", "client", "rate")
	if err != nil {
		return nil, err
	}
	r := &rates{of: map[[2]string]float64{}}
	for _, line := range lines {
		rate, err := strconv.ParseFloat(line[2], 64)
		if err != nil {
			return nil, err
		}
		if rate <= 0 {
			return nil, fmt.Errorf("%s: %s has a rate of %v at %s", path, line[1], rate, line[0])
		}
		if !slices.Contains(r.works, line[0]) {
			r.works = append(r.works, line[0])
		}
		if !slices.Contains(r.clients, line[1]) {
			r.clients = append(r.clients, line[1])
		}
		r.of[[2]string{line[0], line[1]}] = rate
	}
	return r, nil
}

// colours are those of clients, in their order.
var colours = []color.Color{
	color.Gray{0xb4}, blue, orange, green, red,
	color.RGBA{0x94, 0x67, 0xbd, 0xff}, color.RGBA{0x8c, 0x56, 0x4b, 0xff}, color.RGBA{0xe3, 0x77, 0xc2, 0xff},
}

const (
	barHeight, barGap = 6.0, 7.0 // in points: of one client, and between two works
	legendWidth       = 2.6 * vg.Inch
)

// bars draws the rates of several clients in groups, one for each work, on a logarithmic scale.
func bars(from, to string) error {
	r, err := readRates(from)
	if err != nil {
		return err
	}
	p := plot.New()
	p.Title.Text, p.X.Label.Text = "Messages a second (logarithmic)", ""
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, decades{}
	p.X.Min, p.X.Max = r.extent()
	p.Y.Min, p.Y.Max = 0, float64(len(r.works))
	p.Y.Tick.Marker = plot.ConstantTicks(r.labels())
	p.Y.Tick.Length, p.Y.LineStyle.Width, p.Y.Padding = 0, 0, vg.Points(20) // for viewers whose font is wider
	grid := plotter.NewGrid()
	grid.Horizontal.Width = 0
	p.Add(grid, r)
	sans(p)
	legend := plot.NewLegend()
	legend.Top, legend.Left, legend.Padding = true, true, vg.Points(3)
	legend.TextStyle.Font.Variant = "Sans"
	for i, client := range r.clients {
		legend.Add(client, swatch{colours[i%len(colours)]})
	}
	height := vg.Points(float64(len(r.works))*(barHeight*float64(len(r.clients))+barGap)) + vg.Inch
	canvas := vgsvg.NewWith(vgsvg.UseWH(width, height), vgsvg.EmbedFonts(false))
	white(canvas, width, height)
	all := draw.Crop(draw.New(canvas), margin, -margin, margin, -margin)
	p.Draw(draw.Crop(all, 0, -legendWidth, 0, 0))
	legend.Draw(draw.Crop(all, width-2*margin-legendWidth, 0, 0, -vg.Inch/3))
	return save(canvas, to)
}

// extent is from the power of ten below all rates to the one above.
func (r *rates) extent() (least, most float64) {
	least, most = math.Inf(1), 0
	for _, rate := range r.of {
		least, most = min(least, rate), max(most, rate)
	}
	return math.Pow10(int(math.Floor(math.Log10(least)))), math.Pow10(int(math.Ceil(math.Log10(most * 1.01))))
}

// labels name the works, the first one on top.
func (r *rates) labels() (all []plot.Tick) {
	for i, work := range r.works {
		all = append(all, plot.Tick{Value: float64(len(r.works)-i) - 0.5, Label: work})
	}
	return all
}

// Plot draws the bars (plot.Plotter).
func (r *rates) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, work := range r.works {
		middle := y(float64(len(r.works)-i) - 0.5)
		top := middle + vg.Points(barHeight*float64(len(r.clients))/2)
		for k, client := range r.clients {
			if rate, measured := r.of[[2]string{work, client}]; measured {
				at := top - vg.Points(barHeight*float64(k))
				box(c, colours[k%len(colours)], c.Min.X, at-vg.Points(barHeight-1), x(rate), at)
			}
		}
	}
}

// box fills a rectangle.
func box(c draw.Canvas, colour color.Color, left, bottom, right, top vg.Length) {
	c.FillPolygon(colour, []vg.Point{{X: left, Y: bottom}, {X: right, Y: bottom}, {X: right, Y: top}, {X: left, Y: top}})
}

// swatch stands for a client in the legend.
type swatch struct{ colour color.Color }

func (s swatch) Thumbnail(c *draw.Canvas) { box(*c, s.colour, c.Min.X, c.Min.Y, c.Max.X, c.Max.Y) }

// decades are the powers of ten, in words.
type decades struct{}

func (decades) Ticks(least, most float64) (all []plot.Tick) {
	for value := least; value <= most*1.001; value *= 10 {
		label := fmt.Sprintf("%.0f", value)
		switch {
		case value >= 1e6:
			label = fmt.Sprintf("%.0f million", value/1e6)
		case value >= 1e3:
			label = fmt.Sprintf("%.0f,000", value/1e3)
		}
		all = append(all, plot.Tick{Value: value, Label: label})
	}
	return all
}
