package main

import (
	"io"
	"net"
	"strconv"
	"sync"
)

// idle is a reader for each connection, and nothing more.
func (l limit) idle(o order) (result, error) {
	var conns []net.Conn
	var readers sync.WaitGroup
	defer func() {
		for _, c := range conns {
			c.Close()
		}
		readers.Wait()
	}()
	return idle(o.N, func(i int) error {
		c, err := l.connect(o.Address, o.Client+"-"+strconv.Itoa(i), o.Version, true)
		if err != nil {
			return err
		}
		conns = append(conns, c)
		readers.Go(func() { io.ReadFull(c, make([]byte, 512)) })
		return nil
	})
}

// clients are connections with a goroutine each, which writes a packet and reads the answer.
func (l limit) clients(o order) (result, error) {
	if err := allowFiles(o.Clients); err != nil {
		return result{Cannot: err.Error()}, nil
	}
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	made, err := idle(o.Clients, func(i int) error {
		c, err := l.connect(o.Address, o.numbered(i).Client, o.Version, true)
		if err == nil {
			conns = append(conns, c)
		}
		return err
	})
	if err != nil {
		return result{}, err
	}
	n := o.ofOne().N
	r, err := together(o, func(i int) error {
		var packet ring
		if err := packet.add(o, measured, 0); err != nil {
			return err
		}
		for answer := make([]byte, 4); packet.sequence < uint64(n); {
			bytes, _ := packet.next(1)
			if _, err := conns[i].Write(bytes); err != nil {
				return err
			}
			if _, err := io.ReadFull(conns[i], answer); err != nil {
				return err
			}
		}
		return nil
	})
	r.Connect, r.Bytes, r.Goroutines = made.Connect, made.Bytes, made.Goroutines
	return r, err
}

// reconnect sends all again on a second connection.
func (l limit) reconnect(o order) (result, error) {
	conn, err := l.connect(o.Address, o.Client, o.Version, false)
	if err != nil {
		return result{}, err
	}
	defer conn.Close()
	if err := l.subscribe(conn, o.Version, 0, "hold/"+strconv.Itoa(o.N)); err != nil {
		return result{}, err
	}
	first, err := newRing(o)
	if err != nil {
		return result{}, err
	}
	again, err := newRing(o)
	if err != nil {
		return result{}, err
	}
	for left := o.N; left > 0; {
		packets, n := first.next(left)
		if _, err := conn.Write(packets); err != nil {
			return result{}, err
		}
		left -= n
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		return result{}, err
	}
	m := now()
	second, err := l.connect(o.Address, o.Client, o.Version, false)
	if err != nil {
		return result{}, err
	}
	defer second.Close()
	o.Window = o.N
	err = newPipe(second, again, o).run(o.N)
	return m.took(o.N), err
}
