package actor

// space makes room to read into: at least as much as the packet that has begun needs, its size was checked.
func (r *reader) space() []byte {
	if r.to == 0 {
		r.relax()
	}
	if r.filled && len(r.buf) < largeRead {
		r.grow(largeRead)
	}
	if r.from > 0 && r.to == len(r.buf) {
		r.to = copy(r.buf, r.buf[r.from:r.to])
		r.from = 0
	}
	return r.buf[r.to:]
}

// relax gives the large buffer back when what comes has been small for a while.
func (r *reader) relax() {
	switch {
	case r.large != nil:
		if r.calm++; r.calm > 16 {
			r.shrink()
		}
	case len(r.buf) > largeRead:
		r.shrink() // one packet's own
	}
}

func (r *reader) shrink() {
	if r.large != nil {
		readPool.Put(r.large)
		r.large = nil
	}
	r.buf, r.from, r.to = make([]byte, smallRead), 0, 0
}

// need makes the buffer hold a packet of size bytes, zero for one whose header is not whole.
func (r *reader) need(size int) {
	if size > len(r.buf) {
		r.grow(size)
	}
}

// grow moves what is left into a buffer of at least size bytes.
func (r *reader) grow(size int) {
	var b []byte
	old := r.large
	if size <= largeRead {
		r.large = readPool.Get().(*[]byte)
		b = *r.large
	} else {
		r.large = nil // one packet's own: it goes when the packet was taken
		b = make([]byte, size)
	}
	r.to = copy(b, r.buf[r.from:r.to])
	r.from = 0
	r.buf, r.calm = b, 0
	if old != nil {
		readPool.Put(old)
	}
}
