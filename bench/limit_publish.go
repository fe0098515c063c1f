package main

import (
	"io"
	"net"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

func (l limit) publish(o order) (result, error) {
	conn, err := l.connect(o.Address, o.Client, o.Version, true)
	if err != nil {
		return result{}, err
	}
	defer conn.Close()
	r, err := newRing(o)
	if err != nil {
		return result{}, err
	}
	m := begin()
	if o.QoS == 0 {
		err = l.pour(conn, r, o)
	} else {
		err = newPipe(conn, r, o).run(o.N)
	}
	return m.end(o.N), err
}

// pour sends messages of QoS 0, and waits until all have arrived.
func (l limit) pour(conn net.Conn, r *ring, o order) error {
	for left := o.N; left > 0; {
		packets, n := r.next(left)
		if _, err := conn.Write(packets); err != nil {
			return err
		}
		left -= n
	}
	if err := l.send(conn, o.Version, &codec.Publish{Topic: counted, QoS: codec.AtLeastOnce, PacketID: 1}); err != nil {
		return err
	}
	_, err := readPacket(conn)
	return err
}

// pipe sends messages of QoS 1 or 2 in a window: all that is open in one write, which was measured to be faster than to have the
// server work on one part while the other is written. Answers are of four bytes each.
type pipe struct {
	conn    net.Conn
	ring    *ring
	qos     int
	credit  int
	in, out []byte
	rest    int // bytes of an answer that isn't whole
}

func newPipe(conn net.Conn, r *ring, o order) *pipe {
	return &pipe{conn: conn, ring: r, qos: o.QoS, credit: max(1, o.Goroutines, o.Window), in: make([]byte, ringBytes)}
}

func (p *pipe) run(n int) error {
	for sent, done := 0, 0; done < n; {
		k, err := p.write(min(n-sent, p.credit))
		if err != nil {
			return err
		}
		sent += k
		if sent < n && p.credit > 0 {
			continue
		}
		if k, err = p.read(); err != nil {
			return err
		}
		done += k
		p.credit += k
	}
	return nil
}

// write sends n messages, or as many as lie together, behind the PUBRELs that are due.
func (p *pipe) write(n int) (sent int, err error) {
	if n == 0 && len(p.out) == 0 {
		return 0, nil
	}
	packets, sent := p.ring.next(n)
	if len(p.out) > 0 && len(packets) > 0 {
		p.out = append(p.out, packets...)
		packets = nil
	}
	if len(packets) == 0 {
		packets, p.out = p.out, p.out[:0]
	}
	_, err = p.conn.Write(packets)
	p.credit -= sent
	return sent, err
}

// read waits for answers, and gives how many messages are done.
func (p *pipe) read() (done int, err error) {
	n, err := p.conn.Read(p.in[p.rest:])
	if err != nil {
		return 0, err
	}
	n += p.rest
	p.rest = n % 4
	if p.qos == 1 {
		return n / 4, nil
	}
	for i := 0; i+4 <= n; i += 4 {
		if codec.Type(p.in[i]>>4) == codec.TypePubComp {
			done++
		} else {
			p.out = append(p.out, byte(codec.TypePubRel)<<4|2, 2, p.in[i+2], p.in[i+3])
		}
	}
	copy(p.in, p.in[n-p.rest:n])
	return done, nil
}

// trip is one message after the other, with a reader that wakes who waits.
func (l limit) trip(o order) (result, error) {
	conn, err := l.connect(o.Address, o.Client, o.Version, true)
	if err != nil {
		return result{}, err
	}
	r, err := newRing(o)
	if err != nil {
		return result{}, err
	}
	answered, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(answered)
		for answer := make([]byte, 4); ; {
			if _, err := io.ReadFull(conn, answer); err != nil {
				return
			}
			answered <- struct{}{}
		}
	}()
	defer func() { conn.Close(); <-ended }()
	all := make([]time.Duration, 0, o.N)
	m := begin()
	for range o.N {
		start := time.Now()
		packet, _ := r.next(1)
		if _, err := conn.Write(packet); err != nil {
			return result{}, err
		}
		if _, more := <-answered; !more {
			return result{}, errGone
		}
		all = append(all, time.Since(start))
	}
	res := m.end(o.N)
	res.percentiles(all)
	return res, nil
}
