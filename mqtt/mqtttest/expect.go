package mqtttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Expect waits for the next packet from the client, which must be a P, as in Expect[*codec.Publish](t, c), and returns it.
// Any other packet, the end of the connection, or nothing within the server's patience fails the test at once; so it must be
// called from the test's goroutine.
func Expect[P codec.Packet](t testing.TB, c *Conn) P {
	t.Helper()
	got, err := c.await(c.patience)
	if err != nil {
		t.Fatalf("expected %v, got %v", reflect.TypeFor[P](), describe(got, err))
	}
	p, ok := got.(P)
	if !ok {
		t.Fatalf("expected %v, got %v", reflect.TypeFor[P](), describe(got, err))
	}
	return p
}

// ExpectNothing fails the test when a packet comes within d, or the connection ends. In a synctest bubble d passes in no
// time.
func (c *Conn) ExpectNothing(t testing.TB, d time.Duration) {
	t.Helper()
	if got, err := c.await(d); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("expected nothing for %v, got %v", d, describe(got, err))
	}
}

// ExpectClosed waits until the client has ended the connection, by closing or resetting it. A packet before that, or nothing
// within the server's patience, fails the test.
func (c *Conn) ExpectClosed(t testing.TB) {
	t.Helper()
	got, err := c.await(c.patience)
	if err != io.EOF && err != io.ErrUnexpectedEOF && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("expected the end of the connection, got %v", describe(got, err))
	}
}

// Handshake waits for CONNECT, answers it and returns it. The answer is ack, or without one an accepting CONNACK that has no
// session and announces nothing. Anything else than a CONNECT fails the test.
func (c *Conn) Handshake(t testing.TB, ack ...codec.ConnAck) *codec.Connect {
	t.Helper()
	connect := Expect[*codec.Connect](t, c)
	answer := codec.ConnAck{}
	if len(ack) > 0 {
		answer = ack[0]
	}
	if err := c.Send(&answer); err != nil {
		t.Fatalf("CONNACK: %v", err)
	}
	return connect
}

// await is Read for at most d.
func (c *Conn) await(d time.Duration) (codec.Packet, error) {
	ctx, stop := context.WithTimeout(context.Background(), d)
	defer stop()
	return c.Read(ctx)
}

func describe(p codec.Packet, err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "nothing"
	case err == io.EOF:
		return "the end of the connection"
	case err != nil:
		return err.Error()
	}
	return fmt.Sprintf("%v %+v", p.Type(), p)
}
