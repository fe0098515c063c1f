package mqtttest

import (
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// intake is what the reader of a link works with.
type intake struct {
	buf     []byte
	used    int // the bytes of buf that packets were made of
	missing int // how many bytes the next packet lacks, as far as is known
	packets []codec.Packet
	refused *codec.Connect // a CONNECT that could be read as far as its version; then fill has an error

	most      uint32 // the largest packet, in bytes; 0: no limit
	version   codec.Version
	keepAlive time.Duration // as the link has it
	armed     bool          // a deadline stands
	came      time.Time     // when bytes came last
}

// fill waits until something comes, and cuts the packets out of it. The packets are good beside an error too, and alias the
// buffer until the next call.
func (in *intake) fill(p *PipeConn) error {
	in.packets = in.packets[:0]
	in.buf, in.used = in.buf[:copy(in.buf, in.buf[in.used:])], 0
	in.buf = slices.Grow(in.buf, max(in.missing, 4096))
	n, err := p.Read(in.buf[len(in.buf):cap(in.buf)])
	in.buf = in.buf[:len(in.buf)+n]
	if err != nil {
		return err
	}
	in.came = time.Now()
	return in.cut()
}

// cut makes packets of the bytes, as far as they go.
func (in *intake) cut() error {
	for {
		d := codec.Dialect{Version: in.version, From: codec.FromClient}
		rest := in.buf[in.used:]
		f, size, err := codec.Next(rest, d, in.most)
		if err != nil {
			return err
		}
		if in.missing = size - len(rest); size == 0 || in.missing > 0 {
			return nil
		}
		in.used += size
		p, err := in.decode(f, d)
		if err != nil {
			return err
		}
		in.packets = append(in.packets, p)
	}
}

func (in *intake) decode(f codec.Frame, d codec.Dialect) (codec.Packet, error) {
	if f.Type != codec.TypeConnect {
		return codec.Decode(f, d)
	}
	p := new(codec.Connect)
	if err := p.Decode(f, d); err != nil {
		in.refused = p
		return nil, err
	}
	in.version = p.Version
	return p, nil
}

// watch has reading end when the client was silent for too long (§3.1.2.10).
func (in *intake) watch(p *PipeConn) {
	if in.keepAlive > 0 && !in.armed {
		in.armed = true
		p.SetReadDeadline(in.came.Add(in.keepAlive))
	}
}

// alive says, when the deadline has passed, that the client was not silent for so long, and sets the next. A deadline for
// each packet would cost more than all the rest.
func (in *intake) alive(p *PipeConn) bool {
	if p.In().Buffered() > 0 {
		in.came = time.Now() // we didn't read, so the client isn't silent
	}
	if time.Since(in.came) >= in.keepAlive {
		return false
	}
	in.armed = false
	in.watch(p)
	return true
}
