package sub

import (
	"fmt"
	"strconv"
	"time"
)

// appendTime appends what strftime(3) makes of one conversion, in the C locale. One that it doesn't know stays as it is.
func appendTime(b []byte, conversion byte, t time.Time) []byte {
	if layout, ok := layouts[conversion]; ok {
		return t.AppendFormat(b, layout)
	}
	if parts, ok := compounds[conversion]; ok {
		return appendTimes(b, parts, t)
	}
	if number, ok := numbers[conversion]; ok {
		return number(b, t)
	}
	switch conversion {
	case 'n':
		return append(b, '\n')
	case 't':
		return append(b, '\t')
	case '%':
		return append(b, '%')
	}
	return append(b, '%', conversion)
}

// appendTimes appends a text in which % begins a conversion.
func appendTimes(b []byte, text string, t time.Time) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] == '%' {
			i++
			b = appendTime(b, text[i], t)
			continue
		}
		b = append(b, text[i])
	}
	return b
}

// layouts are the conversions that package time knows too.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'j': "002",
	'm': "01", 'M': "04", 'p': "PM", 'P': "pm", 'S': "05", 'y': "06", 'Y': "2006", 'z': "-0700", 'Z': "MST",
}

// compounds are those that are made of others.
var compounds = map[byte]string{
	'c': "%a %b %e %H:%M:%S %Y", 'D': "%m/%d/%y", 'x': "%m/%d/%y", 'F': "%Y-%m-%d", 'r': "%I:%M:%S %p", 'R': "%H:%M", 'T': "%H:%M:%S",
	'X': "%H:%M:%S",
}

var numbers = map[byte]func(b []byte, t time.Time) []byte{
	'C': padded("%02d", func(t time.Time) int { return t.Year() / 100 }),
	'g': padded("%02d", func(t time.Time) int { return isoYear(t) % 100 }),
	'G': padded("%d", isoYear),
	'k': padded("%2d", time.Time.Hour),
	'l': padded("%2d", func(t time.Time) int { return (t.Hour()+11)%12 + 1 }),
	's': func(b []byte, t time.Time) []byte { return strconv.AppendInt(b, t.Unix(), 10) },
	'u': padded("%d", func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }),
	'w': padded("%d", func(t time.Time) int { return int(t.Weekday()) }),
	'U': padded("%02d", func(t time.Time) int { return (t.YearDay() + 6 - int(t.Weekday())) / 7 }),
	'W': padded("%02d", func(t time.Time) int { return (t.YearDay() + 6 - (int(t.Weekday())+6)%7) / 7 }),
	'V': padded("%02d", func(t time.Time) int { _, week := t.ISOWeek(); return week }),
}

func padded(verb string, of func(time.Time) int) func([]byte, time.Time) []byte {
	return func(b []byte, t time.Time) []byte { return fmt.Appendf(b, verb, of(t)) }
}

func isoYear(t time.Time) int {
	year, _ := t.ISOWeek()
	return year
}
