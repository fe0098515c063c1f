package bench

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// elements counts what an SVG holds; it must be well-formed.
func elements(t *testing.T, picture []byte) map[string]int {
	t.Helper()
	all := map[string]int{}
	d := xml.NewDecoder(bytes.NewReader(picture))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			all[e.Name.Local]++
		}
	}
}

func TestPicture(t *testing.T) {
	f := &summary{Work: "e2e"}
	empty, err := f.picture()
	require.NoError(t, err)
	for i := range 20 {
		f.Intervals = append(f.Intervals, second{At: float64(i + 1), Length: 1, counts: counts{Offered: 1000, Acknowledged: 990, Received: 980}, P50: 100, P99: 900, Max: 2000})
	}
	f.Intervals = append(f.Intervals, second{At: 20.001, Length: 0.001, counts: counts{Offered: 1000}})
	full, err := f.picture()
	require.NoError(t, err)
	before, after := elements(t, empty), elements(t, full)
	require.Equal(t, 1, after["svg"])
	require.GreaterOrEqual(t, after["path"]-before["path"], 6*20, "six lines of twenty points")
	for _, word := range []string{"offered", "acknowledged", "received", "p50", "p99", "max", "seconds"} {
		require.Contains(t, string(full), ">"+word+"<")
	}
}

func TestTheGeneratorSaysWhenItIsTheLimit(t *testing.T) {
	for _, c := range []struct {
		name        string
		rate, limit float64
		near        bool
	}{{"far below", 1000, 100_000, false}, {"just below", 79_999, 100_000, false}, {"at four fifths", 80_000, 100_000, true}, {"above", 120_000, 100_000, true}} {
		t.Run(c.name, func(t *testing.T) {
			f := &summary{Rate: c.rate}
			f.calibrated(&calibration{Limit: c.limit})
			require.Equal(t, c.near, f.Calibration.Near)
			require.Equal(t, c.near, len(f.Warnings) == 1)
		})
	}
}

func TestTheGeneratorSaysWhenItIsBehind(t *testing.T) {
	for _, c := range []struct {
		name   string
		late   lateness
		behind bool
	}{
		{"in time", lateness{}, false},
		{"a hiccup", lateness{10, 100 * time.Millisecond}, false},
		{"many", lateness{11, 20 * time.Millisecond}, true},
		{"far", lateness{1, 300 * time.Millisecond}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &summary{counts: counts{Offered: 1000}}
			f.judgeGenerator(c.late)
			f.warn()
			require.Equal(t, c.behind, f.Generator.Behind)
			require.Equal(t, c.behind, len(f.Warnings) == 1)
		})
	}
}

func TestWhatHasFailedIsAnError(t *testing.T) {
	for _, c := range []struct {
		work  string
		wrong error
		code  int
	}{{"pub", errors.New("x"), app.ExitUnacknowledged}, {"rtt", nil, app.ExitUnacknowledged}, {"conn", errors.New("x"), app.ExitFailed}} {
		f := &summary{Work: c.work, counts: counts{Offered: 10, Failed: 2}, wrong: c.wrong}
		err := f.unfinished()
		require.Equal(t, c.code, app.ExitCode(err), c.work)
		require.ErrorContains(t, err, "2 of 10 ")
	}
	require.NoError(t, (&summary{counts: counts{Offered: 10}}).unfinished())
}

func TestSecondInWords(t *testing.T) {
	s := second{At: 3, Length: 0.5, InFlight: 7, counts: counts{Offered: 500, Acknowledged: 499, Received: 498, Lost: 1, Duplicated: 2, Reordered: 3, Reconnects: 4}, P50: 120, P99: 1500, Max: 2e6}
	require.Equal(t, "   3s  offered 1000/s acked 998/s received 996/s in flight 7 p50 120us p99 1.50ms max 2.000s lost 1 dup 2 reordered 3 reconnects 4", s.words("e2e"))
	require.Equal(t, "   3s  offered 1000/s acked 998/s in flight 7 p50 120us p99 1.50ms max 2.000s reconnects 4", s.words("pub"))
	require.Equal(t, "   3s  received 996/s p50 120us p99 1.50ms max 2.000s lost 1 dup 2 reordered 3 reconnects 4", s.words("sub"))
}

// Others publish when they like, and also for less than a second.
func TestTheRateOfASubscriberIsThatOfTheTimeInWhichMessagesCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options{work: "sub"}
		s := stretchOf(o, time.Minute)
		time.Sleep(1900 * time.Millisecond)
		for range 101 {
			s.ledger.counter(0).tell(counts{Received: 1}, s.clock.now(), 0)
			time.Sleep(time.Millisecond)
		}
		s.ledger.finish()
		f := (&bench{options: &o, app: &app.App{}}).summary(s, time.Now(), false)
		require.InDelta(t, 0.1, f.Seconds, 1e-9)
		require.InDelta(t, 1010, f.Rate, 1e-9)
	})
}
