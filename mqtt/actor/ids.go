package actor

// ids hands out Packet Identifiers (§2.2.1) and knows what each one in use stands for. PUBLISH, SUBSCRIBE and UNSUBSCRIBE
// share them. It is a table of lazily made pages: a map costs fifty times as much at each acknowledgement, and one array
// of 65,536 more memory than an idle client may have.
type ids struct {
	pages []*idPage // as far as identifiers were given out
	spare *idPage
	used  int
	last  uint16 // the identifier given out last; zero before the first
}

type idPage struct {
	ops  [256]*Op
	used int
}

// take gives op the next free identifier after the last one given out, so that one is used again as late as possible.
// It says false when all 65,535 are in use.
func (t *ids) take(op *Op) bool {
	if t.used == 65535 {
		return false
	}
	id := t.last
	for {
		id++ // wraps to 0, which is no identifier
		if id != 0 && t.get(id) == nil {
			break
		}
	}
	t.last = id
	t.set(id, op)
	op.id = id
	return true
}

// claim gives op the identifier that it bears, as a stored message does. It says false when that is in use.
func (t *ids) claim(op *Op) bool {
	if op.id == 0 || t.get(op.id) != nil {
		return false
	}
	t.set(op.id, op)
	return true
}

func (t *ids) get(id uint16) *Op {
	if n := int(id >> 8); n < len(t.pages) && t.pages[n] != nil {
		return t.pages[n].ops[id&255]
	}
	return nil
}

func (t *ids) set(id uint16, op *Op) {
	if n := int(id>>8) + 1; n > len(t.pages) {
		t.pages = append(t.pages, make([]*idPage, n-len(t.pages))...)
	}
	p := t.pages[id>>8]
	if p == nil {
		if p = t.spare; p == nil {
			p = new(idPage)
		}
		t.spare = nil
		t.pages[id>>8] = p
	}
	p.ops[id&255] = op
	p.used++
	t.used++
}

// free makes the identifier of op available again.
func (t *ids) free(op *Op) {
	if op.id == 0 || t.get(op.id) != op {
		return
	}
	p := t.pages[op.id>>8]
	p.ops[op.id&255] = nil
	p.used--
	t.used--
	if p.used == 0 {
		t.pages[op.id>>8] = nil
		t.spare = p
	}
	op.id = 0
}
