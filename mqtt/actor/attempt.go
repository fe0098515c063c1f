package actor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// attempt is one way to one server: dial, CONNECT, CONNACK. It touches nothing of the supervisor's.
type attempt struct {
	cfg     *Config
	server  Server
	number  int
	connect codec.Connect
	allowed <-chan struct{} // from tracker: CONNECT may leave; nil when it always may
}

// AttemptError says where an attempt failed.
type AttemptError struct {
	Server  string
	Attempt int
	Stage   string // "connack", or empty where the dialling error tells it
	Err     error
}

// Error implements error.
func (e *AttemptError) Error() string {
	return fmt.Sprintf("connect to %s (attempt %d): %v", e.Server, e.Attempt, e.Err)
}

// Unwrap gives the cause.
func (e *AttemptError) Unwrap() error { return e.Err }

// run tries. The whole of it ends when ctx does.
func (a *attempt) run(ctx context.Context) tried {
	conn, err := a.server.Dial(ctx, a.number)
	if err != nil {
		return tried{err: a.fail("", ctx, err)}
	}
	release := context.AfterFunc(ctx, func() { conn.Close() })
	a.mayConnect(ctx)
	t, err := a.shake(conn)
	if !release() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		return tried{err: a.fail("connack", ctx, err)}
	}
	t.conn = conn
	return t
}

// fail names server, attempt and stage; a cause of ctx's beats what it made the connection say.
func (a *attempt) fail(stage string, ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return &AttemptError{a.server.Name(), a.number, stage, err}
}

// shake sends CONNECT and reads CONNACK; nothing else may come before (§3.2.0-1).
func (a *attempt) shake(conn net.Conn) (tried, error) {
	v := a.connect.Version
	packet, err := a.connect.Append(nil, v)
	if err != nil {
		return tried{}, err
	}
	if a.cfg.Sent != nil {
		a.cfg.Sent(PacketInfo{Type: codec.TypeConnect, Size: len(packet)})
	}
	if _, err := conn.Write(packet); err != nil {
		return tried{}, lastWord(conn, fmt.Errorf("write CONNECT: %w", err))
	}
	f, size, buf, err := a.readFirst(conn, v)
	if err != nil {
		return tried{}, a.reproach(conn, err)
	}
	ack := new(codec.ConnAck)
	if f.Type != codec.TypeConnAck {
		err := &ProtocolError{codec.ProtocolError, "3.2.0-1", fmt.Sprintf("%s before CONNACK", f.Type)}
		return tried{}, a.reproach(conn, err)
	}
	if err := ack.Decode(f, codec.Dialect{Version: v, From: codec.FromServer}); err != nil {
		return tried{}, a.reproach(conn, err)
	}
	if a.cfg.Received != nil {
		a.cfg.Received(PacketInfo{Type: codec.TypeConnAck, Size: size, Code: ack.Code})
	}
	if ack.Code.Failed() {
		return tried{}, refused(ack)
	}
	if ack.SessionPresent && a.connect.CleanStart && v != codec.V31 {
		err := &ProtocolError{codec.ProtocolError, "3.2.2-2", "Session Present though the session was to begin anew"}
		return tried{}, a.reproach(conn, err)
	}
	link := linkUp{version: v, clientID: a.connect.ClientID, receiveMaximum: uint16(a.cfg.ReceiveMaximum)}
	if v == codec.V5 {
		link.receiveMaximum = a.connect.Properties.ReceiveMaximum
	}
	return tried{rest: buf[size:], ack: ack, link: link}, nil
}

// lastWordWait bounds the wait for what should be here already.
const lastWordWait = time.Second

// lastWord is what a server said before it hung up on our CONNECT, such as TLS 1.3's verdict on a certificate, which comes
// after the handshake; err when there is nothing but the end.
func lastWord(conn net.Conn, err error) error {
	conn.SetReadDeadline(time.Now().Add(lastWordWait))
	_, said := conn.Read(make([]byte, 1))
	op, plain := said.(*net.OpError)
	switch {
	case said == nil, plain && op.Op == "read", errors.Is(said, io.EOF), errors.Is(said, io.ErrClosedPipe),
		errors.Is(said, os.ErrDeadlineExceeded):
		return err
	}
	return said
}

// readFirst reads until one packet is whole.
func (a *attempt) readFirst(conn net.Conn, v codec.Version) (f codec.Frame, size int, buf []byte, err error) {
	d := codec.Dialect{Version: v, From: codec.FromServer}
	buf = make([]byte, 0, smallRead)
	for {
		f, size, err = codec.Next(buf, d, a.cfg.MaxPacketSize)
		if err != nil || size > 0 && size <= len(buf) {
			return f, size, buf, err
		}
		if need := max(size, len(buf)+1); need > cap(buf) {
			buf = append(make([]byte, 0, max(need, 2*cap(buf))), buf...)
		}
		n, err := conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if n > 0 {
			continue
		}
		if err == io.EOF {
			err = fmt.Errorf("the server closed the connection without a CONNACK%s: %w", advice(v), err)
		}
		if err != nil {
			return f, 0, buf, err
		}
	}
}

// advice is for a server that closes: some that don't know 5.0 do so instead of refusing it.
func advice(v codec.Version) string {
	if v != codec.V5 {
		return ""
	}
	return "; if it speaks only MQTT 3.1.1, set Config.Version to V311"
}

// reproach tells a server of 5.0 what was wrong with its answer (§4.13.1).
func (a *attempt) reproach(conn net.Conn, err error) error {
	code, ok := faultCode(err)
	if ok && a.connect.Version == codec.V5 {
		if b, e := (&codec.Disconnect{Code: code}).Append(nil, codec.V5); e == nil {
			conn.Write(b)
		}
	}
	return err
}

func refused(ack *codec.ConnAck) *Refusal {
	r := &Refusal{Packet: codec.TypeConnAck, Code: ack.Code, Raw: ack.ReturnCode}
	if p := ack.Properties; p != nil {
		r.Reason, r.Props, r.Server = p.ReasonString, p.UserProperties, p.ServerReference
	}
	return r
}

// unanswered says of a failed attempt that its CONNECT may have left and no CONNACK came.
func unanswered(err error) bool {
	a, ok := errors.AsType[*AttemptError](err)
	_, refused := errors.AsType[*Refusal](err)
	return ok && a.Stage == "connack" && !refused
}
