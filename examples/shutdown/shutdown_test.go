package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/examples/internal/embedded"
	"github.com/sluicemq/sluice/mqtt"
)

// running is a program whose output is read line by line.
type running struct {
	t     *testing.T
	lines *bufio.Scanner
	ended <-chan error
}

func start(t *testing.T, program func(io.Writer) error) *running {
	r, w := io.Pipe()
	t.Cleanup(func() { r.Close() }) // a program that isn't read ends all the same
	ended := make(chan error, 1)
	go func() {
		err := program(w)
		w.Close()
		ended <- err
	}()
	return &running{t: t, lines: bufio.NewScanner(r), ended: ended}
}

func (r *running) says(lines ...string) {
	r.t.Helper()
	for _, line := range lines {
		require.True(r.t, r.lines.Scan(), "the output ends before %q", line)
		require.Equal(r.t, line, r.lines.Text())
	}
}

func (r *running) ends() error {
	r.t.Helper()
	require.False(r.t, r.lines.Scan(), "more output: %q", r.lines.Text())
	return <-r.ended
}

func TestShutdown(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ticks := make(chan time.Time)
	program := start(t, func(w io.Writer) error { return run(ctx, w, ticks) })
	program.says("running, until Ctrl-C")
	for _, line := range []string{"handled: reading 1", "handled: reading 2"} {
		ticks <- time.Now()
		program.says(line)
	}
	interrupt()
	program.says("stopping", "closed, nothing left undone")
	require.NoError(t, program.ends())
}

func TestShutdownBesideASilentServer(t *testing.T) {
	server, err := embedded.Start(nil)
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	arrived, release := server.Hold()
	defer release()

	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ticks := make(chan time.Time)
	program := start(t, func(w io.Writer) error {
		s := &service{url: server.URL, ticks: ticks, patience: 100 * time.Millisecond, log: log.New(w, "", 0)}
		return s.run(ctx)
	})
	program.says("running, until Ctrl-C")
	ticks <- time.Now()
	<-arrived
	interrupt()
	program.says("stopping", "left undone: 0 never sent, 0 refused", "may have arrived: 1", "received and not handled: 0")

	err = program.ends()
	left, ok := errors.AsType[*mqtt.UnfinishedError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, 1, left.Uncertain)
	require.ErrorIs(t, err, mqtt.ErrUncertain)
}
