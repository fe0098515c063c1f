package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
)

// status is how a step went.
type status string

const (
	ok   status = "ok"
	info status = "info" // worth knowing, neither good nor bad
	warn status = "warn"
	fail status = "fail"
)

// finding is what one step has found out, in a sentence.
type finding struct {
	Step   string         `json:"step"`
	Status status         `json:"status"`
	Text   string         `json:"text"`
	Data   map[string]any `json:"data,omitempty"` // for machines
}

// found makes one. A server, or its certificate, has a say in some texts: nothing in them moves a terminal.
func found(step string, s status, format string, args ...any) finding {
	return finding{Step: step, Status: s, Text: app.Printable(strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))}
}

// with gives a finding a fact for machines.
func (f finding) with(name string, value any) finding {
	data := map[string]any{name: value}
	maps.Copy(data, f.Data)
	f.Data = data
	return f
}

// server is all about one server.
type server struct {
	URL      string    `json:"url"`
	Exit     int       `json:"exit"` // as the program's
	Findings []finding `json:"findings"`
}

// report is written as it grows for people, and at its end for machines.
type report struct {
	Exit    int       `json:"exit"`
	Servers []*server `json:"servers"`

	out    io.Writer
	asJSON bool
	colour bool
	err    error // of writing, which ends it all
}

func newReport(a *app.App, asJSON bool) *report {
	return &report{out: a.Output(), asJSON: asJSON, colour: a.Live(a.Stdout), Servers: []*server{}}
}

// begin begins with a server.
func (r *report) begin(url string) *server {
	s := &server{URL: url, Findings: []finding{}}
	r.Servers = append(r.Servers, s)
	r.print("%s\n", url)
	return s
}

// add adds findings to a server.
func (r *report) add(s *server, all ...finding) {
	for _, f := range all {
		s.Findings = append(s.Findings, f)
		r.print("  %s  %-13s %s\n", r.label(f.Status), f.Step, f.Text)
	}
}

func (r *report) print(format string, args ...any) {
	if r.asJSON || r.err != nil {
		return
	}
	_, r.err = fmt.Fprintf(r.out, format, args...)
}

// label is the word at the begin of a line, of one width.
func (r *report) label(s status) string {
	word, colour := "    ", ""
	switch s {
	case ok:
		word, colour = "ok  ", "32"
	case warn:
		word, colour = "warn", "33"
	case fail:
		word, colour = "FAIL", "31"
	}
	if !r.colour || colour == "" {
		return word
	}
	return "\x1b[" + colour + "m" + word + "\x1b[0m"
}

// end writes what machines get, and gives the error of all writing.
func (r *report) end() error {
	if r.asJSON && r.err == nil {
		e := json.NewEncoder(r.out)
		e.SetEscapeHTML(false)
		r.err = e.Encode(r)
	}
	return r.err
}

// worst is the exit code: of the first server that failed, and with strict 1 for a warning.
func (r *report) worst(strict bool) int {
	code := app.ExitOK
	for _, s := range r.Servers {
		if s.Exit != app.ExitOK {
			return s.Exit
		}
		for _, f := range s.Findings {
			if strict && f.Status == warn {
				code = app.ExitFailed
			}
		}
	}
	return code
}

// took is a time as people read it.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// millis is a time for machines.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
