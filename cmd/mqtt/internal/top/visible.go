package top

import (
	"encoding/hex"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// oneLine is a payload, or the begin of one, as a line that is safe for a terminal; binary says that it is hexadecimal.
func oneLine(payload []byte, whole bool) (text string, binary bool) {
	if !isText(payload, whole) {
		return "0x" + hex.EncodeToString(payload), true
	}
	return app.Printable(string(wholeLetters(payload))), false
}

// wholeLetters leaves out the begin of a character at the end of what isText takes.
func wholeLetters(payload []byte) []byte {
	for !utf8.Valid(payload) {
		payload = payload[:len(payload)-1]
	}
	return payload
}

// isText says whether a payload is UTF-8. The begin of one may end in the middle of a character.
func isText(payload []byte, whole bool) bool {
	for n := range utf8.UTFMax {
		if n <= len(payload) && utf8.Valid(payload[:len(payload)-n]) {
			return n == 0 || !whole && !utf8.FullRune(payload[len(payload)-n:])
		}
	}
	return false
}

// age is a time in few letters: 3.4s, 59s, 12m, 5h, 3d.
func age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// quantity is a number in few letters, for people.
func quantity(n float64, unit string) string {
	prefixes := []string{"", "k", "M", "G", "T"}
	i := 0
	for n >= 999.5 && i < len(prefixes)-1 {
		n /= 1000
		i++
	}
	space := ""
	if unit != "" {
		space = " "
	}
	switch {
	case n == 0, n >= 100, i == 0 && n == float64(int(n)):
		return fmt.Sprintf("%.0f%s%s%s", n, space, prefixes[i], unit)
	case n < 0.1:
		return fmt.Sprintf("%.2f%s%s%s", n, space, prefixes[i], unit)
	}
	return fmt.Sprintf("%.1f%s%s%s", n, space, prefixes[i], unit)
}

// curve draws counts as small bars, the highest of them as a full one.
func curve(counts []uint64) string {
	bars := []rune(" ▁▂▃▄▅▆▇█")
	var highest uint64
	for _, n := range counts {
		highest = max(highest, n)
	}
	line := make([]rune, len(counts))
	for i, n := range counts {
		line[i] = bars[0]
		if n > 0 {
			line[i] = bars[(n*8+highest-1)/highest]
		}
	}
	return string(line)
}
