package actor

import (
	"context"
	"fmt"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// reauth is a re-authentication (§4.12.1), from the call to its end. The caller runs the user's code, and asks for each step;
// the tracker sends and hears, and knows whose turn it is.
type reauth struct {
	steps   chan<- authStep    // to caller, room for two: the server's next word, and the end
	stop    context.CancelFunc // of what the caller runs
	packet  []byte             // the AUTH that is to leave, nil for none
	code    codec.ReasonCode   // of it
	left    bool               // an AUTH has left: from now on a failure is the end of the connection
	awaited bool               // the server's answer to it is
	over    bool               // the server has consented
}

// authStep is what comes of an AUTH: the server's answer, or the end of the connection.
type authStep struct {
	said Auth
	over bool  // the server consents
	err  error // nothing follows
}

// ready says that an AUTH is to leave.
func (r *reauth) ready() bool { return r != nil && r.packet != nil }

// waits says that the server owes an AUTH.
func (r *reauth) waits() bool { return r != nil && r.awaited }

// authBegin asks for leave to re-authenticate on the connection that is up.
type authBegin struct {
	steps chan<- authStep
	stop  context.CancelFunc
	reply chan<- authLeave
}

// authLeave is the answer to authBegin.
type authLeave struct {
	server string
	err    error
}

func (q authBegin) answer(t *tracker) {
	if err := t.mayReauth(); err != nil {
		q.reply <- authLeave{err: err}
		return
	}
	t.again = &reauth{steps: q.steps, stop: q.stop}
	q.reply <- authLeave{server: t.link.server}
}

func (t *tracker) mayReauth() error {
	switch {
	case t.closing:
		return ErrClosed
	case t.link.wire == nil || t.part != nil || t.final:
		return ErrNotConnected
	case t.limits.version != codec.V5:
		return ErrVersion
	case t.again != nil:
		return ErrReauthenticating
	}
	return nil
}

// authSay has an AUTH sent. The answer says only that it can't be.
type authSay struct {
	steps  chan<- authStep
	packet *codec.Auth
	reply  chan<- error
}

func (q authSay) answer(t *tracker) {
	if t.again == nil || t.again.steps != q.steps {
		q.reply <- nil // its end lies in steps
		return
	}
	packet, err := t.encodeAuth(q.packet)
	t.again.packet, t.again.code = packet, q.packet.Code
	q.reply <- err
}

// encodeAuth leaves out the words where they would make the packet larger than the server takes (§3.15.2-2, §3.15.2-3).
func (t *tracker) encodeAuth(p *codec.Auth) ([]byte, error) {
	packet, err := p.Append(nil, t.limits.version)
	if err != nil || len(packet) <= t.limits.maxPacket {
		return packet, err
	}
	p.ReasonString, p.UserProperties = "", nil
	packet, err = p.Append(nil, t.limits.version)
	if err == nil && len(packet) > t.limits.maxPacket {
		err = &LimitError{codec.PacketTooLarge, fmt.Sprintf("AUTH has %d bytes, its Maximum Packet Size is %d", len(packet), t.limits.maxPacket)}
	}
	if err != nil {
		return nil, err
	}
	return packet, nil
}

// authEnd says how the caller has ended: nil when the server has consented and the user's code, too. The answer is the
// outcome of the call; errAuthGone when the tracker had ended it before, for what lies in steps.
type authEnd struct {
	steps chan<- authStep
	err   error
	reply chan<- error
}

func (q authEnd) answer(t *tracker) {
	r := t.again
	switch {
	case r == nil || r.steps != q.steps:
		q.reply <- errAuthGone
		return
	case q.err == nil:
		t.log(levelInfo, "re-authenticated", "server", t.link.server)
	case r.left:
		q.err = &AuthError{q.err}
		t.again = nil
		t.fault(q.err) // what we have begun can't be left open (§4.12.1-2)
	}
	t.again = nil
	q.reply <- q.err
}

// fillAuth encodes the AUTH that is to leave.
func (t *tracker) fillAuth(b *outBuffer) {
	if !t.again.ready() {
		return
	}
	r := t.again
	b.bytes = append(b.bytes, r.packet...)
	t.trace(PacketInfo{Type: codec.TypeAuth, Size: len(r.packet), Code: r.code})
	r.packet, r.left, r.awaited = nil, true, true
}

// heardAuth hands the server's answer to the caller. It comes only when our AUTH has left, of which there is one at a time.
func (t *tracker) heardAuth(code codec.ReasonCode, said *Auth) error {
	r := t.again
	if !r.waits() {
		return &ProtocolError{codec.ProtocolError, "4.12", "AUTH that nobody asked for"}
	}
	r.awaited, r.over = false, code == codec.Success
	r.steps <- authStep{said: *said, over: r.over}
	return nil
}

// endReauth ends a re-authentication with its connection.
func (t *tracker) endReauth(why error) {
	r := t.again
	if r == nil {
		return
	}
	t.again = nil
	if r.left {
		why = &AuthError{why}
	} else {
		why = fmt.Errorf("%w: %w", ErrNotConnected, why)
	}
	r.steps <- authStep{err: why} // there is room: no answer follows
	r.stop()
}
