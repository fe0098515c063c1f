package top

import (
	"strconv"

	tea "charm.land/bubbletea/v2"
)

// key does what a key is for.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	switch key := k.String(); {
	case key == "ctrl+c", key == "q" && !m.typing:
		return tea.Quit
	case key == "ctrl+z":
		return tea.Suspend
	case key == "ctrl+l":
		return tea.ClearScreen
	case m.help:
		m.help = false
		return nil
	case m.typing:
		m.edit(k)
		return nil
	case key == "?":
		m.help = true
		return nil
	case key == "space":
		return m.freeze()
	case m.open:
		m.detailKey(key)
		return nil
	default:
		return m.tableKey(key)
	}
}

func (m *model) freeze() tea.Cmd {
	if m.frozen = !m.frozen; m.frozen {
		return m.wholly
	}
	return nil
}

func (m *model) tableKey(key string) tea.Cmd {
	switch key {
	case "/":
		m.typing = true
	case "esc":
		m.filter = ""
		m.arrange()
	case "enter":
		return m.inspect()
	case "r":
		m.reverse = !m.reverse
		m.arrange()
	case "<", "left":
		m.sort((m.order + columns - 1) % columns)
	case ">", "right":
		m.sort((m.order + 1) % columns)
	case "1", "2", "3", "4", "5", "6", "7":
		n, _ := strconv.Atoi(key)
		m.sort(column(n - 1))
	default:
		if to, ok := scrolled(key, m.cursor, m.page(), len(m.rows)); ok {
			m.move(to)
		}
	}
	return nil
}

// sort orders by a column. The same one again turns it round.
func (m *model) sort(c column) {
	m.reverse = c == m.order && !m.reverse
	m.order = c
	m.arrange()
}

func (m *model) detailKey(key string) {
	switch key {
	case "esc", "enter", "backspace":
		m.open, m.detail = false, nil
		m.arrange()
	default:
		lines := len(m.detailLines())
		if to, ok := scrolled(key, m.scroll, m.detailPage(), lines); ok {
			m.scroll = max(0, min(to, lines-m.detailPage()))
		}
	}
}

// scrolled says where a key that moves leads from at.
func scrolled(key string, at, page, lines int) (to int, ok bool) {
	switch key {
	case "up", "k":
		return at - 1, true
	case "down", "j":
		return at + 1, true
	case "pgup", "ctrl+b":
		return at - page, true
	case "pgdown", "ctrl+f":
		return at + page, true
	case "home", "g":
		return 0, true
	case "end", "G", "shift+g":
		return lines - 1, true
	}
	return 0, false
}

// edit takes a key into the filter, which holds at once.
func (m *model) edit(k tea.KeyPressMsg) {
	switch key := k.String(); key {
	case "enter":
		m.typing = false
	case "esc":
		m.typing, m.filter = false, ""
	case "backspace":
		if letters := []rune(m.filter); len(letters) > 0 {
			m.filter = string(letters[:len(letters)-1])
		}
	case "ctrl+u":
		m.filter = ""
	default:
		m.filter += k.Text
	}
	m.arrange()
}
