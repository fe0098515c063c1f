package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// calibration is what this program does against a server that does next to nothing, beside it on the same machine.
type calibration struct {
	Rate  float64 `json:"rate"`  // a second, as asked for
	Limit float64 `json:"limit"` // a second, as fast as it goes
	P50   float64 `json:"p50"`   // microseconds, at Rate
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
	// Near: the run's rate came within four fifths of the limit.
	Near bool `json:"near"`
}

const (
	calibrating = 3 * time.Second // at most, once for each way
	nearLimit   = 0.8
)

// calibrated does the same work against a server of our own: as it was asked for, and as fast as it goes.
func (b *bench) calibrated(ctx context.Context) (*calibration, error) {
	asked, err := b.against(ctx, b.saturate)
	if err != nil {
		return nil, fmt.Errorf("calibrating: %w", err)
	}
	c := &calibration{Rate: asked.Rate, Limit: asked.Rate, P50: asked.Latency.P50, P99: asked.Latency.P99, Max: asked.Latency.Max}
	if b.rate > 0 {
		fast, err := b.against(ctx, true)
		if err != nil {
			return nil, fmt.Errorf("calibrating: %w", err)
		}
		c.Limit = fast.Rate
	}
	return c, nil
}

// against measures the work against a server in this program.
func (b *bench) against(ctx context.Context, saturate bool) (*summary, error) {
	server, err := startServer(b.app, b.work == "sub", b.topicOf(0), b.qos)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	again := *b
	again.options, again.live = b.briefly(saturate), newLive(b.app, b.work, false)
	again.live.moving, again.live.quiet = false, true
	again.cfg.Servers, again.cfg.TLS = []string{server.url()}, nil
	again.cfg.Proxy.URL, again.cfg.Username, again.cfg.Password = "none", "", nil
	f, err := again.measure(ctx)
	if err == nil && f.Interrupted {
		err = app.ErrInterrupted
	}
	return f, err
}

// briefly is the same for a few seconds.
func (o options) briefly(saturate bool) *options {
	if o.work == "conn" {
		o.duration = 0
		if o.rate > 0 {
			o.clients = max(1, int(min(float64(o.clients), o.rate*calibrating.Seconds())))
		}
	} else if o.duration == 0 || time.Duration(o.duration) > calibrating {
		o.duration = app.Seconds(calibrating)
	}
	o.warmup, o.saturate = min(o.warmup, app.Seconds(time.Second)), saturate
	if saturate {
		o.rate, o.count = 0, 0
	}
	return &o
}

// calibrated takes a calibration into the summary, and warns when the run came near to it.
func (f *summary) calibrated(c *calibration) {
	if c == nil {
		return
	}
	f.Calibration = c
	if c.Near = f.Rate >= nearLimit*c.Limit; c.Near {
		f.Warnings = append(f.Warnings, fmt.Sprintf("the rate is within %.0f %% of what this program can do (%.0f/s): it is the limit, rather than the server", 100*nearLimit, c.Limit))
	}
}

func (c *calibration) described(f *summary) string {
	text := fmt.Sprintf("%.0f/s at most against a server that does next to nothing", c.Limit)
	if f.Latency.Count > 0 {
		text += fmt.Sprintf("; doing the same p50 %s, p99 %s, max %s", short(c.P50), short(c.P99), short(c.Max))
	}
	return text
}
