package actor

// tellUp tells the tracker that all is said here that follows from CONNACK.
func (d *dispatcher) tellUp() {
	if d.up && !d.doubt {
		d.letter.up = d.link.gen
	}
}

// suspect begins a doubt: the server says that it has the session, but it may have another.
func (d *dispatcher) suspect() {
	d.doubt = true
	for h := range d.exactly.all {
		h.unsure = true
	}
}

// resumed ends the doubt: what the server has not sent again by now is of another session than this one. A server that takes
// longer is still understood until the connection ends, as what it sends again has DUP, and what is new comes for the first time
// on this connection.
func (d *dispatcher) resumed() {
	if !d.doubt {
		return
	}
	for h := range d.exactly.all {
		if h.unsure && h.mark != markNone {
			d.mark(h, markNone)
		}
	}
	d.eraseFormer()
	d.doubt = false
	d.tellUp()
}

// belongs says whether a message that comes in is the one that has its identifier.
func (d *dispatcher) belongs(slot uint32, dup bool) bool {
	if dup || d.doubt || !d.exactly.slots[slot].unsure {
		return true
	}
	d.dismiss(slot)
	return false
}

// dismissUnsure ends what was not met on the connection that ended the doubt.
func (d *dispatcher) dismissUnsure() {
	if d.doubt {
		return
	}
	for h := range d.exactly.all {
		if h.unsure {
			slot, _ := d.exactly.find(h.id)
			d.dismiss(slot)
		}
	}
}
