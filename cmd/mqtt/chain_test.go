package main_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBytesSurviveTheWholeWay pipes lines of any bytes through pub -l, sub -o ndjson, pub --ndjson and sub -o raw.
func TestBytesSurviveTheWholeWay(t *testing.T) {
	s, h := newTeller(t)
	random := rand.New(rand.NewPCG(1, 2))
	var input, joined bytes.Buffer
	const n = 2000
	for range n {
		line := make([]byte, random.IntN(60))
		for i := range line {
			if line[i] = byte(random.Uint32()); line[i] == '\n' {
				line[i] = 0
			}
		}
		input.Write(line)
		input.WriteByte('\n')
		joined.Write(line)
	}
	records := start(t, "sub", "--url", s.url, "-t", "first", "-q", "1", "-o", "ndjson", "-C", "2000")
	raw := start(t, "sub", "--url", s.url, "-t", "second", "-q", "2", "-o", "raw", "-C", "2000")
	<-h.made
	<-h.made
	r := runCall(t, call{args: []string{"pub", "--url", s.url, "-t", "first", "-q", "1", "-l"}, stdin: &input})
	require.Equal(t, 0, r.code, r.stderr)
	lines := records.wait()
	require.Equal(t, 0, lines.code, lines.stderr)
	require.Equal(t, n, strings.Count(lines.stdout, "\n"))
	r = runCall(t, call{args: []string{"pub", "--url", s.url, "-t", "second", "--ndjson"}, stdin: strings.NewReader(lines.stdout)})
	require.Equal(t, 0, r.code, r.stderr)
	out := raw.wait()
	require.Equal(t, 0, out.code, out.stderr)
	require.True(t, joined.String() == out.stdout, "%d bytes went in, %d came out", joined.Len(), len(out.stdout))
}
