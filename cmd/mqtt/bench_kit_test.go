package main_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// disturber lies between the program and a server, and disturbs them.
type disturber struct {
	url    string
	to     string
	listen net.Listener
	all    sync.WaitGroup

	mu     sync.Mutex
	conns  []net.Conn
	bytes  int           // until the pause
	pause  time.Duration // zero: there is none, or it was
	paused chan struct{} // closed when the pause is over; nil: none is
}

// newDisturber starts one in front of a server.
func newDisturber(t testing.TB, s *server) *disturber {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &disturber{url: "mqtt://" + l.Addr().String(), to: s.listener.Address(), listen: l}
	p.all.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.cut()
		p.all.Wait()
	})
	return p
}

// pauseAfter has all traffic stand still for so long once so many bytes have come from clients.
func (p *disturber) pauseAfter(bytes int, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes, p.pause = bytes, d
}

// cut ends all connections.
func (p *disturber) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *disturber) accept() {
	for {
		in, err := p.listen.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			in.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, in, out)
		p.mu.Unlock()
		p.all.Go(func() { p.copy(out, in, true) })
		p.all.Go(func() { p.copy(in, out, false) })
	}
}

func (p *disturber) copy(to, from net.Conn, fromClient bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			p.gate(n, fromClient)
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// gate holds what comes while there is a pause.
func (p *disturber) gate(n int, fromClient bool) {
	p.mu.Lock()
	if fromClient && p.pause > 0 {
		if p.bytes -= n; p.bytes <= 0 {
			over := make(chan struct{})
			time.AfterFunc(p.pause, func() { close(over) })
			p.pause, p.paused = 0, over
		}
	}
	paused := p.paused
	p.mu.Unlock()
	if paused != nil {
		<-paused
	}
}
