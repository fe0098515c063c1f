package bench

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// live tells each second how it goes: on a terminal in one line that is written anew, else in a line each.
type live struct {
	app    *app.App
	work   string
	moving bool
	lines  bool
	quiet  bool // while calibrating
}

func newLive(a *app.App, work string, lines bool) *live {
	return &live{app: a, work: work, moving: !lines && !a.Debug && a.Live(a.Stderr), lines: lines}
}

// second shows what a second brought.
func (l *live) second(s second) {
	switch {
	case l.lines:
		l.app.Say("%s", s.words(l.work))
	case l.moving:
		l.app.Move(s.words(l.work))
	}
}

// words is the second in one line of ASCII, with what the work has.
func (s second) words(work string) string {
	var b strings.Builder
	rate := func(name string, n int64) {
		if s.Length > 0 {
			fmt.Fprintf(&b, " %s %.0f/s", name, float64(n)/s.Length)
		}
	}
	fmt.Fprintf(&b, "%4.0fs ", s.At)
	if work != "sub" {
		rate("offered", s.Offered)
		rate("acked", s.Acknowledged)
	}
	received := work != "pub" && work != "conn"
	if received {
		rate("received", s.Received)
	}
	if work != "sub" {
		fmt.Fprintf(&b, " in flight %d", s.InFlight)
	}
	fmt.Fprintf(&b, " p50 %s p99 %s max %s", short(s.P50), short(s.P99), short(s.Max))
	if received {
		fmt.Fprintf(&b, " lost %d dup %d reordered %d", s.Lost, s.Duplicated, s.Reordered)
	}
	fmt.Fprintf(&b, " reconnects %d", s.Reconnects)
	return b.String()
}

// short writes microseconds for people.
func short(us float64) string {
	switch {
	case us < 1000:
		return strconv.FormatFloat(us, 'f', 0, 64) + "us"
	case us < 1e6:
		return strconv.FormatFloat(us/1e3, 'f', 2, 64) + "ms"
	}
	return strconv.FormatFloat(us/1e6, 'f', 3, 64) + "s"
}
