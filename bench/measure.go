package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"syscall"
	"time"

	"go.uber.org/goleak"
)

// client is the client process: it does one order, and tells the result.
func client(w io.Writer, text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return fmt.Errorf("the order: %w", err)
	}
	c, err := candidateOf(o.Peer)
	if err != nil {
		return err
	}
	r, err := perform(c, o)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(r)
}

// patience is how long one order may take.
const patience = time.Minute

// perform does an order in this process, and looks for goroutines that it leaves behind. Of the others they are only counted.
func perform(c candidate, o order) (result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	before, known := runtime.NumGoroutine(), goleak.IgnoreCurrent()
	r, err := c.peer.do(ctx, o)
	if err != nil || r.Cannot != "" {
		return r, err
	}
	left := goleak.Find(known) // it waits a little
	if c.kind != elsewise {
		peak, _ := residentPeak() // where there is no /proc, it isn't known
		r.Peak = float64(peak)
		r.Before, r.After = before, runtime.NumGoroutine()
	}
	if c.name == "sluice" && left != nil {
		return r, left
	}
	return r, nil
}

// meter measures from begin to end.
type meter struct {
	start  time.Time
	cpu    time.Duration
	memory runtime.MemStats
}

// begin is called when the client is connected and all is ready.
func begin() *meter {
	var m meter
	runtime.GC()
	runtime.ReadMemStats(&m.memory)
	m.cpu, m.start = processed(), time.Now()
	return &m
}

// end gives the result for n messages.
func (m *meter) end(n int) result {
	took, cpu := time.Since(m.start), processed()-m.cpu
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return result{
		N: n, Seconds: took.Seconds(), CPU: cpu.Seconds(),
		Allocations: float64(memory.Mallocs-m.memory.Mallocs) / float64(n),
		AllocBytes:  float64(memory.TotalAlloc-m.memory.TotalAlloc) / float64(n),
	}
}

// now begins a measurement without looking at memory, which would take time when time matters.
func now() *meter { return &meter{start: time.Now(), cpu: processed()} }

// took is the result of such a measurement.
func (m *meter) took(n int) result {
	return result{N: n, Seconds: time.Since(m.start).Seconds(), CPU: (processed() - m.cpu).Seconds(), Allocations: -1, AllocBytes: -1}
}

// processed is how long this process has computed, for itself and in the kernel.
func processed() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // there is no way for it to fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// percentiles writes those of a round trip to r.
func (r *result) percentiles(all []time.Duration) {
	slices.Sort(all)
	at := func(share float64) float64 {
		return float64(all[min(len(all)-1, int(share*float64(len(all))))]) / float64(time.Microsecond)
	}
	r.P50, r.P99, r.P999 = at(0.50), at(0.99), at(0.999)
}

// resting is what connections that do nothing hold: live heap, and stacks.
func resting() (bytes uint64, goroutines int) {
	var m runtime.MemStats
	for range 2 { // the second one frees what finalizers held
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse, runtime.NumGoroutine()
}

// idle makes n connections and says what each holds. Its result has no rate.
func idle(n int, connect func(i int) error) (result, error) {
	bytes, goroutines := resting()
	m := begin()
	for i := range n {
		if err := connect(i); err != nil {
			return result{}, fmt.Errorf("connection %d: %w", i, err)
		}
	}
	r := m.end(n)
	after, more := resting()
	r.Connect, r.Bytes, r.Goroutines = r.Seconds, float64(after-min(after, bytes))/float64(n), float64(more-goroutines)/float64(n)
	return r, nil
}
