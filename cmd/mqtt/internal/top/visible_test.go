package top

import (
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestOneLine(t *testing.T) {
	for _, c := range []struct {
		payload string
		whole   bool
		text    string
		binary  bool
	}{
		{"21.5 °C", true, "21.5 °C", false},
		{"", true, "", false},
		{"a\r\nb\tc", true, "a␍␊b␉c", false},
		{"\x1b]0;title\a\x7f", true, "␛]0;title␇␡", false},
		{"a\u202eb\u200bc\u0085", true, "a<U+202E>b<U+200B>c<U+0085>", false},
		{"\x00\xfe", true, "0x00fe", true},
		{"caf\xc3", true, "0x636166c3", true},
		{"caf\xc3", false, "caf", false}, // cut within a letter
		{"caf\xc3\xc3", false, "0x636166c3c3", true},
	} {
		text, binary := oneLine([]byte(c.payload), c.whole)
		require.Equal(t, c.text, text, "%q", c.payload)
		require.Equal(t, c.binary, binary, "%q", c.payload)
	}
}

// FuzzOneLine: nothing that a payload holds does anything to a terminal.
func FuzzOneLine(f *testing.F) {
	f.Add([]byte("a\x1b[31m\xff"), true)
	f.Add([]byte("\xe2\x82"), false)
	f.Fuzz(func(t *testing.T, payload []byte, whole bool) {
		text, _ := oneLine(payload, whole)
		require.True(t, utf8.ValidString(text), "%q", text)
		for _, r := range text {
			require.True(t, unicode.IsPrint(r), "%q", text)
		}
	})
}

func TestShortNumbers(t *testing.T) {
	for want, got := range map[string]string{
		"0": quantity(0, ""), "7": quantity(7, ""), "0.2": quantity(0.2, ""), "0.05": quantity(0.05, ""), "999": quantity(999, ""),
		"1.0 kB": quantity(1000, "B"), "12.3k": quantity(12_345, ""), "1.0M": quantity(999_700, ""), "3.5 GB/s": quantity(3.5e9, "B/s"),
		"3.4s": age(3456 * time.Millisecond), "59s": age(59900 * time.Millisecond), "1m": age(61 * time.Second), "5h": age(5 * time.Hour),
		"3d": age(80 * time.Hour), "0.0s": age(-time.Second),
		" ▁▄█": curve([]uint64{0, 1, 4, 8}),
	} {
		require.Equal(t, want, got)
	}
	require.Equal(t, "  ", curve([]uint64{0, 0}))
}
