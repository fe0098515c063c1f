package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// settings are what the command line says.
type settings struct {
	rounds                       int
	scale                        float64
	size                         int
	only, peers, profile, report string
	growth                       bool // nothing else
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

// choice is what is measured.
type choice struct {
	works, real []row
	ways        [][]row
	growths     []growth
}

// choose says what is measured. The growth is so when it is asked for, or nothing is left out.
func (s settings) choose() (p choice, err error) {
	var all, some []row // that one row can be chosen of
	if s.growth {
		all = rowsOf(growths(s.scale))
		some = chosen(all, s.only)
		p.growths = having(growths(s.scale), some)
	} else {
		all = append(rows(), slices.Concat(transportRows()...)...)
		p.works, p.real, p.ways = chosen(rows(), s.only), chosen(brokerRows(), s.only), chosenOf(transportRows(), s.only)
		some = append(slices.Clone(p.works), slices.Concat(p.ways...)...)
		if s.only == "" {
			p.growths = growths(s.scale)
		}
	}
	switch {
	case s.profile != "" && len(some) != 1:
		return p, fmt.Errorf("-cpuprofile is for one row; -only %q chooses %d:%s", s.only, len(some), listed(some))
	case s.profile != "":
		p.real = nil
	case len(some)+len(p.real) == 0:
		return p, fmt.Errorf("no row contains %q; these are there:%s", s.only, listed(all))
	}
	return p, nil
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
	if s.growth {
		if all = growing(all); len(all) == 0 {
			return fmt.Errorf("-growth measures limit and sluice; -peers %s has neither", s.peers)
		}
	}
	p, err := s.choose()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	where, stop, err := start()
	if err != nil {
		return err
	}
	defer stop()
	r := &runner{rounds: s.rounds, scale: s.scale, size: max(16, s.size), places: where, profile: s.profile, progress: progress}
	d := &document{settings: s}
	d.candidates, d.missing = r.prepare(ctx, all, folder)
	d.works = r.series(ctx, p.works, d.candidates)
	if len(p.real) > 0 {
		d.broker, d.noBroker = r.broker(ctx, p.real, d.candidates, folder)
	}
	d.travellers = travelling(d.candidates)
	for _, rows := range p.ways {
		if len(d.travellers) > 0 {
			d.ways = append(d.ways, r.together(ctx, d.travellers, rows...))
		}
	}
	d.growers = growing(d.candidates)
	for _, g := range p.growths {
		if len(d.growers) == 0 {
			break
		}
		d.grown = append(d.grown, grown{g, r.series(ctx, g.rows, d.growers)})
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
	d.every(func(row row, client candidate, c cell) {
		if c.failed && (client.name == "sluice" || client.kind == socket) {
			wrong = append(wrong, fmt.Errorf("%s, %s: %s", row.name, client.title, c.why))
		}
	})
	return errors.Join(wrong...)
}
