package request

import (
	"fmt"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/mqtt"
)

// printer writes answers.
type printer struct {
	w      io.Writer
	format string
	buf    []byte
}

// print writes an answer at once.
func (p *printer) print(m *mqtt.Received) error {
	p.buf = p.buf[:0]
	switch p.format {
	case "ndjson":
		record := ndjson.Of(m, time.Now())
		p.buf = ndjson.Append(p.buf, &record)
	case "raw":
		p.buf = append(p.buf, m.Payload...)
	default:
		p.buf = append(append(p.buf, m.Payload...), '\n')
	}
	_, err := p.w.Write(p.buf)
	return err
}

// times is how long answers took.
type times struct{ histogram *hdrhistogram.Histogram } // in microseconds; nil before the first

func (t *times) add(d time.Duration) {
	if t.histogram == nil {
		t.histogram = hdrhistogram.New(1, time.Hour.Microseconds(), 3)
	}
	t.histogram.RecordValue(min(d.Microseconds(), time.Hour.Microseconds()))
}

func (t *times) summary() string {
	h := t.histogram
	if h == nil {
		return ""
	}
	at := func(q float64) string { return milliseconds(time.Duration(h.ValueAtQuantile(q)) * time.Microsecond) }
	return fmt.Sprintf(": min %s, p50 %s, p90 %s, p99 %s, max %s", milliseconds(time.Duration(h.Min())*time.Microsecond), at(50), at(90), at(99),
		milliseconds(time.Duration(h.Max())*time.Microsecond))
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.3f ms", float64(d.Microseconds())/1000)
}
