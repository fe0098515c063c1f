package main

import (
	"context"
	"fmt"
)

// cell is what came of one row with one client.
type cell struct {
	result         // each field the median of the rounds
	rate   float64 // messages a second
	why    string  // there is no figure; empty: there is one
	failed bool    // it should have worked
}

// measurement is a row with the cells of all candidates.
type measurement struct {
	row   row
	cells []cell
}

// series measures rows one after the other. In each round the candidates take turns.
func (r *runner) series(ctx context.Context, rows []row, all []candidate) (done []measurement) {
	for _, row := range rows {
		done = append(done, r.together(ctx, all, row)...)
	}
	return done
}

// together measures rows so that they can be compared: in each round they take turns too.
func (r *runner) together(ctx context.Context, all []candidate, rows ...row) (done []measurement) {
	trials := make([]*trial, len(rows))
	for i, row := range rows {
		fmt.Fprintf(r.progress, "%s\n", row.name)
		trials[i] = &trial{row: row, cells: make([]cell, len(all)), results: make([][]result, len(all)), pace: make([]float64, len(all))}
	}
	for round := range r.rounds {
		for _, t := range trials {
			for i, c := range all {
				r.turn(ctx, t, i, c, round == 0)
			}
		}
	}
	for _, t := range trials {
		done = append(done, t.outcome())
	}
	return done
}

// trial is a row while it is measured. What it has many of is by candidate.
type trial struct {
	row     row
	cells   []cell
	results [][]result
	pace    []float64 // messages a second
}

// turn measures one candidate once, unless it has failed before.
func (r *runner) turn(ctx context.Context, t *trial, i int, c candidate, first bool) {
	cell := &t.cells[i]
	if cell.why != "" {
		return
	}
	if first {
		t.pace[i] = r.pilot(ctx, c, t.row)
	}
	got, err := r.once(ctx, c, r.orderOf(c, t.row, t.pace[i]))
	switch {
	case err != nil:
		cell.why, cell.failed = err.Error(), true
		fmt.Fprintf(r.progress, "  %s: %v\n", c.title, err)
	case got.Cannot != "":
		cell.why = got.Cannot
	default:
		t.results[i] = append(t.results[i], got)
		t.pace[i] = float64(got.N) / got.Seconds
	}
}

func (t *trial) outcome() measurement {
	for i := range t.cells {
		if c := &t.cells[i]; c.why == "" {
			c.result, c.rate = medians(t.results[i])
		}
	}
	return measurement{t.row, t.cells}
}
