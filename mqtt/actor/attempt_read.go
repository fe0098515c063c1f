package actor

import (
	"fmt"
	"io"
	"net"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// firstPackets reads what comes before the reader of a connection starts: AUTH, and CONNACK.
type firstPackets struct {
	conn net.Conn
	v    codec.Version
	max  uint32
	buf  []byte
}

// next reads until one packet is whole, and takes it. Its body is good until the next call.
func (in *firstPackets) next() (f codec.Frame, size int, err error) {
	d := codec.Dialect{Version: in.v, From: codec.FromServer}
	for {
		f, size, err = codec.Next(in.buf, d, in.max)
		if err != nil {
			return f, size, err
		}
		if size > 0 && size <= len(in.buf) {
			in.buf = in.buf[size:]
			return f, size, nil
		}
		in.room(size)
		n, err := in.conn.Read(in.buf[len(in.buf):cap(in.buf)])
		in.buf = in.buf[:len(in.buf)+n]
		if n > 0 {
			continue
		}
		if err == io.EOF {
			err = fmt.Errorf("the server closed the connection without a CONNACK%s: %w", advice(in.v), err)
		}
		if err != nil {
			return f, 0, err
		}
	}
}

// room makes room for the rest of a packet of size bytes, zero for one whose header is not whole.
func (in *firstPackets) room(size int) {
	if need := max(size, len(in.buf)+1); need > cap(in.buf) {
		in.buf = append(make([]byte, 0, max(need, 2*cap(in.buf), smallRead)), in.buf...)
	}
}

// advice is for a server that closes: some that don't know 5.0 do so instead of refusing it.
func advice(v codec.Version) string {
	if v != codec.V5 {
		return ""
	}
	return "; if it speaks only MQTT 3.1.1, set Config.Version to V311"
}
