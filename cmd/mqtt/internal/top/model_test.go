package top

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/require"
)

// watched is a model that is told of a table, without a terminal.
type watched struct {
	*testing.T
	*model
	table *table
	link  link
}

func watch(t *testing.T) *watched {
	w := &watched{T: t, table: newTable(time.Now(), 1000), link: link{server: "mqtt://host", up: true, since: time.Now()}}
	w.model = newModel(func(most int, topic string) *snapshot {
		s := w.table.snapshot(time.Now(), most)
		s.link = w.link
		if topic != "" {
			s.detail = w.table.detail(topic, time.Now())
		}
		return s
	}, byTopic, false)
	w.Update(tea.WindowSizeMsg{Width: 100, Height: 13})
	return w
}

// put has messages come, and the screen ask once more.
func (w *watched) put(topic, payload string) {
	w.table.put(message(topic, payload), time.Now())
	w.Update(w.next()())
}

// press types keys, and does what they ask for.
func (w *watched) press(keys ...tea.KeyPressMsg) {
	for _, k := range keys {
		if _, cmd := w.Update(k); cmd != nil {
			w.Update(cmd())
		}
	}
}

func letter(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Text: string(r)} }

var (
	down  = tea.KeyPressMsg{Code: tea.KeyDown}
	enter = tea.KeyPressMsg{Code: tea.KeyEnter}
	esc   = tea.KeyPressMsg{Code: tea.KeyEscape}
	space = tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
)

func (w *watched) screen() string { return ansi.Strip(w.View().Content) }

func TestFrozenStaysAsItIs(t *testing.T) {
	w := watch(t)
	w.Update(tea.WindowSizeMsg{Width: 100, Height: 30})
	long := strings.Repeat("x", keepValue) + " the end"
	w.put("a", long)
	w.press(space)
	w.link.up = false
	w.put("a", "after")
	w.put("b", "new")
	require.Contains(t, w.screen(), "xxxx")
	require.Contains(t, w.screen(), "1 topic ")
	require.Contains(t, w.screen(), "connection lost", "that is today's")
	w.press(enter)
	require.Contains(t, w.screen(), "the end", "all of what was frozen is there to be looked into")
	w.put("a", "after")
	require.Contains(t, w.screen(), "the end")
	w.press(esc, space)
	w.put("a", "after")
	require.Contains(t, w.screen(), "after")
	require.Contains(t, w.screen(), "2 topics")
}

func TestCursorStaysWithItsTopic(t *testing.T) {
	w := watch(t)
	w.put("m", "")
	w.put("n", "")
	require.Equal(t, "m", w.selected)
	w.put("l", "")
	require.Equal(t, "l", w.selected, "at the top it is with who is first")
	w.press(down)
	require.Equal(t, "m", w.selected)
	for i := range 50 {
		w.put(fmt.Sprint("a", i), "")
	}
	require.Equal(t, "m", w.selected)
	require.Contains(t, w.screen(), "\nm ", "the screen goes with it")
	w.press(letter('r'))
	require.Equal(t, "m", w.selected)
	require.Equal(t, 1, w.cursor)
	w.press(letter('g'))
	require.Equal(t, "n", w.selected)
	w.press(letter('G'))
	require.Equal(t, "a0", w.selected)
	require.Contains(t, w.screen(), "\na0 ")
}

func TestFilterWhileTyping(t *testing.T) {
	w := watch(t)
	w.put("plant/q", "")
	w.put("other", "")
	w.press(letter('/'), letter('q'))
	require.Contains(t, w.screen(), "1 of 2 topics", "q is a letter here")
	w.press(enter, enter)
	require.True(t, w.open)
	w.press(esc, esc)
	require.Contains(t, w.screen(), "2 topics")
	_, cmd := w.Update(letter('q'))
	require.IsType(t, tea.QuitMsg{}, cmd())
}

func TestEndOfTheClientEndsTheScreen(t *testing.T) {
	w := watch(t)
	w.link = link{ended: true, err: errors.New("why")}
	_, cmd := w.Update(w.next()())
	require.IsType(t, tea.QuitMsg{}, cmd())
	require.EqualError(t, w.failed, "why")
}

// TestAnySize: no line is wider than the screen, and there are as many as it has.
func TestAnySize(t *testing.T) {
	w := watch(t)
	w.put(strings.Repeat("long/", 30), strings.Repeat("日本 ", 100))
	w.put("b\x1b[2J", "\xff\x00")
	w.put("c", "a\nb\tc")
	w.link.up, w.link.err = false, errors.New(strings.Repeat("reason ", 30))
	w.put("d", "")
	for _, keys := range [][]tea.KeyPressMsg{nil, {letter('/'), letter('b')}, {esc, down, enter}, {esc, letter('?')}} {
		w.press(keys...)
		for width := 1; width < 130; width += 13 {
			for height := 1; height < 30; height += 7 {
				w.Update(tea.WindowSizeMsg{Width: width, Height: height})
				lines := strings.Split(w.View().Content, "\n")
				require.Len(t, lines, height)
				for _, line := range lines {
					require.LessOrEqual(t, ansi.StringWidth(line), width, "%q", line)
					require.NotContains(t, ansi.Strip(line), "\x1b")
				}
			}
		}
	}
}

func TestDetailsAreAskedForByWhoPressedEnter(t *testing.T) {
	w := watch(t)
	w.put("a", "1")
	w.put("b", "2")
	_, ask := w.Update(enter) // bubbletea has another goroutine call that, at some time
	w.press(esc, down)
	require.Equal(t, "b", w.selected)
	require.Equal(t, "a", ask().(detailed).detail.topic)
}
