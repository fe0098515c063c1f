package replay

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/mqtt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recording writes messages that came so many seconds after noon.
func recording(t *testing.T, seconds ...string) string {
	t.Helper()
	var text strings.Builder
	for _, s := range seconds {
		at := ""
		if s != "" {
			d, err := time.ParseDuration(s)
			require.NoError(t, err)
			at = `"time":"` + time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC).Add(d).Format(time.RFC3339Nano) + `",`
		}
		text.WriteString(`{` + at + `"topic":"a","payload":"` + s + `"}` + "\n")
	}
	path := filepath.Join(t.TempDir(), "rec.ndjson")
	require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o600))
	return path
}

// played gives what each message came with, and when.
func played(t *testing.T, p *player, busy time.Duration) (got []string) {
	t.Helper()
	began := time.Now()
	err := p.each(t.Context(), nil, nil, func(_ due, m *mqtt.Message) error {
		got = append(got, string(m.Payload)+"@"+time.Since(began).String())
		time.Sleep(busy)
		return nil
	})
	require.NoError(t, err)
	return got
}

func TestTiming(t *testing.T) {
	for _, c := range []struct {
		name    string
		seconds []string
		player  player
		busy    time.Duration
		got     []string
	}{
		{"as it came", []string{"5s", "6s", "6s", "9.5s"}, player{speed: 1}, 0, []string{"5s@0s", "6s@1s", "6s@1s", "9.5s@4.5s"}},
		{"twice as fast", []string{"5s", "6s", "9s"}, player{speed: 2}, 0, []string{"5s@0s", "6s@500ms", "9s@2s"}},
		{"half as fast", []string{"5s", "6s"}, player{speed: 0.5}, 0, []string{"5s@0s", "6s@2s"}},
		{"slower than there is time for", []string{"0s", "1000000h"}, player{speed: 0.001}, 0, []string{"0s@0s", "1000000h@1281023h53m38.427387904s"}},
		{"at once", []string{"5s", "6s", "9s"}, player{}, 0, []string{"5s@0s", "6s@0s", "9s@0s"}},
		{"what takes long makes nothing else late", []string{"0s", "1s", "2s", "10s"}, player{speed: 1}, 3 * time.Second,
			[]string{"0s@0s", "1s@3s", "2s@6s", "10s@10s"}},
		{"a clock that was put back", []string{"5s", "4s", "7s"}, player{speed: 1}, 0, []string{"5s@0s", "4s@0s", "7s@2s"}},
		{"messages without a time", []string{"", "5s", "", "7s"}, player{speed: 1}, 0, []string{"@0s", "5s@0s", "@0s", "7s@2s"}},
		{"rounds", []string{"5s", "6s"}, player{speed: 1, loops: 3}, 0, []string{"5s@0s", "6s@1s", "5s@1s", "6s@2s", "5s@2s", "6s@3s"}},
		{"from and to", []string{"5s", "6s", "7s", "8s"}, player{speed: 1, deck: deck{edit: edit{
			from: moment{given: true, after: time.Second}, to: moment{given: true, at: time.Date(2026, 1, 2, 12, 0, 8, 0, time.UTC)}}}}, 0,
			[]string{"6s@0s", "7s@1s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := c.player
				p.loops, p.deck.edit.qos = max(1, p.loops), -1
				p.deck.paths = []string{recording(t, c.seconds...)}
				require.Equal(t, c.got, played(t, &p, c.busy))
			})
		})
	}
}

func TestAnInterruptEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := player{speed: 1, loops: 1, deck: deck{paths: []string{recording(t, "0s", "1h")}, edit: edit{qos: -1}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		n := 0
		err := p.each(ctx, nil, nil, func(due, *mqtt.Message) error { n++; return nil })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1, n)
		p.deck.close()
	})
}

func TestSpeed(t *testing.T) {
	for text, is := range map[string]speed{"2": 2, "0.5": 0.5, "2x": 2, "0": 0, "max": 0} {
		var s speed
		require.NoError(t, s.Set(text), text)
		require.Equal(t, is, s, text)
	}
	for _, text := range []string{"", "-1", "fast", "NaN", "Inf", "1e-300"} {
		require.Error(t, new(speed).Set(text), text)
	}
}

func TestMoment(t *testing.T) {
	first := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for text, is := range map[string]time.Time{"90": first.Add(90 * time.Second), "5m": first.Add(5 * time.Minute), "2026-01-02T12:00:01.5Z": first.Add(1500 * time.Millisecond)} {
		var m moment
		require.NoError(t, m.Set(text), text)
		require.True(t, is.Equal(m.in(first)), text)
	}
	for _, text := range []string{"", "-1", "noon", "2026-01-02"} {
		require.Error(t, new(moment).Set(text), text)
	}
}
