// Command draw makes a picture of figures: of the samples that a flood has left, how much memory the client process had, and its
// bound; of clients side by side, their rates; and how these and memory grow with the size of something.
//
// It is a program of its own so that the library that it draws with takes no memory in the processes that are measured.
package main

import (
	"fmt"
	"image/color"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

func main() {
	if len(os.Args) != 4 || kinds[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "usage: draw KIND FIGURES.csv PICTURE.svg; kinds are %s\n", strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
		os.Exit(2)
	}
	if err := kinds[os.Args[1]](os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "draw:", err)
		os.Exit(1)
	}
}

// kinds are the pictures. Each reads figures from one file, and writes another.
var kinds = map[string]func(from, to string) error{"flood": run, "bars": bars, "growth": growth}

func run(from, to string) error {
	all, err := read(from)
	if err != nil {
		return err
	}
	highest := 0.0 // one scale for all
	for _, f := range all {
		for _, column := range []string{"bound", "resident"} {
			for _, at := range f.columns[column] {
				highest = max(highest, at.Y/(1<<20))
			}
		}
	}
	canvas := vgsvg.NewWith(vgsvg.UseWH(width, height), vgsvg.EmbedFonts(false))
	white(canvas, width, height)
	for i, f := range all {
		memory, messages := f.pictures()
		memory.Y.Max = highest * 1.05
		column := draw.New(canvas)
		column = draw.Crop(column, margin+vg.Length(i)*width/2, -margin+vg.Length(i-len(all)+1)*width/2, margin, -margin)
		memory.Draw(draw.Crop(column, 0, 0, height*2/5, 0))
		messages.Draw(draw.Crop(column, 0, 0, 0, -height*3/5-margin))
	}
	return save(canvas, to)
}

func save(canvas *vgsvg.Canvas, to string) error {
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(file); err != nil {
		return err
	}
	return file.Close()
}

const (
	width, height = 12 * vg.Inch, 6 * vg.Inch
	margin        = vg.Inch / 8
)

// white lies behind the picture, for readers whose page is dark.
func white(c vg.Canvas, width, height vg.Length) {
	c.SetColor(color.White)
	var p vg.Path
	p.Move(vg.Point{})
	p.Line(vg.Point{X: width})
	p.Line(vg.Point{X: width, Y: height})
	p.Line(vg.Point{Y: height})
	p.Close()
	c.Fill(p)
}

// flood is what one version of MQTT went through: by the name of a column, its values over time.
type flood struct {
	version string
	columns map[string]plotter.XYs
}

func read(path string) (all []*flood, err error) {
	heads, lines, err := figures(path, "samples of a flood", "version", "seconds")
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		if len(all) == 0 || all[len(all)-1].version != line[0] {
			all = append(all, &flood{line[0], map[string]plotter.XYs{}})
		}
		if err := all[len(all)-1].add(heads, line); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (f *flood) add(names, line []string) error {
	seconds, err := strconv.ParseFloat(line[1], 64)
	if err != nil {
		return err
	}
	for i := 2; i < len(names); i++ {
		value, err := strconv.ParseFloat(line[i], 64)
		if err != nil {
			return err
		}
		f.columns[names[i]] = append(f.columns[names[i]], plotter.XY{X: seconds, Y: value})
	}
	return nil
}

// curve is one line of a picture.
type curve struct {
	column, name string
	color        color.Color
	dashes       []vg.Length
}

var (
	blue   = color.RGBA{0x1f, 0x77, 0xb4, 0xff}
	green  = color.RGBA{0x2c, 0xa0, 0x2c, 0xff}
	orange = color.RGBA{0xff, 0x7f, 0x0e, 0xff}
	red    = color.RGBA{0xd6, 0x27, 0x28, 0xff}
)

func (f *flood) pictures() (memory, messages *plot.Plot) {
	memory = f.picture("Memory of the client process, MQTT "+f.version, "MiB", 1<<20, []curve{
		{"bound", "bound, from Config", red, []vg.Length{vg.Points(6), vg.Points(3)}},
		{"resident", "resident", blue, nil},
		{"live", "alive on the heap", green, nil},
	})
	messages = f.picture("", "million messages", 1e6, []curve{
		{"received", "received", blue, nil},
		{"dropped", "QoS 0 dropped", orange, nil},
		{"taken", "taken", green, nil},
	})
	messages.X.Label.Text = "seconds"
	return memory, messages
}

func (f *flood) picture(title, unit string, scale float64, curves []curve) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = title, unit
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.Title.Padding = vg.Points(6)
	p.Add(plotter.NewGrid())
	for _, c := range curves {
		values := slices.Clone(f.columns[c.column])
		for i := range values {
			values[i].Y /= scale
		}
		p.Add(&plotter.Line{XYs: values, LineStyle: draw.LineStyle{Color: c.color, Width: vg.Points(1.2), Dashes: c.dashes}})
		p.Legend.Add(c.name, &plotter.Line{LineStyle: draw.LineStyle{Color: c.color, Width: vg.Points(1.2), Dashes: c.dashes}})
	}
	p.X.Min, p.Y.Min = 0, 0
	p.Y.Max *= 1.05
	p.Legend.Top, p.Legend.Left, p.Legend.XOffs, p.Legend.YOffs = true, true, vg.Points(6), -vg.Points(14) // below the bound
	p.Legend.Padding = vg.Points(2)
	sans(p)
	return p
}

// sans is the font that viewers have in the widths that a picture was laid out with.
func sans(p *plot.Plot) {
	for _, style := range []*font.Font{&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font,
		&p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font} {
		style.Variant = "Sans"
	}
}
