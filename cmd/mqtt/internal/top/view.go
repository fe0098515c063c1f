package top

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// headLines are those above the rows: the connection, the sums, the names of the columns.
const headLines = 3

// Colours are the sixteen that the terminal's owner has chosen.
var (
	bold     = lipgloss.NewStyle().Bold(true)
	faint    = lipgloss.NewStyle().Faint(true)
	good     = lipgloss.NewStyle().Foreground(lipgloss.Green)
	bad      = lipgloss.NewStyle().Foreground(lipgloss.Red).Bold(true)
	notable  = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	drawn    = lipgloss.NewStyle().Foreground(lipgloss.Cyan)
	titles   = lipgloss.NewStyle().Reverse(true)
	ordering = titles.Bold(true)
	under    = lipgloss.NewStyle().Background(lipgloss.Blue).Foreground(lipgloss.BrightWhite) // the cursor
)

// View draws all of the screen.
func (m *model) View() tea.View {
	var lines []string
	switch {
	case m.help:
		lines = strings.Split(helpText, "\n")
	case m.open:
		lines = m.detailView()
	default:
		lines = m.tableView()
	}
	foot := m.foot()
	lines = lines[:min(len(lines), max(0, m.height-1))]
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	lines = append(lines, foot)
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, m.width, "")
	}
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	v.WindowTitle = "mqtt top " + app.Printable(m.link.server)
	return v
}

func (m *model) foot() string {
	switch {
	case m.typing:
		return bold.Render("/") + app.Printable(m.filter) + titles.Render(" ") + faint.Render("  text, or a filter with + and #; enter keeps it, esc drops it")
	case m.help:
		return faint.Render("any key goes back")
	case m.open:
		return faint.Render("esc back   up/down scroll   space freeze   q quit")
	}
	return faint.Render("? help   / filter   space freeze   enter details   < > r order   q quit")
}

// tableView is the head and the rows.
func (m *model) tableView() []string {
	lines := m.headView()
	shape := m.shape()
	lines = append(lines, m.titleView(shape))
	if m.now == nil {
		return lines
	}
	for i, r := range m.rows[m.first:min(len(m.rows), m.first+m.page())] {
		lines = append(lines, m.rowView(shape, r, m.first+i == m.cursor))
	}
	return lines
}

// headView says how the connection stands, and the sums.
func (m *model) headView() []string {
	lines := []string{bold.Render("mqtt top") + "  " + app.Printable(m.link.server) + "  " + m.linkView(time.Now())}
	if m.now == nil {
		return append(lines, "")
	}
	s := m.now
	sums := counted(len(s.rows), "topic")
	if m.filter != "" {
		sums = fmt.Sprintf("%d of %s", len(m.rows), sums) + "  " + notable.Render("filter "+app.Printable(m.filter))
	}
	sums += fmt.Sprintf("  %s messages/s  %s  %s", rate(s.rate), quantity(s.volume, "B/s"), counted(s.messages, "message"))
	if s.forgotten > 0 {
		sums += "  " + notable.Render(counted(s.forgotten, "topic")+" forgotten")
	}
	if m.frozen {
		sums = ordering.Render(" frozen "+s.at.Format("15:04:05")+" ") + "  " + sums
	}
	return append(lines, sums)
}

// linkView is how the connection stands, in words.
func (m *model) linkView(now time.Time) string {
	l := m.link
	if l.up {
		text := good.Render("connected")
		if l.losses > 0 {
			text += faint.Render(fmt.Sprintf(" for %s, lost %s before", age(now.Sub(l.since)), times(l.losses)))
		}
		return text
	}
	if l.since.IsZero() {
		return ""
	}
	text := bad.Render("connection lost") + " " + age(now.Sub(l.since)) + " ago"
	if wait := l.next.Sub(now); l.attempt > 0 && wait > 0 {
		text += fmt.Sprintf(", reconnecting in %s (attempt %d)", age(wait), l.attempt)
	} else if l.attempt > 0 {
		text += fmt.Sprintf(", reconnecting (attempt %d)", l.attempt)
	}
	if l.err != nil {
		text += ": " + app.Printable(l.err.Error())
	}
	return text
}

// counted is a number of things.
func counted[N int | uint64](n N, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// rate is messages a second in few letters.
func rate(n float64) string {
	if n > 0.05 && n < 100 {
		return fmt.Sprintf("%.1f", n)
	}
	return quantity(n, "")
}
