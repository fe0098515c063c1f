package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// A payload tells in each of its blocks which message it belongs to, so that another one's bytes show wherever they lie:
//   - bytes 0 to 3 are the number of the goroutine that publishes it, from 0;
//   - bytes 4 to 11 of each block are the sequence of the message, from 0, with the number of the block in their upper part;
//   - all else is filler, the same in each block.
//
// So a sender writes few bytes for each message, and a receiver compares as fast as memory is read. Numbers are big endian.

const (
	block     = 1 << 10 // bytes
	blockUnit = 1 << 40 // what the number of a block is multiplied by
	labelled  = 12      // so many bytes at least tell which message it is
)

// filler has no pattern. The programs in other languages make it in the same way.
var filler = func() (b [block]byte) {
	x := uint32(1)
	for i := range b {
		x = x*1103515245 + 12345
		b[i] = byte(x >> 16)
	}
	return b
}()

// fill makes a payload of n bytes with sequence 0.
func fill(goroutine, n int) []byte {
	p := make([]byte, n)
	for at := 0; at < n; at += block {
		copy(p[at:], filler[:])
	}
	binary.BigEndian.PutUint32(p, uint32(goroutine))
	number(p, 0)
	return p
}

// number sets the sequence of a payload.
func number(payload []byte, sequence uint64) {
	for p := payload; len(p) >= labelled; p = p[block:] {
		binary.BigEndian.PutUint64(p[4:], sequence)
		if len(p) <= block {
			return
		}
		sequence += blockUnit
	}
}

// whole says whether a payload is that of a message in all of its bytes, but for the number of the goroutine.
func whole(payload []byte, sequence uint64) bool {
	if len(payload) < labelled || !blockWhole(payload[:min(block, len(payload))], sequence) {
		return false
	}
	for len(payload) > block {
		payload = payload[block:]
		sequence += blockUnit
		b := payload[:min(block, len(payload))]
		if !bytes.Equal(b[:min(4, len(b))], filler[:min(4, len(b))]) {
			return false
		}
		if len(b) < labelled { // there is no sequence in it
			return bytes.Equal(b, filler[:len(b)])
		}
		if !blockWhole(b, sequence) {
			return false
		}
	}
	return true
}

func blockWhole(b []byte, sequence uint64) bool {
	return binary.BigEndian.Uint64(b[4:]) == sequence && bytes.Equal(b[labelled:], filler[labelled:len(b)])
}

// Of large payloads each eighth is compared: it costs a receiver little then, beside what it takes to receive them.
const (
	largePayload = 4 << 10
	eighth       = 8
)

// compared says whether all bytes of the n-th message that somebody takes are looked at, and not only what it begins with.
func compared(size int, n uint64) bool { return size <= largePayload || n%eighth == 0 }

// follow checks what a receiver takes: want is the sequence of the message, taken how many came before.
func follow(payload []byte, size int, want, taken uint64) error {
	if len(payload) != size {
		return fmt.Errorf("a payload of %d bytes came as message %d, want %d", len(payload), want, size)
	}
	if got := binary.BigEndian.Uint64(payload[4:]); got != want {
		return fmt.Errorf("message %d came, want %d", got, want)
	}
	if compared(size, taken) && !whole(payload, want) {
		return fmt.Errorf("message %d came with bytes that aren't its own", want)
	}
	return nil
}
