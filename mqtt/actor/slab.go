package actor

const (
	slabSize = 16 << 10 // what keeping one small payload can hold back at most
	slabMax  = 4 << 10  // a larger payload has memory of its own
)

// slab cuts payloads out of larger pieces of memory: one allocation for many messages.
type slab struct {
	free []byte
	next int // size of the next piece: it grows with use, so that a message now and then doesn't hold much
}

// copy gives bytes that nobody else writes to and whose capacity is their length.
func (s *slab) copy(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if len(b) > slabMax {
		own := make([]byte, len(b))
		copy(own, b)
		return own
	}
	if len(b) > len(s.free) {
		s.next = min(max(s.next*2, 256, len(b)), slabSize)
		s.free = make([]byte, s.next)
	}
	own := s.free[:len(b):len(b)]
	s.free = s.free[len(b):]
	copy(own, b)
	return own
}
