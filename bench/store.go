package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"go.uber.org/goleak"
)

// storeWork is a number of messages of QoS 1, each of which a store keeps until it is acknowledged.
type storeWork struct {
	client  string // identifier; the server counts by it
	address string
	folder  string // for the store, empty at first
	n, size int
	window  int // so many are in flight; 1: one at a time
}

// storePeer is a client with one of its stores.
type storePeer struct {
	name  string
	syncs string // whether a message is on the disk when it leaves
	part  int    // of the messages of the first peer, the n-th part is measured: else it would take minutes
	run   func(ctx context.Context, w storeWork) (time.Duration, error)
}

// measureStores compares durable publishing. Each row is the median of several rounds, in which the peers take turns.
func measureStores(w io.Writer, rounds int, scale float64, size int, boltAlone bool) error {
	where, stop, err := start()
	if err != nil {
		return err
	}
	defer stop()
	folder, err := os.MkdirTemp("", "stores")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	took, err := syncCost(folder)
	if err != nil {
		return err
	}
	peers := []storePeer{
		{"Sluice, boltstore", "yes, many messages at once", 1, bolt},
		{"Sluice, boltstore, a Write for each message", "yes, each message", 10, boltEach},
		{"Sluice, NewMemoryStore", "no: not even a file", 1, memory},
		{"paho.mqtt.golang, FileStore", "no: a file for each message, without fsync", 2, pahoFiles},
	}
	var node *node
	var why error
	if boltAlone {
		peers = peers[:1]
	} else if node, why = newNode(folder); why == nil {
		peers = append(peers, storePeer{"MQTT.js, mqtt-level-store", "no: LevelDB without sync", 4, node.run})
	}
	fmt.Fprintf(w, "%s %s/%s, %d CPUs, payload %d bytes, QoS 1, median of %d rounds, messages a second\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), size, rounds)
	fmt.Fprintf(w, "The disk: 4 KiB written and synced in %v, the median of 200.\n\n", took.Round(time.Microsecond))
	fmt.Fprintf(w, "| store | 1000 in flight | of boltstore | one at a time | of boltstore | on the disk before it leaves? |\n| --- | --- | --- | --- | --- | --- |\n")
	rows, err := storeRates(peers, rounds, storeWork{address: where.Address, folder: folder, size: size}, scale)
	if err != nil {
		return err
	}
	for i, p := range peers {
		r := rows[i]
		fmt.Fprintf(w, "| %s | %.0f | %.3g | %.0f | %.3g | %s |\n", p.name, r[0], r[0]/rows[0][0], r[1], r[1]/rows[0][1], p.syncs)
	}
	fmt.Fprintln(w, "\nA store that doesn't sync survives the end of the process, and loses messages with the system: compare it with that in mind.")
	if why != nil {
		fmt.Fprintf(w, "MQTT.js isn't measured: %v.\n", why)
	}
	return nil
}

// storeRates gives for each peer the rate of many in flight, and of one at a time.
func storeRates(peers []storePeer, rounds int, w storeWork, scale float64) (rows [][2]float64, err error) {
	all := make([][2][]float64, len(peers))
	for round := range rounds {
		for i, p := range peers {
			for k, c := range []struct{ window, n int }{{1000, 40_000}, {1, 2_000}} {
				w := w
				w.client = fmt.Sprintf("store-%d-%d-%d", round, i, k)
				w.folder = filepath.Join(w.folder, w.client)
				w.window, w.n = c.window, max(100, int(float64(c.n)*scale)/p.part)
				rate, err := storeOnce(p, w)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", p.name, err)
				}
				all[i][k] = append(all[i][k], rate)
			}
		}
	}
	for _, a := range all {
		rows = append(rows, [2]float64{median(a[0]), median(a[1])})
	}
	return rows, nil
}

// storeOnce measures one run. What the server has not got, or got twice, is an error, and so is a goroutine left behind.
func storeOnce(p storePeer, w storeWork) (float64, error) {
	runtime.GC()
	if err := os.Mkdir(w.folder, 0o700); err != nil {
		return 0, err
	}
	defer os.RemoveAll(w.folder)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	before := goleak.IgnoreCurrent()
	took, err := p.run(ctx, w)
	if err != nil {
		return 0, err
	}
	if err := goleak.Find(before); err != nil {
		return 0, err
	}
	got, err := limit{}.arrived(w.address, "arrived/"+w.client)
	if err == nil && got.arrived != uint64(w.n) { // they are all alike, so that order can't be checked
		err = fmt.Errorf("the server got %d messages of %d", got.arrived, w.n)
	}
	return float64(w.n) / took.Seconds(), err
}

// syncCost is how long the disk takes to keep a page.
func syncCost(folder string) (time.Duration, error) {
	file, err := os.Create(filepath.Join(folder, "page"))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var all []time.Duration
	for range 200 {
		begin := time.Now()
		_, written := file.WriteAt(make([]byte, 4<<10), 0)
		if err := errors.Join(written, file.Sync()); err != nil {
			return 0, err
		}
		all = append(all, time.Since(begin))
	}
	slices.SortFunc(all, cmp.Compare)
	return all[len(all)/2], nil
}
