// Command bench measures Sluice beside another Go client and the socket itself, in one run, interleaved.
//
// The server is a process of its own that only acknowledges or floods, so that the client is what is measured. Each row is
// the median of several rounds, and each figure stands beside its share of the limit row: pre-encoded packets written and
// read without a client.
package main

import (
	"bufio"
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

// work is one thing to do n times; it gives how long that took.
type work struct {
	name string
	n    int
	run  func(ctx context.Context, p oldPeer, address string, n, size int) (time.Duration, error)
}

// oldPeer is a client to be measured.
type oldPeer interface {
	name() string
	publish(ctx context.Context, address string, qos, n, size int) (time.Duration, error)
	receive(ctx context.Context, address string, qos, n, size int) (time.Duration, error)
}

func works(scale float64) []work {
	count := func(n int) int { return max(1000, int(float64(n)*scale)) }
	pub := func(qos int) func(context.Context, oldPeer, string, int, int) (time.Duration, error) {
		return func(ctx context.Context, p oldPeer, address string, n, size int) (time.Duration, error) {
			return p.publish(ctx, address, qos, n, size)
		}
	}
	return []work{
		{"publish QoS 0, one goroutine", count(2_000_000), pub(0)},
		{"publish QoS 1, 1000 in flight", count(300_000), pub(1)},
		{"publish QoS 2, 1000 in flight", count(150_000), pub(2)},
		{"receive QoS 0", count(1_000_000), func(ctx context.Context, p oldPeer, address string, n, size int) (time.Duration, error) {
			return p.receive(ctx, address, 0, n, size)
		}},
	}
}

func main() {
	server := flag.Bool("serve", false, "be the server process (used by the program itself)")
	rounds := flag.Int("rounds", 5, "rounds, of which the median counts")
	scale := flag.Float64("scale", 1, "share of the usual number of messages")
	size := flag.Int("size", 64, "payload in bytes")
	only := flag.String("only", "", "only rows that contain this text")
	stores := flag.Bool("store", false, "measure durable publishing with several stores instead; -size, -rounds and -scale hold")
	aliases := flag.Bool("alias", false, "measure long topics without and with topic aliases instead; -size, -rounds and -scale hold")
	floods := flag.String("flood", "", "have a slow consumer live through a flood, and write samples of its memory to this file")
	flooded := flag.String("flooded", "", "be the client process of the flood, of this version of MQTT (used by the program itself)")
	ordered := flag.String("client", "", "be a client process, and do this order (used by the program itself)")
	address := flag.String("address", "", "where the server process is (used by the program itself)")
	profile := flag.String("cpuprofile", "", "measure Sluice alone, and write its CPU profile to this file")
	flag.Parse()
	var err error
	switch {
	case *server:
		err = serve()
	case *ordered != "":
		err = client(os.Stdout, *ordered)
	case *stores:
		err = profiled(*profile, func() error { return measureStores(os.Stdout, *rounds, *scale, *size, *profile != "") })
	case *aliases:
		err = measureAliases(os.Stdout, *rounds, *scale, *size)
	case *floods != "":
		err = drive(*floods, *scale)
	case *flooded != "":
		var f flood
		if f, err = floodOf(*flooded, *scale); err == nil {
			err = floodedClient(os.Stdout, os.Stderr, f, *address)
		}
	default:
		peers := []oldPeer{limit{}, sluice{}, paho{}}
		if *profile != "" {
			peers = peers[1:2]
		}
		err = profiled(*profile, func() error { return measure(os.Stdout, peers, *rounds, *scale, *size, *only) })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// start runs the server process; stop ends it.
func start() (address string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(self, "-serve")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(line), func() { in.Close(); cmd.Wait() }, err
}

// profiled runs f, under the profiler when there is a path to write to.
func profiled(path string, f func() error) error {
	if path == "" {
		return f()
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return f()
}

func measure(w io.Writer, peers []oldPeer, rounds int, scale float64, size int, only string) error {
	address, stop, err := start()
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(w, "%s %s/%s, %d CPUs, payload %d bytes, median of %d rounds, messages a second\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), size, rounds)
	fmt.Fprintf(w, "| work | socket limit | Sluice | share of limit | paho.mqtt.golang | Sluice : paho |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, job := range works(scale) {
		if !strings.Contains(job.name, only) {
			continue
		}
		rates := make([][]float64, len(peers))
		for range rounds {
			for i, p := range peers {
				rate, err := once(p, job, address, size)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", p.name(), job.name, err)
				}
				rates[i] = append(rates[i], rate)
			}
		}
		if len(peers) == 1 {
			fmt.Fprintf(w, "| %s | | %.0f |\n", job.name, median(rates[0]))
			continue
		}
		m := []float64{median(rates[0]), median(rates[1]), median(rates[2])}
		fmt.Fprintf(w, "| %s | %.0f | %.0f | %.0f %% | %.0f | %.1f |\n", job.name, m[0], m[1], 100*m[1]/m[0], m[2], m[1]/m[2])
	}
	return nil
}

// once runs a job with a peer; a goroutine that is left behind is an error.
func once(p oldPeer, job work, address string, size int) (float64, error) {
	runtime.GC()
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	n := job.n
	if p.name() == "paho.mqtt.golang" {
		n = max(1000, n/10) // it would take minutes
	}
	took, err := job.run(ctx, p, address, n, size)
	if err != nil {
		return 0, err
	}
	if err := gone(before); err != nil && p.name() == "Sluice" {
		return 0, err
	}
	return float64(n) / took.Seconds(), nil
}

// gone says whether all goroutines that a job started have ended.
func gone(before int) error {
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%d goroutines were left behind", runtime.NumGoroutine()-before)
}

func median(all []float64) float64 {
	slices.SortFunc(all, cmp.Compare)
	return all[len(all)/2]
}
