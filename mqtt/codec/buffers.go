package codec

import (
	"math/bits"
	"sync"
)

// Large buffers serve again: memory that is new costs more than what is copied into it, a page fault for each 4 KiB. There are four
// sizes to each power of two, from bigBuffer up to 2 MiB; beyond that nothing is kept.
var bufferPools [4 * (21 - 12)]sync.Pool

// bigBuffer is the size from which a buffer is worth keeping apart from the record that has it, in bytes.
const bigBuffer = 4 << 10

// bufferClass gives the place and the size of the smallest buffer that holds size bytes; a place of -1 for none.
func bufferClass(size int) (place, room int) {
	if size < bigBuffer {
		return -1, (size + 63) &^ 63
	}
	power := bits.Len(uint(size-1)) - 1 // 2^power < size <= 2^(power+1), but for bigBuffer itself
	power = max(power, 12)
	quarter := 1 << (power - 2)
	k := max((size-1<<power+quarter-1)/quarter, 1)
	place = 4*(power-12) + k - 1
	if place >= len(bufferPools) {
		return -1, size
	}
	return place, 1<<power + k*quarter
}

// newBuffer gives an empty buffer for size bytes.
func newBuffer(size int) []byte {
	place, room := bufferClass(size)
	if place >= 0 {
		if b, _ := bufferPools[place].Get().(*[]byte); b != nil {
			return (*b)[:0]
		}
	}
	return make([]byte, 0, room)
}

// keepForOthers puts away a buffer that newBuffer gave. Nobody may hold on to it.
func keepForOthers(b []byte) {
	if place, room := bufferClass(cap(b)); place >= 0 && room == cap(b) {
		bufferPools[place].Put(&b)
	}
}
