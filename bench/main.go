// Command bench measures Sluice beside other clients and the socket itself, in one run, interleaved.
//
// The server is a process of its own that only acknowledges or floods, and each measurement is a client process of its own, so
// that what it computes and allocates is the client's. Each figure is the median of several rounds, in which the clients take turns.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime/pprof"
)

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 3, "rounds, of which the median counts")
	flag.Float64Var(&s.scale, "scale", 1, "share of the usual time and number of messages")
	flag.IntVar(&s.size, "size", 64, "payload in bytes, where the row doesn't say it")
	flag.StringVar(&s.only, "only", "", "only rows that contain this text")
	flag.StringVar(&s.peers, "peers", "", "only these clients, by name, with commas between; -peers help lists them")
	flag.StringVar(&s.profile, "cpuprofile", "", "measure Sluice alone, in one row that -only names, and write the CPU profile of its process to this file")
	flag.StringVar(&s.report, "report", "", "write the report to this file, and its pictures beside it; none: the report goes to standard output")
	flag.BoolVar(&s.growth, "growth", false, "measure nothing but how costs grow with payload, streams, window, clients and goroutines; -only chooses of these rows")
	stores := flag.Bool("store", false, "measure durable publishing with several stores instead; -size, -rounds and -scale hold")
	aliases := flag.Bool("alias", false, "measure long topics without and with topic aliases instead; -size, -rounds and -scale hold")
	floods := flag.String("flood", "", "have a slow consumer live through a flood, and write samples of its memory to this file")
	server := flag.Bool("serve", false, "be the server process (used by the program itself)")
	ordered := flag.String("client", "", "be a client process, and do this order (used by the program itself)")
	flooded := flag.String("flooded", "", "be the client process of the flood, of this version of MQTT (used by the program itself)")
	address := flag.String("address", "", "where the server process is (used by the program itself)")
	flag.Parse()
	var err error
	switch {
	case *server:
		err = serve()
	case *ordered != "":
		err = profiled(s.profile, func() error { return client(os.Stdout, *ordered) })
	case *stores:
		err = profiled(s.profile, func() error { return measureStores(os.Stdout, s.rounds, s.scale, s.size, s.profile != "") })
	case *aliases:
		err = measureAliases(os.Stdout, s.rounds, s.scale, s.size)
	case *floods != "":
		err = drive(*floods, s.scale)
	case *flooded != "":
		var f flood
		if f, err = floodOf(*flooded, s.scale); err == nil {
			err = floodedClient(os.Stdout, os.Stderr, f, *address)
		}
	default:
		err = sideBySide(context.Background(), os.Stdout, os.Stderr, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// start runs the server process; stop ends it.
func start() (where places, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return where, nil, err
	}
	cmd := exec.Command(self, "-serve")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return where, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return where, nil, err
	}
	if err := cmd.Start(); err != nil {
		return where, nil, err
	}
	stop = func() { in.Close(); cmd.Wait() }
	if err := json.NewDecoder(out).Decode(&where); err != nil {
		stop()
		return where, nil, fmt.Errorf("the server process didn't say where it is: %w", err)
	}
	return where, stop, nil
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
