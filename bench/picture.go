package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// draw makes the pictures beside the report. The program that draws is another one, so that what it needs takes nothing of the
// processes that are measured.
func (d *document) draw(ctx context.Context, folder string) error {
	for _, p := range []struct {
		name string
		all  []measurement
	}{{"rates", mainly(d.works)}, {"rates-mosquitto", d.broker}} {
		if all := timed(p.all); len(all) > 0 {
			if err := d.bars(ctx, folder, p.name, all); err != nil {
				return err
			}
		}
	}
	if len(d.grown) > 0 {
		return d.picture(ctx, folder, "growth", "growth", d.curves())
	}
	return nil
}

// curves are the figures of the growth: rates, and the memory that the series is about.
func (d *document) curves() [][]string {
	rows := [][]string{{"work", "unit", "figure", "client", "size", "value"}}
	number := func(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }
	for _, g := range d.grown {
		for _, column := range []column{rate, g.weighs[0]} {
			for i, client := range d.growers {
				for k, f := range g.curve(column, i) {
					if f != 0 {
						rows = append(rows, []string{g.name, g.unit, column.title, client.title, number(float64(g.sizes[k])), number(f)})
					}
				}
			}
		}
	}
	return rows
}

// mainly are the works that aren't about the size of a payload.
func mainly(all []measurement) (some []measurement) {
	for _, m := range all {
		if m.row.order.Size == 0 {
			some = append(some, m)
		}
	}
	return some
}

// bars draws messages a second.
func (d *document) bars(ctx context.Context, folder, name string, all []measurement) error {
	rows := [][]string{{"work", "client", "rate"}}
	for _, m := range all {
		for i, c := range m.cells {
			if c.why == "" {
				rows = append(rows, []string{m.row.name, d.candidates[i].title, strconv.FormatFloat(c.rate, 'g', 6, 64)})
			}
		}
	}
	return d.picture(ctx, folder, "bars", name, rows)
}

// picture has the program draw a kind of picture.
func (d *document) picture(ctx context.Context, folder, kind, name string, rows [][]string) error {
	from := filepath.Join(folder, name+".csv")
	file, err := os.Create(from)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := csv.NewWriter(file).WriteAll(rows); err != nil {
		return err
	}
	to := name + ".svg"
	cmd := exec.CommandContext(ctx, "go", "run", "github.com/sluicemq/sluice/bench/draw", kind, from, filepath.Join(filepath.Dir(d.settings.report), to))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the picture %s, which is drawn from within the module bench: %w: %.300s", to, err, out)
	}
	d.pictures = append(d.pictures, to)
	return nil
}
