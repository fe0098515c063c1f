package top

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestPrintedColumnsStandBelowEachOther(t *testing.T) {
	var out bytes.Buffer
	now := time.Now()
	printTable(&out, []*row{{topic: "wide/日本語", value: []byte("値"), size: 3, last: now}, {topic: "narrow", value: []byte("v"), size: 1, last: now}}, now)
	for line := range strings.Lines(out.String()) {
		before, _, there := strings.Cut(line, "AGE")
		if !there {
			before, _, there = strings.Cut(line, "0.0s")
		}
		require.True(t, there, line)
		require.Equal(t, len("wide/")+3*2+gap, ansi.StringWidth(before), line)
	}
}

func TestAValueThatIsCutEndsWithDots(t *testing.T) {
	m := newModel(nil, byTopic, false)
	m.width, m.now = 1000, &snapshot{at: time.Now()}
	for _, letter := range []string{"𝐀", "a", "値", "\xff"} {
		value := []byte(strings.Repeat(letter, keepPayload/len(letter)))
		r := &row{topic: "t", value: value[:keepValue], size: len(value), last: m.now.at}
		for _, m.width = range []int{40, 200, 1000} { // at the widest, what a row keeps isn't enough
			m.rows = []*row{r}
			require.Contains(t, m.rowView(m.shape(), r, true), "…", "%q %d", letter, m.width)
		}
	}
	m.width = 100
	r := &row{topic: "t", value: []byte(strings.Repeat("𝐀", 100)), size: 400, last: m.now.at}
	m.rows = []*row{r}
	s := m.shape()
	line := ansi.Strip(m.rowView(s, r, false))
	require.Equal(t, s.widths[byValue]-1, strings.Count(line, "𝐀"), "the column is full: %q", line)
}

func TestPrintedLinesHaveProperties(t *testing.T) {
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	table := newTable(time.Now(), 10)
	m := message("a", "1")
	m.Properties = &mqtt.PublishProperties{ContentType: "text/plain"}
	table.put(m, time.Now())
	s := table.snapshot(time.Now(), keepPayload)
	printLines(w, arrange(s.rows, byTopic, false, matcher("")), s.at)
	w.Flush()
	require.Contains(t, out.String(), `"content-type":"text/plain"`)
}
