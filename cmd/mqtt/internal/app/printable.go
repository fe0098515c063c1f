package app

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes visible whatever is no character on a screen: what could move the cursor, change colours, turn the direction
// of writing, or hide.
func Printable(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r < ' ':
			b.WriteRune('␀' + r) // U+2400: pictures of control characters
		case r == 0x7F:
			b.WriteRune('␡')
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

func hidden(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
