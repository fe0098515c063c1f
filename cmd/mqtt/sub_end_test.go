package main_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSubEndsWhenItsSessionIsTakenOver(t *testing.T) {
	t.Parallel()
	url := puppet(t, func(packet []byte) []byte {
		switch packet[0] {
		case 0x10:
			return []byte{0x20, 3, 0, 0, 0}
		case 0x82:
			return []byte{0x90, 4, packet[2], packet[3], 0, 1, // SUBACK
				0xE0, 1, 0x8E} // DISCONNECT: session taken over
		}
		return []byte{}
	})
	r := run(t, "sub", "--url", url, "-t", "a", "-q", "1")
	require.Equal(t, result{5, "", "mqtt: DISCONNECT: session taken over (0x8E)\n"}, r)
}

// TestAtASecondInterruptNothingIsLeft: a command that was started has our standard output, which would not end before it.
func TestAtASecondInterruptNothingIsLeft(t *testing.T) {
	t.Parallel()
	s, h := newTeller(t)
	for name, args := range map[string][]string{
		"sub":   {"sub", "--url", s.url, "-t", "a", "--exec", "echo begun >&2; sleep 1000"},
		"reply": {"reply", "--url", s.url, "-t", "a", "--exec", "echo begun >&2; sleep 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, args...)
			<-h.made
			request := start(t, "request", "--url", s.url, "-t", "a", "-n")
			<-h.made
			p.stderr.awaitText(t, "begun")
			p.interruptTwice()
			require.Equal(t, 130, p.wait().code)
			request.signal(syscall.SIGINT)
			request.wait()
		})
	}
}

// interruptTwice interrupts until the program has ended: two that come close are one.
func (p *process) interruptTwice() {
	p.t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for {
		select {
		case <-again.C:
			p.cmd.Process.Signal(syscall.SIGINT)
		case <-p.over:
			return
		case <-late:
			p.t.Fatalf("mqtt %q doesn't end", p.cmd.Args[1:])
		}
	}
}
