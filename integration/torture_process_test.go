//go:build integration

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// role is a line of processes, each of which goes on where the one before was killed.
type role struct {
	task
	versions []mqtt.Version // of the processes, in turn
	deaths   int            // how many are killed
	spared   chan struct{}  // closed when no more of them are
}

// begin runs the first process of a role, which makes the session, to its end.
func (r *role) begin(ctx context.Context) error {
	first := r.task
	first.Version, first.Last = r.versions[0], true
	return r.run(ctx, first)
}

// live kills so many processes, and runs one more to its end. It waits before that one until calm.
func (r *role) live(ctx context.Context, calm <-chan struct{}) error {
	each := 2 * r.Count / (r.deaths + 1)
	for i := range r.deaths {
		next := r.task
		next.Run, next.Version = i+1, r.versions[i%len(r.versions)]
		next.Until = each * (i + 1)
		if next.Busy = each*i + rand.IntN(each); r.Role != publishing {
			next.Busy = 1 + rand.IntN(2*each)
		}
		if err := r.run(ctx, next); err != nil {
			return err
		}
	}
	close(r.spared)
	if !reached(ctx, calm) {
		return ctx.Err()
	}
	last := r.task
	last.Run, last.Version, last.Last = r.deaths+1, r.versions[r.deaths%len(r.versions)], true
	last.Until = 2 * r.Count
	return r.run(ctx, last)
}

// reached waits for what is said by closing a channel; it returns false when ctx ended first.
func reached(ctx context.Context, moments ...<-chan struct{}) bool {
	for _, m := range moments {
		select {
		case <-m:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// run runs one process until its end, or kills it.
func (r *role) run(ctx context.Context, t task) error {
	what, err := json.Marshal(t)
	if err != nil {
		return err
	}
	var words bytes.Buffer
	busy := &signal{told: make(chan struct{})}
	command := exec.CommandContext(ctx, os.Args[0])
	// At its end the race detector sleeps for a second, so that others may find a race meanwhile. Nobody else is there.
	command.Env = append(os.Environ(), childTask+"="+string(what), "GORACE=atexit_sleep_ms=0")
	command.Stdout, command.Stderr = busy, &words
	if err := command.Start(); err != nil {
		return err
	}
	if !t.Last {
		moment(ctx, t.Role, busy.told)
		command.Process.Kill()
	}
	err = command.Wait()
	if status, is := command.ProcessState.Sys().(syscall.WaitStatus); is && !t.Last && status.Signal() == syscall.SIGKILL {
		err = nil
	}
	if err == nil && words.Len() > 0 { // the race detector speaks there, too
		err = fmt.Errorf("it has said something")
	}
	if err != nil {
		return fmt.Errorf("process %d of %s: %w: %s", t.Run, t.Role, err, &words)
	}
	return nil
}

// signal is told by a process that writes anything.
type signal struct {
	told chan struct{}
	once sync.Once
}

func (s *signal) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.told) })
	return len(p), nil
}

// moment returns at a random moment in the life of a process: mostly while it is in the middle of its work, sometimes
// while it starts, reads its store and connects. It is the one place here where time alone is waited for: a kill that waits
// for something else would come at the moments that somebody has thought of.
func moment(ctx context.Context, role string, busy <-chan struct{}) {
	var bored <-chan time.Time
	if role != publishing { // others depend on what is published
		bored = time.After(time.Second)
	}
	if rand.IntN(4) > 0 {
		select {
		case <-busy:
		case <-bored:
		case <-ctx.Done():
		}
	}
	select {
	case <-time.After(time.Duration(math.Pow(rand.Float64(), 3) * float64(300*time.Millisecond))): // a half within 38 ms
	case <-ctx.Done():
	}
}
