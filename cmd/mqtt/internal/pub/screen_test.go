package pub

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestThousands(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		require.Equal(t, want, thousands(n))
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 1_234_567: "1.2 MB", 5_000_000_000_000_000: "5000.0 TB"} {
		require.Equal(t, want, size(n))
	}
}

func TestRateIsThatOfTheLastSecond(t *testing.T) {
	now := time.Unix(1000, 0)
	p := &progress{began: now}
	require.EqualValues(t, 0, p.rate(now, 0))
	for i := range uint64(20) {
		now = now.Add(pace)
		rate := p.rate(now, (i+1)*100)
		require.EqualValues(t, 500, rate)
	}
	for range 6 {
		now = now.Add(pace)
		p.rate(now, 2000)
	}
	require.EqualValues(t, 0, p.rate(now.Add(pace), 2000))
}

func TestWhatStaysTakesThePlaceOfWhatMoves(t *testing.T) {
	var out strings.Builder
	p := &painter{out: &out, shown: true}
	p.write("a\nb")
	p.write("c")
	p.write("")
	require.Equal(t, "\r\x1b[Kmqtt: a b\nmqtt: c\n", out.String())
	out.Reset()
	p.shown = true
	p.write("")
	require.Equal(t, clear, out.String())
}
