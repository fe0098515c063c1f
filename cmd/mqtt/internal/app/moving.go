package app

import (
	"fmt"
	"strings"
	"sync"

	"golang.org/x/term"
)

// moving is the last line on a terminal's standard error, which is written anew while a command runs. What stays is written above it.
type moving struct {
	mu   sync.Mutex
	text string // what it shows; empty: there is none
}

// clearLine takes away what stands in the line of the cursor, and goes to its begin.
const clearLine = "\r\x1b[K"

// Say writes a line for people to standard error. Any goroutine may.
func (a *App) Say(format string, args ...any) {
	text := fmt.Sprintf(strings.TrimSuffix(format, "\n")+"\n", args...)
	m := &a.moving
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.text != "" {
		text = clearLine + text + m.text
	}
	fmt.Fprint(a.Stderr, text)
}

// Move has the moving line show text, as much of it as is room for. It is for a standard error that is Live. Empty text takes the
// line away. Any goroutine may.
func (a *App) Move(text string) {
	if columns, _, err := term.GetSize(int(a.Stderr.Fd())); err == nil && columns > 1 {
		if runes := []rune(text); len(runes) >= columns {
			text = string(runes[:columns-1])
		}
	}
	m := &a.moving
	m.mu.Lock()
	defer m.mu.Unlock()
	if text != "" || m.text != "" {
		m.text = text
		fmt.Fprint(a.Stderr, clearLine+text)
	}
}
