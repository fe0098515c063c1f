package main

import (
	"cmp"
	"slices"
)

func median(all []float64) float64 {
	all = slices.SortedFunc(slices.Values(all), cmp.Compare)
	return all[len(all)/2]
}

// medians takes each field by itself, and the rate.
func medians(all []result) (m result, rate float64) {
	of := func(field func(result) float64) float64 {
		var values []float64
		for _, r := range all {
			values = append(values, field(r))
		}
		return median(values)
	}
	m = result{
		N:           int(of(func(r result) float64 { return float64(r.N) })),
		Seconds:     of(func(r result) float64 { return r.Seconds }),
		CPU:         of(func(r result) float64 { return r.CPU / float64(r.N) }),
		Allocations: of(func(r result) float64 { return r.Allocations }),
		AllocBytes:  of(func(r result) float64 { return r.AllocBytes }),
		P50:         of(func(r result) float64 { return r.P50 }),
		P99:         of(func(r result) float64 { return r.P99 }),
		P999:        of(func(r result) float64 { return r.P999 }),
		Bytes:       of(func(r result) float64 { return r.Bytes }),
		Goroutines:  of(func(r result) float64 { return r.Goroutines }),
		Connect:     of(func(r result) float64 { return r.Connect }),
		Used:        of(func(r result) float64 { return r.Used }),
		First:       of(func(r result) float64 { return r.First }),
		Peak:        of(func(r result) float64 { return r.Peak }),
	}
	for _, r := range all { // the worst of them
		m.Before = r.Before
		m.After = max(m.After, r.After)
	}
	return m, of(func(r result) float64 { return float64(r.N) / r.Seconds })
}
