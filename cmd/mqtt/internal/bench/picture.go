package bench

import (
	"bytes"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

var (
	blue   = color.RGBA{0x1f, 0x77, 0xb4, 0xff}
	orange = color.RGBA{0xff, 0x7f, 0x0e, 0xff}
	red    = color.RGBA{0xd6, 0x27, 0x28, 0xff}
	grey   = color.Gray{0xdd}
)

// line is one figure over time.
type line struct {
	name  string
	color color.Color
	of    func(second) float64
}

// picture draws the rates above the latencies, a point each second, as SVG.
func (f *summary) picture() ([]byte, error) {
	per := func(n func(second) int64) func(second) float64 {
		return func(s second) float64 { return float64(n(s)) / s.Length }
	}
	var rates []line
	if f.Work != "sub" {
		rates = append(rates, line{"offered", blue, per(func(s second) int64 { return s.Offered })},
			line{"acknowledged", orange, per(func(s second) int64 { return s.Acknowledged })})
	}
	if f.Work != "pub" && f.Work != "conn" {
		rates = append(rates, line{"received", red, per(func(s second) int64 { return s.Received })})
	}
	above, err := f.chart("mqtt bench "+f.Work+": "+f.described(), "a second", rates)
	if err != nil {
		return nil, err
	}
	ms := func(us func(second) float64) func(second) float64 {
		return func(s second) float64 { return us(s) / 1000 }
	}
	below, err := f.chart("latency "+f.Latency.What, "ms", []line{
		{"p50", blue, ms(func(s second) float64 { return s.P50 })},
		{"p99", orange, ms(func(s second) float64 { return s.P99 })},
		{"max", red, ms(func(s second) float64 { return s.Max })},
	})
	if err != nil {
		return nil, err
	}
	below.X.Label.Text = "seconds"
	return drawn([][]*plot.Plot{{above}, {below}})
}

func drawn(charts [][]*plot.Plot) ([]byte, error) {
	canvas := vgsvg.New(9*vg.Inch, 6*vg.Inch)
	tiles := draw.Tiles{Rows: len(charts), Cols: 1, PadTop: 6, PadBottom: 6, PadLeft: 6, PadRight: 12, PadY: 12}
	for i, row := range plot.Align(charts, tiles, draw.New(canvas)) {
		charts[i][0].Draw(row[0])
	}
	var b bytes.Buffer
	_, err := canvas.WriteTo(&b)
	return b.Bytes(), err
}

// chart has the lines over the same seconds. What is too short for a line shows as points.
func (f *summary) chart(title, unit string, lines []line) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.Title.TextStyle.Font.Size = title, 11
	p.Y.Label.Text, p.Y.Min, p.X.Min = unit, 0, 0
	p.Legend.Top = true
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = grey, grey
	p.Add(grid)
	for _, l := range lines {
		points := plotter.XYs{}
		for _, s := range f.Intervals {
			if s.Length > minInterval {
				points = append(points, plotter.XY{X: s.At, Y: l.of(s)})
			}
		}
		if len(points) == 0 {
			continue
		}
		drawn, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		drawn.Color, dots.Color, dots.Shape, dots.Radius = l.color, l.color, draw.CircleGlyph{}, 1.5
		p.Add(drawn, dots)
		p.Legend.Add(l.name, drawn, dots)
	}
	p.Y.Max *= 1.15 // for the legend
	return p, nil
}

// minInterval is the shortest rest of a second, in seconds, that a rate is drawn of.
const minInterval = 0.05
