package mqtttest

import (
	"context"
	"net"
	"syscall"
	"time"
)

// DefaultPatience is how long the helpers that fail a test wait; see [Server.SetPatience].
const DefaultPatience = 5 * time.Minute

// Server is an in-memory MQTT server whose connections are scripted by the test. Its method DialContext makes it the dialer
// of a client. Any goroutine may call its methods. Close it at the end.
type Server struct {
	state   slot[lobby]
	arrived chan struct{} // capacity 1, a signal to Accept: look again
	ended   chan struct{} // closed by Close
}

// lobby is the state of a Server.
type lobby struct {
	waiting  []*Conn            // dialled and not yet accepted
	open     map[*Conn]struct{} // what Close has to close
	dials    int
	refusal  error
	held     chan struct{} // dials wait until it is closed; nil: they don't
	prepare  func(*PipeConn)
	patience time.Duration
	over     bool
}

// NewServer makes a server that lets everybody dial.
func NewServer() *Server {
	return &Server{
		state:   newSlot(lobby{open: map[*Conn]struct{}{}, patience: DefaultPatience}),
		arrived: make(chan struct{}, 1),
		ended:   make(chan struct{}),
	}
}

// DialContext gives the client's end of a new connection; the server's end waits for Accept, without which the client's
// bytes go no further than the buffer. Network and address are kept as the connection's remote address, and mean nothing
// else. It fails as [Server.RefuseDials] says, with ctx's error, and after Close with ECONNREFUSED.
func (s *Server) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	s.state.do(func(l *lobby) { l.dials++ })
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var door lobby
		s.state.do(func(l *lobby) { door = *l })
		switch {
		case door.over:
			return nil, &net.OpError{Op: "dial", Net: network, Addr: addr{network, address}, Err: syscall.ECONNREFUSED}
		case door.refusal != nil:
			return nil, door.refusal
		case door.held == nil:
			return s.admit(addr{network, address}, door), nil
		}
		select {
		case <-door.held:
		case <-s.ended:
		case <-ctx.Done():
		}
	}
}

// admit makes the connection. What prepare does is done before anybody else has an end.
func (s *Server) admit(to addr, door lobby) net.Conn {
	ours, theirs := pipe(DefaultPipeSize, to, addr{to.network, "client"})
	if door.prepare != nil {
		door.prepare(ours)
	}
	c := newConn(s, ours, door.patience)
	s.state.do(func(l *lobby) {
		if l.over {
			ours.Close()
			return
		}
		l.waiting, l.open[c] = append(l.waiting, c), struct{}{}
	})
	signal(s.arrived)
	return theirs
}

// Accept waits for the next connection that a client dialled, in the order of the dials. Its errors are ctx's, and
// [net.ErrClosed] after Close.
func (s *Server) Accept(ctx context.Context) (*Conn, error) {
	for {
		c, more, over := s.next()
		if more {
			signal(s.arrived) // for another who waits
		}
		switch {
		case c != nil:
			return c, nil
		case over:
			return nil, net.ErrClosed
		}
		select {
		case <-s.arrived:
		case <-s.ended:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *Server) next() (c *Conn, more, over bool) {
	s.state.do(func(l *lobby) {
		if over = l.over; over || len(l.waiting) == 0 {
			return
		}
		c, l.waiting = l.waiting[0], l.waiting[1:]
		more = len(l.waiting) > 0
	})
	return c, more, over
}

// Dials says how often DialContext was called, whatever came of it.
func (s *Server) Dials() (n int) {
	s.state.do(func(l *lobby) { n = l.dials })
	return n
}

// RefuseDials has every dial from now on fail with err, those that HoldDials holds too; nil lets them succeed again.
func (s *Server) RefuseDials(err error) {
	s.state.do(func(l *lobby) { l.refusal = err; l.release(err != nil) })
}

// HoldDials has every dial from now on wait, until it is called with false or their context ends: a server that can't be
// reached and doesn't say so.
func (s *Server) HoldDials(hold bool) {
	s.state.do(func(l *lobby) {
		l.release(!hold)
		if hold && l.held == nil {
			l.held = make(chan struct{})
		}
	})
}

func (l *lobby) release(yes bool) {
	if yes && l.held != nil {
		close(l.held)
		l.held = nil
	}
}

// Prepare has f called with the server's end of each connection from now on, before anybody else has it: to set the sizes
// of its buffers and the faults of its two directions. It runs in the goroutine that dials; nil: no more.
func (s *Server) Prepare(f func(*PipeConn)) {
	s.state.do(func(l *lobby) { l.prepare = f })
}

// SetPatience sets how long the helpers that fail a test wait on connections that are dialled from now on, before they give
// up. The default is DefaultPatience, which in a synctest bubble passes as soon as nothing else happens.
func (s *Server) SetPatience(d time.Duration) {
	s.state.do(func(l *lobby) { l.patience = d })
}

// Close ends the server and its connections, as [Conn.Close] does. Calls that wait return. Closing again does nothing.
func (s *Server) Close() {
	var open []*Conn
	s.state.do(func(l *lobby) {
		if l.over {
			return
		}
		l.over = true
		close(s.ended)
		for c := range l.open {
			open = append(open, c)
		}
		l.waiting, l.open, l.prepare = nil, nil, nil
	})
	for _, c := range open {
		c.pipe.Close()
	}
}

// forget lets go of a connection that is closed.
func (s *Server) forget(c *Conn) {
	s.state.do(func(l *lobby) { delete(l.open, c) })
}
