package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// The pace of the slow consumer. It begins anew each round, and ends when most of the flood is over, or has taken long enough.
const (
	taking     = 6 * time.Second // messages are taken, one each
	slowness   = 3 * time.Millisecond
	between    = 100             // of which a message is published, and waited for
	stopped    = 2 * time.Second // nothing is taken or published: the server has to wait
	publishing = 2 * time.Second // nothing is taken: what comes while answers are owed has no room
	pause      = 200 * time.Millisecond
	longEnough = 55 * time.Second
	sampling   = 200 * time.Millisecond
)

// floodedClient is the client process: it writes samples of its memory to w, and what came of it to told.
func floodedClient(w, told io.Writer, f flood, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	c, err := f.begin(ctx, address)
	if err != nil {
		return err
	}
	defer c.client.Abort()
	s := &sampler{client: c.client, version: f.version, w: csv.NewWriter(w), start: time.Now()}
	sampled, stop := make(chan error, 1), make(chan struct{})
	go func() { sampled <- s.run(stop) }()
	err = c.slowly(ctx)
	slow := time.Since(s.start)
	if err == nil {
		err = c.finish(ctx)
	}
	close(stop)
	if failed := <-sampled; err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	return s.judge(told, c, slow)
}

// slowly goes through rounds of the slow consumer.
func (c *consumer) slowly(ctx context.Context) error {
	end := time.Now().Add(longEnough)
	over := func() bool { return time.Now().After(end) || c.client.Stats().In.Received > c.loose*4/5 }
	for !over() {
		for until := time.Now().Add(taking); time.Now().Before(until) && !over(); time.Sleep(slowness) {
			if err := c.take(ctx); err != nil {
				return err
			}
			if c.taken%between == 0 {
				if err := c.publish(ctx); err != nil {
					return err
				}
			}
		}
		time.Sleep(stopped)
		for until := time.Now().Add(publishing); time.Now().Before(until) && !over(); time.Sleep(pause) {
			if err := c.publish(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// sampler watches the memory of its own process.
type sampler struct {
	client  *mqtt.Client
	version mqtt.Version
	w       *csv.Writer
	start   time.Time
	peak    int // of what lives after a collection
}

// columns are those of the samples. Memory is in bytes.
var columns = []string{"version", "seconds", "resident", "live", "bound", "received", "taken", "dropped"}

func (s *sampler) run(stop <-chan struct{}) error {
	tick := time.NewTicker(sampling)
	defer tick.Stop()
	for {
		if err := s.sample(); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-stop:
			s.w.Flush()
			return s.w.Error()
		}
	}
}

func (s *sampler) sample() error {
	resident, err := residentNow()
	if err != nil {
		return err
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	s.peak = max(s.peak, int(live[0].Value.Uint64()))
	in := s.client.Stats().In
	return s.w.Write([]string{
		s.version.String(), strconv.FormatFloat(time.Since(s.start).Seconds(), 'f', 1, 64),
		strconv.Itoa(resident), strconv.FormatUint(live[0].Value.Uint64(), 10), strconv.Itoa(boundOf(floodConfig(s.version))),
		strconv.FormatUint(in.Received, 10), strconv.FormatUint(in.Taken, 10), strconv.FormatUint(in.Dropped, 10),
	})
}

// residentNow is how much memory the process has.
func residentNow() (int, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size, resident int
	_, err = fmt.Sscan(string(text), &size, &resident)
	return resident * os.Getpagesize(), err
}

// residentPeak is the most that it ever had, also between samples.
func residentPeak() (int, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, line, _ := bytes.Cut(text, []byte("VmHWM:"))
	fields := strings.Fields(string(line))
	if len(fields) == 0 {
		return 0, fmt.Errorf("/proc/self/status doesn't tell VmHWM")
	}
	kilobytes, err := strconv.Atoi(fields[0])
	return kilobytes << 10, err
}

// judge tells what came of the flood, and holds the process to its bound.
func (s *sampler) judge(w io.Writer, c *consumer, slow time.Duration) error {
	resident, err := residentPeak()
	if err != nil {
		return err
	}
	cfg := floodConfig(s.version)
	in := c.client.Stats().In
	fmt.Fprintf(w, "MQTT %s: %d messages of QoS 0 and %d of QoS 1 in %.0f s, %.0f s of them slowly, on %d connection\n",
		s.version, c.loose, c.sure, time.Since(s.start).Seconds(), slow.Seconds(), c.report.Connections)
	fmt.Fprintf(w, "  QoS 1: %d taken, each once and in order; %d acknowledged in order\n", c.tookSure, c.report.Acknowledged)
	fmt.Fprintf(w, "  QoS 0: %d taken, %d dropped and counted\n", c.tookLoose, in.Dropped)
	fmt.Fprintf(w, "  %d messages published meanwhile; the longest wait for an acknowledgement was %v\n", c.published, c.longest.Round(time.Millisecond))
	fmt.Fprintf(w, "  memory: %s at most, bound %s; alive on the heap: %s at most, of which messages may take %s\n\n",
		mebibytes(resident), mebibytes(boundOf(cfg)), mebibytes(s.peak), mebibytes(roomOf(cfg)))
	switch {
	case resident > boundOf(cfg):
		return fmt.Errorf("the process had %s, and its bound is %s", mebibytes(resident), mebibytes(boundOf(cfg)))
	case s.peak > roomOf(cfg)+runtimeAndBuffers:
		return fmt.Errorf("%s were alive on the heap, where %s may be", mebibytes(s.peak), mebibytes(roomOf(cfg)+runtimeAndBuffers))
	}
	return nil
}

func mebibytes(n int) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
