package actor

// exactly holds the QoS 2 messages of a session from their PUBLISH until their PUBCOMP, so that none is delivered twice
// (§4.3.3). It outlives connections.
type exactly struct {
	index map[uint16]uint32 // Packet Identifier to slot
	slots []heldID
	free  []uint32
}

// heldID is one Packet Identifier in use.
type heldID struct {
	id      uint16
	first   uint64    // the place of its first arrival, which tells it from others in this slot; zero when the slot is free
	acked   bool      // the application has acknowledged it, or nobody has to
	carried bool      // not acknowledged, from a connection that is gone, and not repeated on this one yet
	mark    markState // what the store knows, or will know
	marked  uint64    // the number of that mark
	unsure  bool      // it may be of another session than the server has
	gen     uint64    // the connection on which it counts against Receive Maximum
	claim   claim
	entries []uint64 // its arrivals on this connection that wait for the acknowledgement
}

// find gives the slot of an identifier.
func (x *exactly) find(id uint16) (slot uint32, held bool) {
	slot, held = x.index[id]
	return slot, held
}

// at gives what is in a slot, nil when it isn't the message that arrived first at that place.
func (x *exactly) at(slot uint32, first uint64) *heldID {
	if int(slot) >= len(x.slots) || x.slots[slot].first != first {
		return nil
	}
	return &x.slots[slot]
}

// hold takes an identifier that isn't held.
func (x *exactly) hold(h heldID) (slot uint32) {
	if x.index == nil {
		x.index = make(map[uint16]uint32)
	}
	if n := len(x.free); n > 0 {
		slot, x.free = x.free[n-1], x.free[:n-1]
		h.entries = x.slots[slot].entries // the memory of the last one serves again
	} else {
		slot = uint32(len(x.slots))
		x.slots = append(x.slots, heldID{})
	}
	x.slots[slot] = h
	x.index[h.id] = slot
	return slot
}

// wait notes an arrival of the message that is to be answered when the application has acknowledged it.
func (x *exactly) wait(slot uint32, place uint64) {
	x.slots[slot].entries = append(x.slots[slot].entries, place)
}

// release frees a slot and its identifier.
func (x *exactly) release(slot uint32) {
	h := &x.slots[slot]
	delete(x.index, h.id)
	*h = heldID{entries: h.entries[:0]}
	x.free = append(x.free, slot)
	if len(x.index) == 0 && len(x.slots) > keptEntries {
		*x = exactly{} // an idle connection holds no large table
	}
}

// all gives what is held. What it gives may be released meanwhile.
func (x *exactly) all(yield func(*heldID) bool) {
	for i := 0; i < len(x.slots); i++ {
		if x.slots[i].first != 0 && !yield(&x.slots[i]) {
			return
		}
	}
}
