package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// panel is one small picture: a figure by the size of something, a curve for each client.
type panel struct {
	work, unit, figure string
	curves             map[string]plotter.XYs
}

// growing are the panels in the order of the file, and the clients of all.
type growing struct {
	panels  []*panel
	clients []string
}

var growthHeads = []string{"work", "unit", "figure", "client", "size", "value"}

func readGrowth(path string) (*growing, error) {
	_, lines, err := figures(path, "figures of growth", growthHeads...)
	if err != nil {
		return nil, err
	}
	g := &growing{}
	for _, line := range lines {
		if err := g.add(line); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return g, nil
}

func (g *growing) add(line []string) error {
	var at plotter.XY
	for i, to := range []*float64{&at.X, &at.Y} {
		value, err := strconv.ParseFloat(line[4+i], 64)
		if err != nil {
			return err
		}
		if value <= 0 {
			return fmt.Errorf("%s of %s, %s is %v, which has no logarithm", growthHeads[4+i], line[0], line[3], value)
		}
		*to = value
	}
	i := slices.IndexFunc(g.panels, func(p *panel) bool { return p.work == line[0] && p.figure == line[2] })
	if i < 0 {
		i = len(g.panels)
		g.panels = append(g.panels, &panel{line[0], line[1], line[2], map[string]plotter.XYs{}})
	}
	p, client := g.panels[i], line[3]
	if !slices.Contains(g.clients, client) {
		g.clients = append(g.clients, client)
	}
	p.curves[client] = append(p.curves[client], at)
	return nil
}

const (
	across      = 4 // panels beside each other
	panelHeight = 2.4 * vg.Inch
	legendSpace = 0.5 * vg.Inch
)

// growth draws small pictures with logarithmic axes.
func growth(from, to string) error {
	g, err := readGrowth(from)
	if err != nil {
		return err
	}
	down := (len(g.panels) + across - 1) / across
	height := vg.Length(down)*panelHeight + legendSpace
	canvas := vgsvg.NewWith(vgsvg.UseWH(width, height), vgsvg.EmbedFonts(false))
	white(canvas, width, height)
	all := draw.New(canvas)
	legend := plot.NewLegend()
	legend.Top, legend.Left, legend.Padding = true, true, vg.Points(2)
	legend.TextStyle.Font.Variant = "Sans"
	for _, client := range g.clients {
		legend.Add(client, g.line(client, nil))
	}
	legend.Draw(draw.Crop(all, margin, 0, 0, -margin/2))
	for i, p := range g.panels {
		left, top := vg.Length(i%across)*width/across, legendSpace+vg.Length(i/across)*panelHeight
		place := draw.Crop(all, left+margin, left+width/across-margin-width, height-top-panelHeight+margin, -top-margin)
		g.picture(p).Draw(place)
	}
	return save(canvas, to)
}

func (g *growing) line(client string, at plotter.XYs) *plotter.Line {
	colour := colours[slices.Index(g.clients, client)%len(colours)]
	return &plotter.Line{XYs: at, LineStyle: draw.LineStyle{Color: colour, Width: vg.Points(1.5)}}
}

func (g *growing) picture(p *panel) *plot.Plot {
	pic := plot.New()
	pic.Title.Text, pic.X.Label.Text = p.work+"\n"+p.figure, p.unit
	pic.Title.TextStyle.Font.Size, pic.Title.Padding = vg.Points(9), vg.Points(4)
	pic.Add(plotter.NewGrid())
	x, y := span{math.Inf(1), 0}, span{math.Inf(1), 0}
	for _, client := range g.clients {
		curve := p.curves[client]
		for _, at := range curve {
			x, y = x.with(at.X), y.with(at.Y)
		}
		if len(curve) > 0 {
			line := g.line(client, curve)
			dots := &plotter.Scatter{XYs: curve, GlyphStyle: draw.GlyphStyle{Color: line.Color, Radius: vg.Points(2), Shape: draw.CircleGlyph{}}}
			pic.Add(line, dots)
		}
	}
	x.onto(&pic.X)
	y.onto(&pic.Y)
	sans(pic)
	for _, style := range []*vg.Length{&pic.X.Tick.Label.Font.Size, &pic.Y.Tick.Label.Font.Size, &pic.X.Label.TextStyle.Font.Size} {
		*style = vg.Points(8)
	}
	return pic
}

// span is what an axis has to show.
type span struct{ least, most float64 }

func (s span) with(value float64) span { return span{min(s.least, value), max(s.most, value)} }

// onto makes an axis logarithmic, from a power of ten.
func (s span) onto(a *plot.Axis) {
	a.Scale, a.Tick.Marker = plot.LogScale{}, sparse{}
	a.Min = math.Pow10(int(math.Floor(math.Log10(s.least))))
	a.Max = max(s.most*1.1, a.Min*10)
}

// sparse are decades of which each other one is named where there are too many for a small picture.
type sparse struct{}

func (sparse) Ticks(least, most float64) []plot.Tick {
	all := decades{}.Ticks(least, most)
	for i := range all {
		if len(all) > 5 && i%2 > 0 {
			all[i].Label = ""
		}
	}
	return all
}
