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

// attempt is one way to one server: dial, CONNECT, CONNACK, and the authentication between them. It touches nothing of the
// supervisor's.
type attempt struct {
	cfg     *Config
	server  Server
	number  int
	last    error // what the one before it, or a connection, ended with
	connect codec.Connect
	allowed <-chan struct{} // from tracker: CONNECT may leave; nil when it always may

	// how the session stands
	accepted bool   // there is one that may go on,
	owner    string // of this client identifier
	held     int    // how much of the room is taken by what stays when it begins anew

	// owned by run
	stage    string    // where it stands
	left     bool      // CONNECT may have left
	exchange *Exchange // nil for none
}

// AttemptError says where an attempt failed.
type AttemptError struct {
	Server  string
	Attempt int
	Stage   string // "hook", "connack", "auth", or empty where the dialling error tells it
	Err     error
	left    bool // CONNECT may have left
}

// Error implements error.
func (e *AttemptError) Error() string {
	return fmt.Sprintf("connect to %s (attempt %d): %v", e.Server, e.Attempt, e.Err)
}

// Unwrap gives the cause.
func (e *AttemptError) Unwrap() error { return e.Err }

// run tries.
func (a *attempt) run(ctx context.Context) tried {
	t := a.goes(ctx)
	t.server = a.server
	return t
}

func (a *attempt) goes(ctx context.Context) tried {
	if err := a.before(ctx); err != nil {
		return tried{err: a.fail(ctx, err)}
	}
	a.session()
	return a.connects(ctx)
}

// connects dials and shakes hands. The whole of it ends when ctx does, or within ConnectTimeout.
func (a *attempt) connects(ctx context.Context) tried {
	ctx, done := context.WithTimeoutCause(ctx, a.cfg.ConnectTimeout, ErrConnectTimeout)
	defer done()
	conn, err := a.server.Dial(ctx, a.number, a.connect.Version)
	if err != nil {
		return tried{err: a.fail(ctx, err)}
	}
	release := context.AfterFunc(ctx, func() { conn.Close() })
	a.stage = stageConnAck
	t, err := a.establish(ctx, conn)
	if closed := !release(); err == nil && (closed || ctx.Err() != nil) { // ctx ends a moment before it closes
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		err = a.fail(ctx, err)
		a.endAuth(err)
		return tried{err: err}
	}
	a.endAuth(nil)
	t.conn = conn
	return t
}

// fail names server, attempt and stage; a cause of ctx's beats what it made the connection say.
func (a *attempt) fail(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return &AttemptError{a.server.Name(), a.number, a.stage, err, a.left}
}

// establish makes an MQTT connection of a transport, and tells a server of 5.0 what was wrong with its answer (§4.13.1).
func (a *attempt) establish(ctx context.Context, conn net.Conn) (tried, error) {
	if err := a.beginAuth(ctx); err != nil {
		return tried{}, err
	}
	if err := a.mayConnect(ctx); err != nil {
		return tried{}, err
	}
	if err := a.sendConnect(conn); err != nil {
		return tried{}, err
	}
	t, err := a.await(ctx, &firstPackets{conn: conn, v: a.connect.Version, max: a.cfg.MaxPacketSize})
	if err != nil && ctx.Err() == nil { // else the connection is being closed
		a.reproach(conn, err)
	}
	return t, err
}

func (a *attempt) sendConnect(conn net.Conn) error {
	packet, err := a.connect.Append(nil, a.connect.Version)
	if err != nil {
		return err
	}
	a.left = true
	a.trace(a.cfg.Sent, PacketInfo{Type: codec.TypeConnect, Size: len(packet)})
	if _, err := conn.Write(packet); err != nil {
		return lastWord(conn, fmt.Errorf("write CONNECT: %w", err))
	}
	return nil
}

// await reads CONNACK; nothing but AUTH may come before (§3.2.0-1).
func (a *attempt) await(ctx context.Context, in *firstPackets) (tried, error) {
	for {
		f, size, err := in.next()
		switch {
		case err != nil:
			return tried{}, err
		case f.Type == codec.TypeConnAck:
			t, err := a.answered(ctx, f, size)
			t.rest = in.buf
			return t, err
		case f.Type != codec.TypeAuth:
			return tried{}, &ProtocolError{codec.ProtocolError, "3.2.0-1", fmt.Sprintf("%s before CONNACK", f.Type)}
		}
		if err := a.answerAuth(ctx, in.conn, f, size); err != nil {
			return tried{}, err
		}
	}
}

// answered takes CONNACK.
func (a *attempt) answered(ctx context.Context, f codec.Frame, size int) (tried, error) {
	v, ack := a.connect.Version, new(codec.ConnAck)
	if err := ack.Decode(f, codec.Dialect{Version: v, From: codec.FromServer}); err != nil {
		return tried{}, err
	}
	a.trace(a.cfg.Received, PacketInfo{Type: codec.TypeConnAck, Size: size, Code: ack.Code})
	if ack.Code.Failed() {
		if a.refusedAuth(ack.Code) {
			a.stage = stageAuth
		}
		return tried{}, refused(ack)
	}
	if err := a.contradiction(ack); err != nil {
		return tried{}, err
	}
	if err := a.finishAuth(ctx, ack); err != nil {
		return tried{}, err
	}
	link := linkUp{version: v, clientID: a.connect.ClientID, receiveMaximum: uint16(a.cfg.ReceiveMaximum)}
	if v == codec.V5 {
		link.receiveMaximum = a.connect.Properties.ReceiveMaximum
	}
	return tried{ack: ack, link: link}, nil
}

func (a *attempt) trace(tell func(PacketInfo), p PacketInfo) {
	if tell != nil {
		tell(p)
	}
}

// contradiction is what an accepting CONNACK says against our CONNECT.
func (a *attempt) contradiction(ack *codec.ConnAck) error {
	v := a.connect.Version
	switch {
	case ack.SessionPresent && a.connect.CleanStart && v != codec.V31:
		return &ProtocolError{codec.ProtocolError, "3.2.2-2", "Session Present though the session was to begin anew"}
	case v == codec.V5 && a.connect.ClientID == "" && (ack.Properties == nil || ack.Properties.AssignedClientIdentifier == ""):
		return &ProtocolError{codec.ProtocolError, "3.2.2-16", "no Assigned Client Identifier though none was sent"}
	}
	return nil
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

// reproach tells a server of 5.0 what was wrong with its answer, or that we give up.
func (a *attempt) reproach(conn net.Conn, err error) {
	code, ok := faultCode(err)
	if ok && a.connect.Version == codec.V5 {
		packet, err := (&codec.Disconnect{Code: code}).Append(nil, codec.V5)
		if err == nil {
			conn.Write(packet)
		}
	}
}

func refused(ack *codec.ConnAck) *Refusal {
	r := &Refusal{Packet: codec.TypeConnAck, Code: ack.Code, Raw: ack.ReturnCode}
	if p := ack.Properties; p != nil {
		r.Reason, r.Props, r.Server = p.ReasonString, p.UserProperties, p.ServerReference
	}
	return r
}

// unanswered says of a failed attempt that its CONNECT may have left and the server may still come to it. One that waited for an
// exchange of ours, which failed, doesn't.
func unanswered(err error) bool {
	a, ok := errors.AsType[*AttemptError](err)
	_, refused := errors.AsType[*Refusal](err)
	_, ours := errors.AsType[*AuthError](err)
	return ok && a.left && !refused && !ours
}
