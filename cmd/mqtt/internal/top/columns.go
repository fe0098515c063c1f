package top

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// shape is how wide the columns are; 0: there is no room for one.
type shape struct {
	widths [columns]int
	curve  int
}

var titleNames = [columns]string{"TOPIC", "VALUE", "AGE", "RATE/s", "SIZE", "RET", "QOS"}

// onScreen is the order of the columns on the screen.
var onScreen = []column{byTopic, byValue, byAge, byRate, bySize, byRetained, byQoS}

// leastText is what topic and value need; before they get less, other columns go.
const leastText = 40

// gap is between columns.
const gap = 2

// shape shares out the width. A topic gets what it needs, up to half of what is left.
func (m *model) shape() shape {
	s := shape{widths: [columns]int{byAge: 5, byRate: 8, bySize: 7, byRetained: 5, byQoS: 5}, curve: pastSeconds}
	room := func() int {
		n := m.width - gap
		for _, c := range onScreen[2:] {
			if s.widths[c] > 0 {
				n -= s.widths[c] + gap
			}
		}
		if s.curve > 0 {
			n -= s.curve + gap
		}
		return n
	}
	if room() < leastText {
		s.curve = 0
	}
	for _, c := range []column{byQoS, byRetained, bySize, byAge, byRate} {
		if room() >= leastText {
			break
		}
		s.widths[c] = 0
	}
	left := max(room(), 2)
	longest := len(titleNames[byTopic]) + 2
	for _, r := range m.rows[min(m.first, len(m.rows)):min(len(m.rows), m.first+m.page())] {
		longest = max(longest, ansi.StringWidth(app.Printable(r.topic)))
	}
	s.widths[byTopic] = min(longest, left/2)
	s.widths[byValue] = left - s.widths[byTopic]
	return s
}

// titleView names the columns; the one that orders has an arrow.
func (m *model) titleView(s shape) string {
	var line strings.Builder
	for _, c := range onScreen {
		if s.widths[c] == 0 {
			continue
		}
		name, style := titleNames[c], titles
		if c == m.order {
			name, style = name+"▼", ordering
			if m.reverse {
				name = titleNames[c] + "▲"
			}
		}
		line.WriteString(style.Render(fit(name, s.widths[c], right(c))) + titles.Render("  "))
	}
	text := line.String()
	return text + titles.Render(strings.Repeat(" ", max(0, m.width-ansi.StringWidth(text))))
}

// right says whether a column stands at its right side.
func right(c column) bool { return c == byAge || c == byRate || c == bySize }

// rowView is a topic as a line.
func (m *model) rowView(s shape, r *row, cursor bool) string {
	part := r.value[:min(len(r.value), utf8.UTFMax*(m.width+1))] // fills the line, whatever its characters are
	whole := len(part) == r.size
	value, binary := oneLine(part, whole)
	if !whole {
		value += "…"
	}
	cells := [columns]string{app.Printable(r.topic), value, age(m.now.at.Sub(r.last)), rate(r.rate), quantity(float64(r.size), ""), "", string('0' + rune(r.qos))}
	if r.retained {
		cells[byRetained] = "yes"
	}
	var line strings.Builder
	for _, c := range onScreen {
		if s.widths[c] == 0 {
			continue
		}
		text := fit(cells[c], s.widths[c], right(c))
		if !cursor {
			text = m.dress(c, r, binary, text)
		}
		line.WriteString(text + "  ")
	}
	if s.curve > 0 {
		text := curve(r.past[:])
		if !cursor {
			text = drawn.Render(text)
		}
		line.WriteString(text)
	}
	if !cursor {
		return line.String()
	}
	return under.Render(fit(line.String(), m.width, false))
}

// dress gives a cell its colour.
func (m *model) dress(c column, r *row, binary bool, text string) string {
	switch {
	case c == byValue && (binary || r.size == 0), c == byQoS && r.qos == 0, c == byRate && r.rate == 0:
		return faint.Render(text)
	case c == byRetained:
		return notable.Render(text)
	}
	return text
}

// fit makes text exactly as wide as asked; where it is too long, its end is missing.
func fit(text string, width int, right bool) string {
	text = ansi.Truncate(text, width, "…")
	space := strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
	if right {
		return space + text
	}
	return text + space
}
