package bench

import (
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// summary is what a run has found out.
type summary struct {
	Work          string        `json:"work"`
	Servers       []string      `json:"servers"` // without credentials
	Started       time.Time     `json:"started"` // when it began to count
	Seconds       float64       `json:"seconds"` // until the last message; for sub from the first one on
	Interrupted   bool          `json:"interrupted"`
	Configuration configuration `json:"configuration"`
	Machine       machine       `json:"machine"`
	counts
	Scheduled   int64        `json:"scheduled"` // messages that were due; 0: there was no schedule
	Rate        float64      `json:"rate"`      // a second: received where subscribers count, else acknowledged
	Latency     latency      `json:"latency"`
	Generator   generator    `json:"generator"`
	Calibration *calibration `json:"calibration,omitempty"`
	FailIf      []verdict    `json:"fail_if,omitempty"`
	Warnings    []string     `json:"warnings,omitempty"`
	Intervals   []second     `json:"intervals"` // seconds

	wrong error // why the first of those failed that did
}

type configuration struct {
	Rate        float64 `json:"rate,omitempty"` // a second
	Saturate    bool    `json:"saturate,omitempty"`
	Duration    float64 `json:"duration,omitempty"` // seconds
	Warmup      float64 `json:"warmup"`
	Count       int     `json:"count,omitempty"`
	Clients     int     `json:"clients"` // in e2e those that publish
	Subscribers int     `json:"subscribers,omitempty"`
	Topic       string  `json:"topic,omitempty"`
	Size        int     `json:"size,omitempty"`
	QoS         int     `json:"qos"`
	Retain      bool    `json:"retain,omitempty"`
	Version     string  `json:"version"`
	MaxInFlight int     `json:"max_inflight"`
}

type machine struct {
	Cores    int    `json:"cores"` // that Go uses
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// latency is in microseconds.
type latency struct {
	What        string  `json:"what"`
	Count       int64   `json:"count"` // messages that told one
	Min         float64 `json:"min"`
	Mean        float64 `json:"mean"`
	P50         float64 `json:"p50"`
	P90         float64 `json:"p90"`
	P99         float64 `json:"p99"`
	P999        float64 `json:"p999"`
	Max         float64 `json:"max"`
	Percentiles []rung  `json:"percentiles"`
}

// rung says that so many messages took so long at most.
type rung struct {
	Percentile float64 `json:"percentile"`
	Value      float64 `json:"us"`
	Count      int64   `json:"count"`
}

// generator says how well this program kept the schedule, where no server kept it from that.
type generator struct {
	Late      int64   `json:"late"`       // messages that were offered more than 10 ms behind their time
	WorstLate float64 `json:"worst_late"` // microseconds
	Behind    bool    `json:"behind"`     // it didn't keep it
}

// summary is that of a stretch that has ended.
func (b *bench) summary(s *stretch, started time.Time, interrupted bool) *summary {
	b.app.Move("")
	f := &summary{
		Work: b.work, Servers: servers(b.cfg.Servers), Started: started.UTC(), Interrupted: interrupted,
		Configuration: b.configuration(),
		Machine:       machine{runtime.GOMAXPROCS(0), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH},
		counts:        s.ledger.sum, Scheduled: int64(s.scheduled), Latency: latencyOf(s.ledger.total, b.kind.latency),
		Intervals: s.ledger.seconds, wrong: s.wrong,
	}
	f.Seconds = s.ledger.last().Seconds()
	done := f.Acknowledged
	if b.work == "sub" || b.work == "e2e" {
		done = f.Received
	}
	if b.work == "sub" {
		f.Seconds -= s.ledger.first().Seconds() // others publish when they like
	}
	if f.Seconds > 0 {
		f.Rate = math.Round(float64(done)/f.Seconds*100) / 100
	}
	f.judgeGenerator(s.ledger.lateness())
	f.warn()
	return f
}

func servers(urls []string) (all []string) {
	for _, u := range urls {
		if s, err := netx.Parse(u); err == nil {
			all = append(all, s.String())
		}
	}
	return all
}

func (b *bench) configuration() configuration {
	inFlight := b.cfg.MaxInFlight
	if inFlight == 0 {
		inFlight = 1000
	}
	return configuration{
		Rate: b.rate, Saturate: b.saturate, Duration: time.Duration(b.duration).Seconds(), Warmup: time.Duration(b.warmup).Seconds(),
		Count: b.count, Clients: b.clients, Subscribers: b.subscribers, Topic: b.topic, Size: b.size, QoS: b.qos, Retain: b.retain,
		Version: b.cfg.Version.String(), MaxInFlight: inFlight,
	}
}

// latencyOf reads a histogram.
func latencyOf(h *hdrhistogram.Histogram, what string) latency {
	l := latency{What: what, Count: h.TotalCount()}
	if l.Count == 0 {
		return l
	}
	at := func(percentile float64) float64 { return float64(h.ValueAtQuantile(percentile)) }
	l.Min, l.Mean, l.Max = float64(h.Min()), math.Round(h.Mean()*10)/10, float64(h.Max())
	l.P50, l.P90, l.P99, l.P999 = at(50), at(90), at(99), at(99.9)
	for _, b := range h.CumulativeDistribution() {
		l.Percentiles = append(l.Percentiles, rung{b.Quantile, float64(b.ValueAt), b.Count})
	}
	return l
}

// value is the figure of a name; false: nothing told it.
func (f *summary) value(metric string) (float64, bool) {
	l := f.Latency
	switch metric {
	case "rate":
		return f.Rate, true
	case "failed":
		return float64(f.Failed), true
	case "lost":
		return float64(f.Lost), true
	case "duplicated":
		return float64(f.Duplicated), true
	case "reordered":
		return float64(f.Reordered), true
	case "reconnects":
		return float64(f.Reconnects), true
	}
	return map[string]float64{"p50": l.P50, "p90": l.P90, "p99": l.P99, "p999": l.P999, "max": l.Max, "mean": l.Mean}[metric], l.Count > 0
}

// Of so many of all, late messages say that the generator is behind; and so does any that is later than a hiccup.
const (
	lateShare = 0.01
	lateWorst = 250 * time.Millisecond
)

func (f *summary) judgeGenerator(l lateness) {
	f.Generator = generator{Late: l.Late, WorstLate: float64(l.Worst.Microseconds())}
	f.Generator.Behind = float64(l.Late) > lateShare*float64(f.Offered) || l.Worst > lateWorst
}

// warn says what makes the figures worth less.
func (f *summary) warn() {
	if g := f.Generator; g.Behind {
		f.Warnings = append(f.Warnings, fmt.Sprintf("this program didn't keep the schedule: %d messages left more than 10 ms late, the latest %s; it is part of the latencies", g.Late, short(g.WorstLate)))
	}
	if missing := f.Scheduled - f.Offered; missing > 0 && !f.Interrupted {
		f.Warnings = append(f.Warnings, fmt.Sprintf("%d messages that were due were never offered: their latencies would be the longest", missing))
	}
	if f.Skewed > 0 {
		f.Warnings = append(f.Warnings, fmt.Sprintf("%d messages came before they were due: the clocks of the machines differ, so the latencies are wrong", f.Skewed))
	}
	if f.Foreign > 0 {
		f.Warnings = append(f.Warnings, fmt.Sprintf("%d messages weren't from mqtt bench: they tell no latency and no number", f.Foreign))
	}
}

// unfinished is an error when not all that was offered was done.
func (f *summary) unfinished() error {
	if f.Failed == 0 {
		return nil
	}
	what, code := "messages have no acknowledgement", app.ExitUnacknowledged
	switch f.Work {
	case "conn":
		what, code = "connections failed", app.ExitCode(f.wrong)
	case "rtt":
		what = "messages didn't come back in time"
	}
	if f.wrong == nil {
		return app.Fail(code, "%d of %d %s", f.Failed, f.Offered, what)
	}
	return app.Fail(code, "%d of %d %s; the first: %w", f.Failed, f.Offered, what, f.wrong)
}
