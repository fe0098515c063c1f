package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net"
	"net/http"
)

// webSocket is the server's end of a WebSocket (RFC 6455), with what the clients here use of it and little work for each message:
// what is read is what binary messages hold, one after the other and as much of them as is here; what is written is one message.
// One goroutine reads and writes.
type webSocket struct {
	net.Conn
	in   *bufio.Reader
	left uint64 // bytes of the frame that begins in
	mask uint32 // for the next four of them, the first one in the lowest byte
	err  error  // why nothing more can be read
	out  []byte
}

const readAhead = 64 << 10 // bytes

// upgrade answers the request.
func upgrade(conn net.Conn) (net.Conn, error) {
	in := bufio.NewReaderSize(conn, readAhead)
	r, err := http.ReadRequest(in)
	if err != nil {
		return nil, err
	}
	key := r.Header.Get("Sec-WebSocket-Key")
	if key == "" {
		return nil, errors.New("a request that isn't for WebSocket")
	}
	accept := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(accept[:]))
	return &webSocket{Conn: conn, in: in}, err
}

// The opcodes of frames.
const (
	continued, text, binaryFrame, closing, ping = 0, 1, 2, 8, 9
	last                                        = 0x80 // frame of a message
)

// Read gives what several frames hold when they have come together, so that they are answered together.
func (w *webSocket) Read(p []byte) (n int, err error) {
	for n < len(p) && w.err == nil && (n == 0 || w.ready()) {
		if w.left == 0 {
			w.err = w.begin()
			continue
		}
		var got int
		got, w.err = w.in.Read(p[n : n+int(min(w.left, uint64(len(p)-n)))])
		w.unmask(p[n : n+got])
		n += got
		w.left -= uint64(got)
	}
	if n > 0 {
		return n, nil // what was wrong behind it comes next
	}
	return 0, w.err
}

// ready says that more can be had without waiting: bytes of this frame, or the head of the next one.
func (w *webSocket) ready() bool {
	here := w.in.Buffered()
	if w.left > 0 || here < 2 {
		return here > 0 && w.left > 0
	}
	head, _ := w.in.Peek(2)
	return here >= headSize(head[1])
}

// headSize is that of a masked frame.
func headSize(second byte) int {
	switch second & 0x7f {
	case 126:
		return 8
	case 127:
		return 14
	}
	return 6
}

// begin takes the head of a frame, and all of one that carries no message.
func (w *webSocket) begin() error {
	head, err := w.in.Peek(2)
	if err != nil {
		return err
	}
	opcode, size := head[0]&0xf, headSize(head[1])
	if head[1]&0x80 == 0 {
		return errors.New("a client's frame isn't masked")
	}
	if head, err = w.in.Peek(size); err != nil {
		return err
	}
	switch size {
	case 8:
		w.left = uint64(binary.BigEndian.Uint16(head[2:]))
	case 14:
		w.left = binary.BigEndian.Uint64(head[2:])
	default:
		w.left = uint64(head[1] & 0x7f)
	}
	w.mask = binary.LittleEndian.Uint32(head[size-4:])
	w.in.Discard(size)
	switch opcode {
	case continued, binaryFrame:
		return nil
	case text:
		return errors.New("a text frame came")
	}
	return w.control(opcode)
}

// control takes a ping, a pong or a close.
func (w *webSocket) control(opcode byte) error {
	content := make([]byte, min(w.left, 125))
	w.left = 0
	if _, err := io.ReadFull(w.in, content); err != nil {
		return err
	}
	w.unmask(content)
	switch opcode {
	case closing:
		return io.EOF
	case ping:
		const pong = ping + 1
		_, err := w.Conn.Write(append([]byte{last | pong, byte(len(content))}, content...))
		return err
	}
	return nil
}

// unmask goes by words of eight bytes.
func (w *webSocket) unmask(b []byte) {
	mask := uint64(w.mask)<<32 | uint64(w.mask)
	w.mask = bits.RotateLeft32(w.mask, -8*(len(b)%4))
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^mask)
	}
	for i := range b {
		b[i] ^= byte(mask >> (8 * i))
	}
}

// Write sends a message in one frame. With its head before it, p leaves in one write, over TLS too.
func (w *webSocket) Write(p []byte) (int, error) {
	w.out = append(w.out[:0], last|binaryFrame)
	switch {
	case len(p) < 126:
		w.out = append(w.out, byte(len(p)))
	case len(p) < 1<<16:
		w.out = binary.BigEndian.AppendUint16(append(w.out, 126), uint16(len(p)))
	default:
		w.out = binary.BigEndian.AppendUint64(append(w.out, 127), uint64(len(p)))
	}
	w.out = append(w.out, p...)
	if _, err := w.Conn.Write(w.out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close says that all is well, to who still listens.
func (w *webSocket) Close() error {
	const normal = 1000
	w.Conn.Write(binary.BigEndian.AppendUint16([]byte{last | closing, 2}, normal))
	return w.Conn.Close()
}
