package mqtttest

import (
	"errors"
	"math/rand/v2"
	"net"
)

// transit is the state of a Flow.
type transit struct {
	buf     []byte // written; buf[:head] was read
	head    int
	passed  uint64     // bytes that were read in all
	size    int        // how much may be on its way; 0: a Write waits for its reader
	chunk   int        // a Read gets at most this; 0: no bound
	random  *rand.Rand // with it, a Read gets at most 1 to chunk
	stalled bool       // Reads get nothing for now
	bounded bool       // left counts
	left    int        // bytes that may still be written before the connection breaks
	end     error      // what a Read gets when nothing is on its way; nil while more may come
	refusal error      // what a Write gets; nil while it may go on
}

func (s *transit) len() int { return len(s.buf) - s.head }

// take moves what a Read may have into b. Neither bytes nor an error: the Read waits.
func (s *transit) take(b []byte) (int, error) {
	if s.stalled {
		return 0, nil
	}
	if s.len() == 0 {
		return 0, s.end
	}
	n := copy(b[:s.most(len(b))], s.buf[s.head:])
	s.head += n
	s.passed += uint64(n)
	if s.len() == 0 {
		s.buf, s.head = s.buf[:0], 0
	}
	return n, nil
}

// most is what a Read of n bytes may have at most.
func (s *transit) most(n int) int {
	switch {
	case s.chunk == 0:
		return n
	case s.random != nil:
		return min(n, 1+s.random.IntN(s.chunk))
	}
	return min(n, s.chunk)
}

// ready reports whether another Read has something to take.
func (s *transit) ready() bool { return !s.stalled && (s.len() > 0 || s.end != nil) }

// put appends what there is room for.
func (s *transit) put(b []byte) (int, error) {
	if s.refusal != nil {
		return 0, s.refusal
	}
	n := len(b)
	if s.size > 0 {
		n = min(n, max(s.size-s.len(), 0))
	}
	if s.bounded {
		n = min(n, s.left)
		s.left -= n
	}
	if s.head > 0 && len(s.buf)+n > cap(s.buf) {
		s.buf, s.head = s.buf[:copy(s.buf, s.buf[s.head:])], 0
	}
	s.buf = append(s.buf, b[:n]...)
	return n, nil
}

// withdraw takes back what was not read of the last n bytes before the position mark, and says how much that was.
func (s *transit) withdraw(mark uint64, n int) int {
	if mark <= s.passed {
		return 0
	}
	unread := min(int(mark-s.passed), n)
	s.buf = s.buf[:max(len(s.buf)-unread, s.head)] // what a reset has lost is gone already
	if s.bounded {
		s.left += unread
	}
	return unread
}

// finish ends writing. What ended before stays as it ended.
func (s *transit) finish(end, refusal error) {
	if s.end == nil {
		s.end = end
	}
	if s.refusal == nil {
		s.refusal = refusal
	}
}

// drop ends both sides and loses what is on its way. A reader that closed its own end keeps that reason.
func (s *transit) drop(end, refusal error) {
	if !errors.Is(s.end, net.ErrClosed) {
		s.end = end
	}
	s.finish(end, refusal)
	s.buf, s.head, s.stalled = nil, 0, false
}
