package decode

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// dialect is what is known of the version and of who sent the packets.
type dialect struct {
	version codec.Version
	follow  bool         // a CONNECT says what follows it
	sides   []codec.Side // who may have, the likelier first
}

// reader cuts a stream into packets. It holds one of them at a time.
type reader struct {
	dialect  dialect
	out      *bufio.Writer
	show     func(*bufio.Writer, *packet) error
	complain func(format string, args ...any)

	buf    []byte
	offset int64 // of buf in the stream
	failed bool
}

// run shows what there is as soon as it is whole.
func (r *reader) run(in io.Reader) error {
	chunk := make([]byte, 32<<10)
	for {
		n, readErr := in.Read(chunk)
		r.buf = append(r.buf, chunk[:n]...)
		used, err := r.packets()
		if err := errors.Join(r.out.Flush(), err); err != nil {
			return err
		}
		r.buf = slices.Delete(r.buf, 0, used)
		r.offset += int64(used)
		if readErr == io.EOF {
			return r.end()
		}
		if readErr != nil {
			return readErr
		}
	}
}

// end judges what is left when nothing more comes.
func (r *reader) end() error {
	if len(r.buf) > 0 {
		return app.Fail(app.ExitFailed, "%s", r.unfinished())
	}
	if r.failed {
		return &app.Failure{Code: app.ExitFailed}
	}
	if r.offset == 0 {
		return app.Usage("there are no bytes to decode")
	}
	return nil
}

func (r *reader) unfinished() string {
	f, size, _ := codec.Next(r.buf, codec.Dialect{Version: r.dialect.version, From: r.sides(r.buf[0])[0]}, 0)
	if size == 0 {
		return fmt.Sprintf("at byte %d: %s is cut short: its length is missing", r.offset, f.Type)
	}
	return fmt.Sprintf("at byte %d: %s is cut short: it has %d bytes, and %d are there", r.offset, f.Type, size, len(r.buf))
}

// packets shows the whole packets in the buffer, and gives how many bytes they have.
func (r *reader) packets() (used int, err error) {
	for used < len(r.buf) {
		p, size, err := r.next(r.buf[used:])
		at := r.offset + int64(used)
		switch {
		case err != nil && size == 0:
			return used, fmt.Errorf("at byte %d: %w", at, err)
		case err != nil:
			r.complain("mqtt: at byte %d: %v", at, err)
			r.failed = true
		case p == nil:
			return used, nil
		default:
			p.offset, p.size = at, size
			if err := r.show(r.out, p); err != nil {
				return used, err
			}
		}
		used += size
	}
	return used, nil
}

// next reads a packet from the start of b: nil when more bytes are needed. An error with a size is of this packet alone, and
// the one of the likelier side, which says more.
func (r *reader) next(b []byte) (*packet, int, error) {
	sides := r.sides(b[0])
	p, size, err := r.decode(b, sides[0])
	if len(sides) == 1 || err == nil && p == nil {
		return p, size, err
	}
	other, otherSize, otherErr := r.decode(b, sides[1])
	switch {
	case err != nil && otherErr == nil:
		return other, otherSize, nil
	case err == nil && otherErr == nil:
		p.from = "either side"
	}
	return p, size, err
}

func (r *reader) decode(b []byte, from codec.Side) (*packet, int, error) {
	d := codec.Dialect{Version: r.dialect.version, From: from}
	f, size, err := codec.Next(b, d, 0)
	if err != nil {
		return nil, 0, err
	}
	if size == 0 || size > len(b) {
		return nil, 0, nil
	}
	got, err := codec.Decode(f, d)
	if err != nil {
		return nil, size, err
	}
	if c, ok := got.(*codec.Connect); ok {
		d.Version = c.Version
		if r.dialect.follow {
			r.dialect.version = c.Version
		}
	}
	return &packet{Packet: got, version: d.Version, from: "the " + from.String()}, size, nil
}

// sides are those that may have sent a packet that begins with first. A packet that one side alone sends has come from there,
// whoever is the likelier; unless the flags have said who it was.
func (r *reader) sides(first byte) []codec.Side {
	if len(r.dialect.sides) == 1 {
		return r.dialect.sides
	}
	switch codec.Type(first >> 4) {
	case codec.TypeConnect, codec.TypeSubscribe, codec.TypeUnsubscribe, codec.TypePingReq:
		return []codec.Side{codec.FromClient}
	case codec.TypeConnAck, codec.TypeSubAck, codec.TypeUnsubAck, codec.TypePingResp:
		return []codec.Side{codec.FromServer}
	}
	return r.dialect.sides
}
