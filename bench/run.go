package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// runner has client processes do orders.
type runner struct {
	rounds   int
	scale    float64
	size     int
	places   places            // of the server
	folders  map[string]string // of the peers that have prepared something
	profile  string
	progress io.Writer
	beside   func(ctx context.Context, o order) (finish func() error, err error) // what goes on while a client works; nil: nothing
	count    int                                                                 // clients so far
}

// lasting is how long one measurement should take, at scale 1.
const lasting = 150 * time.Millisecond

// pilot says about how many messages a second there are, from short runs that don't count. Zero: that isn't known. A client is slow
// in its first milliseconds, so what is fast is tried again with more messages; but not what takes long to begin.
func (r *runner) pilot(ctx context.Context, c candidate, row row) (rate float64) {
	tries := 3
	if row.fixed {
		tries = 0
	} else if c.kind == elsewise {
		tries = 1
	}
	for range tries {
		o := r.orderOf(c, row, rate)
		o.Warm = 0
		got, err := r.once(ctx, c, o)
		if err != nil || got.Cannot != "" {
			return 0 // the measurement will say it
		}
		rate = float64(got.N) / got.Seconds
		if got.Seconds > r.scale*lasting.Seconds()/3 {
			break
		}
	}
	return rate
}

// warming is how long a client works before it is measured, at scale 1 and above, where that matters.
const warming = 500 * time.Millisecond

// orderOf is the order for a client that does so many messages a second.
func (r *runner) orderOf(c candidate, row row, rate float64) order {
	o := row.order
	if o.Size == 0 {
		o.Size = r.size
	}
	least := min(2000, max(20, (16<<20)/o.Size)) // the latter for large payloads
	switch {
	case row.fixed && o.Work == "idle":
		o.N = max(10, int(float64(o.N)*min(1, r.scale)))
	case !row.fixed:
		o.N = max(least, int(rate*r.scale*lasting.Seconds()))
	}
	if o.Version == 0 {
		o.Version = 4
		if c.version != 0 {
			o.Version = c.version
		}
	}
	r.count++
	o.Peer, o.Address, o.Client = c.name, r.places.Address, fmt.Sprintf("bench-%d-%d", os.Getpid(), r.count)
	o.URL, o.CA = r.places.of(o.Transport)
	o.Folder = r.folders[c.name]
	o.Warm = int(min(1, r.scale) * float64(warming.Milliseconds()))
	return o
}

// once has a client process do an order, and checks with the server that all has arrived in order.
func (r *runner) once(ctx context.Context, c candidate, o order) (result, error) {
	if c.version != 0 && c.version != o.Version {
		return result{Cannot: "it doesn't have this version of MQTT"}, nil
	}
	finish := func() error { return nil }
	if r.beside != nil {
		var err error
		if finish, err = r.beside(ctx, o); err != nil {
			return result{}, err
		}
	}
	got, err := r.process(ctx, o)
	if ended := finish(); err == nil && got.Cannot == "" {
		err = ended
	}
	if err != nil || got.Cannot != "" {
		return got, err
	}
	if got.N == 0 {
		got.N = o.N
	}
	return got, verify(o)
}

// verify asks the server for what a client has published.
func verify(o order) error {
	if o.Broker || o.Work == "receive" || o.Work == "streams" || o.Work == "idle" {
		return nil
	}
	topic := "arrived/" + o.Client
	if o.Work == "clients" {
		topic = "together/" + o.Client + "-"
	}
	got, err := limit{}.arrived(o.Address, topic)
	if err != nil {
		return err
	}
	return got.judge(o.N)
}

// process runs the client process.
func (r *runner) process(ctx context.Context, o order) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, patience+10*time.Second)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return result{}, err
	}
	args := []string{"-client", string(text)}
	if r.profile != "" {
		args = append(args, "-cpuprofile", r.profile)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if failed, is := errors.AsType[*exec.ExitError](err); is {
		return result{}, fmt.Errorf("%w: %.500s", err, bytes.TrimSpace(failed.Stderr))
	}
	if err != nil {
		return result{}, err
	}
	return resultOf(out)
}

// resultOf reads the last line of what a client process has written.
func resultOf(out []byte) (got result, err error) {
	out = bytes.TrimSpace(out)
	line := out[bytes.LastIndexByte(out, '\n')+1:]
	if err := json.Unmarshal(line, &got); err != nil {
		return got, fmt.Errorf("the client process said %.200q: %w", line, err)
	}
	return got, nil
}
