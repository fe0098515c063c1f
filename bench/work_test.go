package main

import (
	"slices"
	"testing"
)

// Every client does every work, in small, with its server in the same process. What has arrived and its order is checked.
func TestEveryClientDoesEveryWork(t *testing.T) {
	everyClient(t, everywhere(t), rows())
}

func everyClient(t *testing.T, where places, all []row) {
	r := &runner{places: where, size: 64}
	for _, c := range candidates {
		t.Run(c.name, func(t *testing.T) {
			if !prepared(t, r, c) {
				return
			}
			for _, row := range all {
				t.Run(row.name, func(t *testing.T) { inSmall(t, r, c, row) })
			}
		})
	}
}

// prepared has a peer prepare what it needs. What this machine hasn't got is told, and can't be tested.
func prepared(t *testing.T, r *runner, c candidate) bool {
	_, missing := r.prepare(t.Context(), []candidate{c}, t.TempDir())
	for _, why := range missing {
		t.Log("not here: ", why)
	}
	return len(missing) == 0
}

func inSmall(t *testing.T, r *runner, c candidate, row row) {
	o := r.orderOf(c, row, 0)
	if o.N = min(200, max(8, (8<<20)/o.Size)); o.Work == "idle" {
		o.N = 5
	}
	if c.version != 0 && c.version != o.Version {
		t.Logf("%s has no version %d", c.title, o.Version)
		return
	}
	finish := func() error { return nil }
	if o.Broker {
		var err error
		if finish, err = beside(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	got, err := perform(c, o)
	if ended := finish(); err == nil && got.Cannot == "" {
		err = ended
	}
	if err != nil {
		t.Fatal(err)
	}
	if got.Cannot != "" {
		t.Logf("%s doesn't do it: %s", c.title, got.Cannot)
		return
	}
	if err := verify(o); err != nil {
		t.Error(err)
	}
	if got.N != o.N && got.N != 0 || got.Seconds <= 0 {
		t.Errorf("%d messages of %d in %v s", got.N, o.N, got.Seconds)
	}
	if o.Work == "trip" && (got.P50 <= 0 || got.P99 < got.P50 || got.P999 < got.P99) {
		t.Errorf("round trips: %v, %v, %v µs", got.P50, got.P99, got.P999)
	}
}

// The same against a real server.
func TestEveryClientWithMosquitto(t *testing.T) {
	ctx := t.Context()
	address, stop, err := startBroker(ctx, t.TempDir())
	if err != nil {
		t.Logf("there is no real server: %v", err)
		return
	}
	defer stop()
	everyClient(t, places{Address: address}, brokerRows())
}

func TestRowsHaveNamesOfTheirOwn(t *testing.T) {
	for _, all := range [][]row{slices.Concat(rows(), slices.Concat(transportRows()...)), brokerRows()} {
		seen := map[string]bool{}
		for _, r := range all {
			if seen[r.name] {
				t.Errorf("two rows are named %q", r.name)
			}
			seen[r.name] = true
		}
	}
}
