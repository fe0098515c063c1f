package actor

// space makes room to read into: at least as much as the packet that has begun needs, its size was checked.
func (r *reader) space() []byte {
	if r.to == 0 && r.large != nil {
		r.relax()
	}
	if r.filled && len(r.buf) < largeRead && !r.own {
		r.enlarge()
	}
	if r.from > 0 && r.to == len(r.buf) {
		r.to = copy(r.buf, r.buf[r.from:r.to])
		r.from = 0
	}
	return r.buf[r.to:]
}

// relax gives the large buffer back when what comes has been small for a while.
func (r *reader) relax() {
	if r.calm++; r.calm > 16 {
		r.shrink()
	}
}

func (r *reader) shrink() {
	r.release()
	r.buf, r.from, r.to, r.own = make([]byte, smallRead), 0, 0, false
}

// release gives the large buffer back, if there is one.
func (r *reader) release() {
	if r.large != nil {
		readPool.Put(r.large)
		r.large = nil
	}
}

// need sees to it that a packet of size bytes fits, of which not all has come; size is zero while its header is not whole.
func (r *reader) need(size int) {
	switch {
	case size > ownPacket && !r.own:
		b := make([]byte, size)
		r.to = copy(b, r.buf[r.from:r.to])
		r.release()
		r.buf, r.from, r.own = b, 0, true
	case size > len(r.buf):
		r.enlarge()
	}
}

// ownPacket is the size from which a packet that has not come whole is read into memory of its own, in bytes. Its payload then
// stays there: it is neither copied nor does it need memory twice.
const ownPacket = 16 << 10

// enlarge moves what is left into a large buffer, which is nobody's own.
func (r *reader) enlarge() {
	large := readPool.Get().(*[]byte)
	r.to = copy(*large, r.buf[r.from:r.to])
	r.from = 0
	r.release()
	r.large, r.buf, r.own, r.calm = large, *large, false, 0
}

// spent begins a buffer anew when all in it was decoded. One packet's own goes with it; more of that size may come.
func (r *reader) spent() {
	r.from, r.to = 0, 0
	if r.own {
		r.enlarge()
	}
}
