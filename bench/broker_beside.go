package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

// straggling is how long the other side may work on when the client process has ended.
const straggling = 10 * time.Second

// beside is the other side of a client that is measured against a real server: it counts what the client publishes, or publishes
// what the client receives.
func beside(ctx context.Context, o order) (finish func() error, err error) {
	side, filter := counting, measured
	if o.Work == "receive" {
		side, filter = feeding, readied+o.Client
	}
	conn, err := limit{}.connect(o.Address, o.Client+"-beside", 4, true)
	if err != nil {
		return nil, err
	}
	if err := (limit{}).subscribe(conn, 4, 0, filter); err != nil {
		conn.Close()
		return nil, err
	}
	o.Version = 4
	done := make(chan error, 1)
	go func() { done <- side(conn, o) }()
	return func() error {
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(straggling))
		return <-done
	}, nil
}

// feeding publishes as fast as the server takes it, once the client is ready.
func feeding(conn net.Conn, o order) error {
	r, err := newRing(o)
	if err != nil {
		return err
	}
	if _, err := readPacket(conn); err != nil {
		return fmt.Errorf("the receiver didn't become ready: %w", err)
	}
	if o.QoS == 0 {
		return limit{}.pour(conn, r, o)
	}
	o.Window = o.window()
	return newPipe(conn, r, o).run(o.N)
}

// counting takes all that the client publishes, at QoS 0, and checks it as the server does.
func counting(conn net.Conn, o order) error {
	o.QoS, o.Properties = 0, false
	r, err := newRing(o) // for the place of a sequence
	if err != nil {
		return err
	}
	var publishers sequence
	in, to := make([]byte, ringBytes), 0
	var got record
	for got.arrived < uint64(o.N) {
		n, err := conn.Read(in[to:])
		if err != nil {
			return fmt.Errorf("the subscriber got %d messages of %d: %w", got.arrived, o.N, err)
		}
		to += n
		rest := in[:to]
		for ; len(rest) >= r.stride; rest = rest[r.stride:] {
			got.count(&publishers, rest[r.payloadAt:r.stride])
		}
		to = copy(in, rest)
	}
	return got.judge(o.N)
}
