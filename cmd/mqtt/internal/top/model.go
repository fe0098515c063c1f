package top

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/sluicemq/sluice/mqtt"
)

// model is what the screen shows. It has one goroutine, bubbletea's.
type model struct {
	ask func(most int, topic string) *snapshot // may be called from any goroutine

	now     *snapshot // nil before the first
	link    link      // also of a frozen screen it is today's
	rows    []*row    // of now, those that pass the filter, ordered
	order   column
	reverse bool
	frozen  bool

	filter string
	typing bool // the filter

	selected string // topic of the row under the cursor
	held     bool   // the cursor stays with its topic, not with its place
	cursor   int
	first    int // row at the top of the screen

	open   bool // details of the selected topic
	detail *row
	scroll int // line of the details at the top

	help          bool
	width, height int
	failed        error
}

func newModel(ask func(int, string) *snapshot, order column, reverse bool) *model {
	return &model{ask: ask, order: order, reverse: reverse, width: 80, height: 24}
}

// Init asks for the first snapshot.
func (m *model) Init() tea.Cmd { return m.next() }

// Update takes in what happened.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.settle()
	case tick:
		return m, m.next()
	case arrived:
		return m, m.arrive(msg)
	case detailed:
		if msg.snapshot != nil && msg.detail != nil && m.open && msg.detail.topic == m.selected && !m.frozen {
			m.detail = msg.detail
		}
	case tea.KeyPressMsg:
		return m, m.key(msg)
	case tea.PasteMsg:
		if m.typing {
			m.filter += msg.Content
			m.arrange()
		}
	}
	return m, nil
}

// arrive takes in a snapshot, and has the next one come.
func (m *model) arrive(s arrived) tea.Cmd {
	if s.snapshot == nil {
		return tea.Quit
	}
	m.link = s.link
	if s.link.ended {
		if m.failed = s.link.err; m.failed == nil {
			m.failed = mqtt.ErrClosed
		}
		return tea.Quit
	}
	if !m.frozen || s.whole {
		m.now = s.snapshot
		m.arrange()
		m.look(s)
	}
	if s.whole {
		return nil // the others go on as they were
	}
	return soon()
}

// look has open details show what has come.
func (m *model) look(s arrived) {
	switch {
	case !m.open:
	case s.detail != nil && s.detail.topic == m.selected:
		m.detail = s.detail
	case s.whole && len(m.rows) > 0 && m.rows[m.cursor].topic == m.selected:
		m.detail = m.rows[m.cursor]
	}
}

// arrange filters and orders the rows again.
func (m *model) arrange() {
	if m.now == nil {
		return
	}
	m.rows = arrange(m.now.rows, m.order, m.reverse, matcher(m.filter))
	if m.held || m.open {
		if i := slices.IndexFunc(m.rows, func(r *row) bool { return r.topic == m.selected }); i >= 0 {
			m.cursor = i
		}
	}
	m.settle()
}

// settle has the cursor on a row, and that row on the screen.
func (m *model) settle() {
	m.cursor = max(0, min(m.cursor, len(m.rows)-1))
	page := m.page()
	m.first = max(m.cursor-page+1, min(m.first, m.cursor))
	m.first = max(0, min(m.first, len(m.rows)-page))
	if !m.open && m.cursor < len(m.rows) {
		m.selected = m.rows[m.cursor].topic
	}
}

// page is how many rows the screen has room for.
func (m *model) page() int { return max(1, m.height-headLines-1) }

// move puts the cursor elsewhere, where it then stays with its topic. At the very top it doesn't: there it shows who is first.
func (m *model) move(to int) {
	m.cursor = to
	m.settle()
	m.held = m.cursor > 0
}

// inspect opens the details.
func (m *model) inspect() tea.Cmd {
	if len(m.rows) == 0 {
		return nil
	}
	m.open, m.scroll, m.detail = true, 0, m.rows[m.cursor]
	if m.frozen {
		return nil
	}
	topic := m.selected // by another goroutine m isn't to be read
	return func() tea.Msg { return detailed{m.ask(0, topic)} }
}
