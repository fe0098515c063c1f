package sub

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluicemq/sluice/mqtt"
)

// colours are what begins a colour on a terminal; all empty: none.
type colours struct{ topic, faint, key, text, value, end string }

var terminalColours = colours{"\x1b[1;36m", "\x1b[2m", "\x1b[34m", "\x1b[32m", "\x1b[33m", "\x1b[0m"}

// pretty writes a message for people: a line about it, then its payload, indented. What a terminal would obey is written as an
// escape sequence of Go.
type pretty struct{ colours }

func (p pretty) format(b []byte, m *mqtt.Received, at time.Time) []byte {
	b = append(append(append(b, p.faint...), at.Format("15:04:05.000")...), p.end...)
	b = append(append(append(b, ' '), p.topic...), printable(m.Topic, "")...)
	b = append(append(b, p.end...), p.faint...)
	b = append(append(b, about(m)...), p.end...)
	b = append(b, '\n')
	for line := range strings.Lines(p.payload(m.Payload)) {
		b = append(append(b, "  "...), line...)
	}
	return append(bytes.TrimSuffix(b, []byte("\n")), '\n')
}

// about is what there is to say beside topic and payload.
func about(m *mqtt.Received) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  QoS %d, %d bytes", m.QoS, len(m.Payload))
	if m.Retain {
		b.WriteString(", retained")
	}
	if m.Dup {
		b.WriteString(", maybe again")
	}
	p := m.Properties
	if p == nil {
		return b.String()
	}
	if p.ContentType != "" {
		fmt.Fprintf(&b, ", content type %s", printable(p.ContentType, ""))
	}
	if p.MessageExpiryInterval != nil {
		fmt.Fprintf(&b, ", expires in %s", *p.MessageExpiryInterval)
	}
	if p.ResponseTopic != "" {
		fmt.Fprintf(&b, ", answer to %s", printable(p.ResponseTopic, ""))
	}
	if p.CorrelationData != nil {
		fmt.Fprintf(&b, ", correlation %q", p.CorrelationData)
	}
	for _, u := range p.UserProperties {
		fmt.Fprintf(&b, ", %s: %s", printable(u.Key, ""), printable(u.Value, ""))
	}
	return b.String()
}

func (p pretty) payload(payload []byte) string {
	if !utf8.Valid(payload) {
		return hex.Dump(payload)
	}
	var indented bytes.Buffer
	if len(payload) > 0 && strings.IndexByte(`{["`, payload[0]) >= 0 && shallow(payload) && json.Indent(&indented, payload, "", "  ") == nil {
		return p.paint(printable(indented.String(), "\n"))
	}
	return printable(string(payload), "\n\t")
}

// deepest is how deep JSON may be nested to be indented: the indents of a small hostile payload would fill the memory.
const deepest = 32

func shallow(payload []byte) bool {
	depth := 0
	for _, c := range payload {
		switch c {
		case '{', '[':
			if depth++; depth > deepest {
				return false
			}
		case '}', ']':
			depth--
		}
	}
	return true
}

// printable is text in which only kept is left of what isn't for the eye.
func printable(text, kept string) string {
	visible := func(r rune) bool { return strconv.IsPrint(r) || strings.ContainsRune(kept, r) }
	if strings.IndexFunc(text, func(r rune) bool { return !visible(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if visible(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// paint colours JSON.
func (p pretty) paint(text string) string {
	if p.end == "" {
		return text
	}
	var b strings.Builder
	for text != "" {
		n, colour := p.token(text)
		if colour == "" {
			b.WriteString(text[:n])
		} else {
			b.WriteString(colour + text[:n] + p.end)
		}
		text = text[n:]
	}
	return b.String()
}

// token is how long the token is that text begins with, and its colour.
func (p pretty) token(text string) (n int, colour string) {
	const between = " \n\t{}[],:"
	switch {
	case text[0] == '"':
		for n = 1; n < len(text) && text[n] != '"'; n++ {
			if text[n] == '\\' {
				n++
			}
		}
		n = min(n+1, len(text))
		if strings.HasPrefix(text[n:], ":") {
			return n, p.key
		}
		return n, p.text
	case strings.IndexByte(between, text[0]) >= 0:
		return len(text) - len(strings.TrimLeft(text, between)), ""
	}
	if n = strings.IndexAny(text, between); n < 0 {
		n = len(text)
	}
	return n, p.value
}
