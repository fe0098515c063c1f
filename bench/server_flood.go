package main

import "fmt"

// flooding is a flood of a connection. It belongs to the session, which counts what is acknowledged.
type flooding struct {
	ring   *ring
	qos    int
	left   int // messages that have not been sent
	credit int // messages that may be sent before more are acknowledged
}

// flood begins the flood that a filter asks for.
func (s *session) flood(filter string) error {
	o := order{Version: int(s.version)}
	var properties int
	_, err := fmt.Sscanf(filter, "flood/%d/%d/%d/%d/%d/%d", &o.QoS, &o.Size, &o.N, &o.Streams, &o.Window, &properties)
	if err != nil {
		return err
	}
	o.Properties = properties > 0
	f := &flooding{qos: o.QoS, left: o.N, credit: min(o.window(), s.most)}
	if f.ring, err = newRing(o); err != nil {
		return err
	}
	s.flooding = f
	return nil
}

// run sends what may be sent. What is small leaves together with the answers that wait.
func (f *flooding) run(s *session) error {
	for {
		n := f.left
		if f.qos > 0 {
			n = min(n, f.credit)
		}
		if n == 0 {
			return s.flush()
		}
		packets, n := f.ring.next(n)
		f.left -= n
		f.credit -= n
		if len(s.out)+len(packets) < ringBytes/4 {
			s.out = append(s.out, packets...)
			continue
		}
		if err := s.flush(); err != nil {
			return err
		}
		if _, err := s.conn.Write(packets); err != nil {
			return err
		}
	}
}
