// Package picture draws what a terminal shows as SVG, for documents.
package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"strings"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// What the picture measures, in units of its own.
const (
	cellWidth, cellHeight = 8.4, 18
	fontSize              = 14
	baseline              = 13.5 // of a row
	margin                = 14
	titleHeight           = 34
)

const (
	paper = "#14161b" // behind the text
	ink   = "#d5d9e0"
	frame = "#2a2e37"
)

// palette are the sixteen colours that programs name by number.
var palette = [16]string{
	"#2a2e37", "#f0706a", "#8cc265", "#e0b454", "#4a7fd6", "#c678dd", "#46b8c8", "#c4c9d2",
	"#6b7280", "#ff8b85", "#a6d97f", "#f2cc74", "#74a3f0", "#d99aec", "#6cd3e0", "#ffffff",
}

// SVG draws the screen of e in a window with a title. The rows below what a program without a full screen wrote are left out.
func SVG(e *vt.Emulator, title string) []byte {
	var b bytes.Buffer
	width := margin*2 + cellWidth*float64(e.Width())
	rows := e.Height()
	if !e.IsAltScreen() {
		rows = written(e)
	}
	height := titleHeight + margin + cellHeight*float64(rows)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.1f %.1f" width="%.0f" height="%.0f" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", escaped(title))
	fmt.Fprintf(&b, "<style>text{font-family:ui-monospace,'SFMono-Regular',Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:%dpx;white-space:pre}</style>\n", fontSize)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", paper)
	fmt.Fprintf(&b, `<path d="M0 26V8a8 8 0 0 1 8-8H%.1fa8 8 0 0 1 8 8v18z" fill="%s"/>`+"\n", width-8, frame)
	fmt.Fprintf(&b, `<text x="%d" y="18" fill="%s">%s</text>`+"\n", margin, palette[7], escaped("$ "+title))
	for y := range rows {
		drawRow(&b, e, y)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// written is how many rows there are until the last one with something in it.
func written(e *vt.Emulator) int {
	text := strings.TrimRight(e.String(), " \r\n")
	return 1 + strings.Count(text, "\n")
}

// run is a piece of a row that looks the same.
type run struct {
	x, cells int
	text     strings.Builder
	look     look
}

type look struct {
	ink, paper              string
	bold, faint, under, ita bool
}

func drawRow(b *bytes.Buffer, e *vt.Emulator, y int) {
	var r *run
	for x := 0; x < e.Width(); {
		c := e.CellAt(x, y)
		if c == nil || c.Width < 1 {
			c = &uv.EmptyCell
		}
		if l := lookOf(c.Style); r == nil || l != r.look || bar(c.Content) != bar(r.text.String()) {
			r.draw(b, y)
			r = &run{x: x, look: l}
		}
		content := c.Content
		if content == "" {
			content = " "
		}
		r.text.WriteString(content)
		r.cells += c.Width
		x += c.Width
	}
	r.draw(b, y)
}

func (r *run) draw(b *bytes.Buffer, y int) {
	if r == nil {
		return
	}
	x, top, width := margin+cellWidth*float64(r.x), titleHeight+cellHeight*float64(y), cellWidth*float64(r.cells)
	if r.look.paper != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>`+"\n", x, top, width+0.4, cellHeight, r.look.paper) // without a seam to the next
	}
	text := r.text.String()
	if strings.TrimSpace(text) == "" {
		return
	}
	if bar(text) {
		r.drawBars(b, x, top)
		return
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="%s"%s>%s</text>`+"\n",
		x, top+baseline, width, r.look.ink, r.look.attributes(), escaped(text))
}

// drawBars draws the characters of curves by hand: fonts have them of uneven widths and heights, or not at all.
func (r *run) drawBars(b *bytes.Buffer, x, top float64) {
	for _, c := range r.text.String() {
		if n := c - '▁' + 1; n >= 1 && n <= 8 {
			h := float64(cellHeight-2) * float64(n) / 8
			fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, top+cellHeight-1-h, cellWidth-0.8, h, r.look.ink)
		}
		x += cellWidth
	}
}

// bar says whether text is of characters that drawBars draws.
func bar(text string) bool {
	c, _ := utf8.DecodeRuneInString(text)
	return c >= '▁' && c <= '█'
}

func (l look) attributes() (s string) {
	if l.bold {
		s += ` font-weight="bold"`
	}
	if l.faint {
		s += ` opacity="0.6"`
	}
	if l.ita {
		s += ` font-style="italic"`
	}
	if l.under {
		s += ` text-decoration="underline"`
	}
	return s
}

func lookOf(s uv.Style) look {
	l := look{ink: hex(s.Fg, ink), paper: hex(s.Bg, ""), bold: s.Attrs&uv.AttrBold != 0, faint: s.Attrs&uv.AttrFaint != 0,
		ita: s.Attrs&uv.AttrItalic != 0, under: s.Underline != 0}
	if s.Attrs&uv.AttrReverse != 0 {
		l.ink, l.paper = hex(s.Bg, paper), hex(s.Fg, ink)
	}
	return l
}

// hex is a colour as SVG has it.
func hex(c color.Color, without string) string {
	switch c := c.(type) {
	case nil:
		return without
	case ansi.BasicColor:
		return palette[c&15]
	case ansi.IndexedColor:
		if c < 16 {
			return palette[c]
		}
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

func escaped(text string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(text))
	return b.String()
}
