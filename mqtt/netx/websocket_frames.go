//go:build !js

package netx

import (
	"encoding/binary"
	"unicode/utf8"
)

// The kinds of frame (RFC 6455 §5.2).
const (
	frameMore   = 0x0 // goes on with a message
	frameText   = 0x1
	frameBinary = 0x2
	frameClose  = 0x8 // this and the following: control frames, which may stand between those of a message
	framePing   = 0x9
	framePong   = 0xa
)

const (
	finBit, reservedBits, kindBits = 0x80, 0x70, 0x0f // of the first byte
	maskBit                        = 0x80             // of the second
	longestControl                 = 125
)

// frames takes apart what a server sends. It may come in pieces of any size.
type frames struct {
	left uint64 // bytes of the data frame that are still to come
	more bool   // the message goes on in another frame

	head [10]byte
	got  int // bytes of head that have come

	inside  bool   // a control frame
	want    int    // bytes of it that are still to come
	control []byte // those that have come

	ping []byte // the last ping that was not answered yet, or nil
}

// strip puts the payload of data frames in src to the front of dst, which may begin where src does, and stops when dst is
// full. An error is a *FrameError, or the
// *CloseError of a close frame; what was put before it counts.
func (f *frames) strip(dst, src []byte) (put, used int, err error) {
	for used < len(src) {
		switch {
		case f.left > 0:
			n := min(len(src)-used, len(dst)-put)
			if n == 0 {
				return put, used, nil
			}
			if uint64(n) > f.left {
				n = int(f.left)
			}
			copy(dst[put:], src[used:used+n])
			put, used, f.left = put+n, used+n, f.left-uint64(n)
		case f.inside:
			n := min(len(src)-used, f.want)
			f.control = append(f.control, src[used:used+n]...)
			used, f.want = used+n, f.want-n
			err = f.endControl()
		default:
			n := copy(f.head[f.got:f.headLen()], src[used:])
			used, f.got = used+n, f.got+n
			err = f.begin()
		}
		if err != nil {
			return put, used, err
		}
	}
	return put, used, nil
}

// headLen is how long the header is, as far as that is known.
func (f *frames) headLen() int {
	if f.got < 2 {
		return 2
	}
	switch f.head[1] &^ maskBit {
	case 126:
		return 4
	case 127:
		return 10
	}
	return 2
}

// begin begins a frame when its header is whole.
func (f *frames) begin() error {
	if f.got < f.headLen() {
		return nil
	}
	f.got = 0
	fin, kind := f.head[0]&finBit != 0, f.head[0]&kindBits
	size := f.size()
	switch {
	case f.head[0]&reservedBits != 0:
		return broken("a frame has reserved bits set, and no extension was agreed on")
	case f.head[1]&maskBit != 0:
		return broken("the server masked a frame")
	case size > 1<<63-1:
		return broken("a frame is longer than can be")
	case kind >= frameClose:
		return f.beginControl(kind, fin, size)
	case kind == frameText:
		return errText
	case kind > frameBinary:
		return broken("a frame is of the unknown kind 0x%X", kind)
	case (kind == frameMore) != f.more:
		return broken("a message begins before the end of the last, or goes on after it")
	}
	f.more, f.left = !fin, size
	return nil
}

func (f *frames) size() uint64 {
	switch n := f.head[1] &^ maskBit; n {
	case 126:
		return uint64(binary.BigEndian.Uint16(f.head[2:]))
	case 127:
		return binary.BigEndian.Uint64(f.head[2:])
	default:
		return uint64(n)
	}
}

func (f *frames) beginControl(kind byte, fin bool, size uint64) error {
	switch {
	case kind > framePong:
		return broken("a frame is of the unknown kind 0x%X", kind)
	case !fin || size > longestControl:
		return broken("a control frame is in pieces, or longer than %d bytes", longestControl)
	}
	f.inside, f.want, f.control = true, int(size), f.control[:0]
	return f.endControl()
}

// endControl acts on a control frame that is whole. Of pings only the last one needs an answer (RFC 6455 §5.5.3).
func (f *frames) endControl() error {
	if f.want > 0 {
		return nil
	}
	f.inside = false
	switch f.head[0] & kindBits {
	case framePing:
		f.ping = append([]byte{}, f.control...)
	case frameClose:
		return readClose(f.control)
	}
	return nil
}

// readClose reads what a close frame says.
func readClose(said []byte) error {
	switch {
	case len(said) == 0:
		return &CloseError{Code: closeNone}
	case len(said) == 1 || !utf8.Valid(said[2:]):
		return broken("a close frame has half a code, or its reason is not UTF-8")
	}
	return &CloseError{Code: int(binary.BigEndian.Uint16(said)), Reason: string(said[2:])}
}

// whole tells whether the connection may end here.
func (f *frames) whole() bool { return f.left == 0 && !f.more && !f.inside && f.got == 0 }

// appendHead appends the header of a frame of ours, which is one message by itself, up to its mask.
func appendHead(b []byte, kind byte, size int) []byte {
	b = append(b, finBit|kind)
	switch {
	case size <= longestControl:
		return append(b, maskBit|byte(size))
	case size <= 1<<16-1:
		return binary.BigEndian.AppendUint16(append(b, maskBit|126), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(b, maskBit|127), uint64(size))
}
