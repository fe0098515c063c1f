package decode

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// table shows a packet for people: a field a line.
func (o *options) table(w *bufio.Writer, p *packet) error {
	if p.offset > 0 {
		io.WriteString(w, "\n")
	}
	fmt.Fprintln(w, p)
	o.rows(w, p.fields(), "  ")
	_, err := w.Write(nil) // a bufio.Writer keeps its first error
	return err
}

func (o *options) rows(w io.Writer, fields []field, indent string) {
	width := 0
	for _, f := range fields {
		width = max(width, len(f.name))
	}
	for _, f := range fields {
		switch value := f.value.(type) {
		case []field:
			fmt.Fprintf(w, "%s%s\n", indent, f.name)
			o.rows(w, value, indent+"  ")
		case list:
			o.list(w, f.name, value, indent, width)
		default:
			fmt.Fprintf(w, "%s%-*s  %s\n", indent, width, f.name, o.text(f.value))
		}
	}
}

// list shows plain values beside the name, the first one only with it, and groups below it.
func (o *options) list(w io.Writer, name string, values list, indent string, width int) {
	for i, value := range values {
		if group, ok := value.([]field); ok {
			if i == 0 {
				fmt.Fprintf(w, "%s%s\n", indent, name)
			}
			o.rows(w, group, indent+"  ")
			continue
		}
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(w, "%s%-*s  %s\n", indent, width, name, o.text(value))
	}
}

func (o *options) text(value any) string {
	switch v := value.(type) {
	case string:
		return plain(v)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case number:
		return strconv.FormatUint(uint64(v), 10)
	case seconds:
		return duration(v)
	case code:
		return fmt.Sprintf("0x%02X, %s", v.number, v.words)
	case pair:
		return plain(v.Key) + " = " + plain(v.Value)
	case secret:
		if !o.secrets {
			return fmt.Sprintf("hidden, %s; --show-password shows it", count(len(v)))
		}
		return content(v)
	case []byte:
		return content(v)
	}
	return fmt.Sprint(value)
}

func duration(s seconds) string {
	switch s {
	case 0:
		return "0 s"
	case 0xFFFF_FFFF:
		return "for ever (0xFFFFFFFF)"
	}
	return fmt.Sprintf("%d s", s)
}

// plain is s itself where a terminal shows it as it is, else it is quoted.
func plain(s string) string {
	if quoted := strconv.Quote(s); s == "" || quoted != `"`+s+`"` || strings.TrimSpace(s) != s {
		return quoted
	}
	return s
}

// shown is how many bytes of a payload a table shows; JSON has all of it.
const shown = 256

// content is bytes of any length and kind.
func content(b []byte) string {
	if len(b) == 0 {
		return "0 bytes"
	}
	part, more := b, ""
	if len(b) > shown {
		part, more = b[:shown], "…"
	}
	if utf8.Valid(b) {
		for !utf8.Valid(part) { // cut in the middle of a character
			part = part[:len(part)-1]
		}
		return fmt.Sprintf("%s: %s%s", count(len(b)), strconv.Quote(string(part)), more)
	}
	return fmt.Sprintf("%s: %s%s", count(len(b)), hex.EncodeToString(part), more)
}
