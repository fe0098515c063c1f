package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// settings are what the command line says.
type settings struct {
	rounds                       int
	scale                        float64
	size                         int
	only, peers, profile, report string
}

// candidates are those that -peers names.
func (s settings) candidates() (some []candidate, err error) {
	text := s.peers
	if s.profile != "" {
		text = "sluice"
	}
	if text == "" {
		return candidates, nil
	}
	for name := range strings.SplitSeq(text, ",") {
		c, err := candidateOf(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		some = append(some, c)
	}
	return some, nil
}

// sideBySide measures the clients and reports it.
func sideBySide(ctx context.Context, w, progress io.Writer, s settings) error {
	if s.rounds < 1 {
		return fmt.Errorf("-rounds %d: there must be one at least", s.rounds)
	}
	all, err := s.candidates()
	if err != nil {
		return err
	}
	works, real := chosen(rows(), s.only), chosen(brokerRows(), s.only)
	if s.profile != "" {
		if real = nil; len(works) != 1 {
			return fmt.Errorf("-cpuprofile is for one row; -only %q chooses %d:%s", s.only, len(works), listed(works))
		}
	}
	if len(works)+len(real) == 0 {
		return fmt.Errorf("no row contains %q; these are there:%s", s.only, listed(rows()))
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	address, stop, err := start()
	if err != nil {
		return err
	}
	defer stop()
	r := &runner{rounds: s.rounds, scale: s.scale, size: max(16, s.size), address: address, profile: s.profile, progress: progress}
	d := &document{settings: s}
	d.candidates, d.missing = r.prepare(ctx, all, folder)
	d.works = r.series(ctx, works, d.candidates)
	if len(real) > 0 {
		d.broker, d.noBroker = r.broker(ctx, real, d.candidates, folder)
	}
	if err := d.publish(ctx, w, folder); err != nil {
		return err
	}
	return d.failures()
}

// prepare lets the peers prepare themselves. missing says of those that aren't measured why.
func (r *runner) prepare(ctx context.Context, all []candidate, folder string) (ready []candidate, missing []string) {
	if r.folders == nil {
		r.folders = map[string]string{}
	}
	for _, c := range all {
		if p, needs := c.peer.(preparer); needs {
			own, err := os.MkdirTemp(folder, c.name)
			if err == nil {
				err = p.prepare(ctx, own)
			}
			if err != nil {
				missing = append(missing, fmt.Sprintf("%s: %v", c.title, err))
				continue
			}
			r.folders[c.name] = own
		}
		ready = append(ready, c)
	}
	return ready, missing
}

func listed(all []row) (text string) {
	for _, r := range all {
		text += "\n  " + r.name
	}
	return text
}

// failures is an error when Sluice or the limit failed at something. What others fail at stands in the report.
func (d *document) failures() error {
	var wrong []error
	for _, m := range append(d.works, d.broker...) {
		for i, c := range d.candidates {
			if m.cells[i].failed && (c.name == "sluice" || c.kind == socket) {
				wrong = append(wrong, fmt.Errorf("%s, %s: %s", m.row.name, c.title, m.cells[i].why))
			}
		}
	}
	return errors.Join(wrong...)
}
