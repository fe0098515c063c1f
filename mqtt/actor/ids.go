package actor

// ids hands out Packet Identifiers (§2.2.1) and knows what each one in use stands for. PUBLISH, SUBSCRIBE and UNSUBSCRIBE
// share them. It is a table of lazily made pages: a map costs fifty times as much at each acknowledgement, and one array
// of 65,536 more memory than an idle client may have.
type ids struct {
	pages []idRange // as far as identifiers were given out
	spare *idPage
	used  int
	last  uint16 // the identifier given out last; zero before the first
}

// idRange is 256 identifiers. How many are in use stands here, so that a look for a free one doesn't go to the memory of each page.
type idRange struct {
	page *idPage // nil while none is
	used int
}

type idPage [256]*Op

// take gives op the next free identifier after the last one given out, so that one is used again as late as possible.
// It says false when all 65,535 are in use.
func (t *ids) take(op *Op) bool {
	if t.used == 65535 {
		return false
	}
	id := t.next(t.last + 1)
	t.last = id
	t.set(id, op)
	op.id = id
	return true
}

// next gives the first free identifier from id on. Full ranges are passed over at once.
func (t *ids) next(id uint16) uint16 {
	for {
		if n := int(id >> 8); n < len(t.pages) && t.pages[n].used == len(idPage{}) {
			id = (id | 255) + 1 // wraps to 0, which is no identifier
			continue
		}
		for ends := false; !ends; ends = id&255 == 0 {
			if id != 0 && t.get(id) == nil {
				return id
			}
			id++
		}
	}
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
	if n := int(id >> 8); n < len(t.pages) && t.pages[n].page != nil {
		return t.pages[n].page[id&255]
	}
	return nil
}

func (t *ids) set(id uint16, op *Op) {
	if n := int(id>>8) + 1; n > len(t.pages) {
		t.pages = append(t.pages, make([]idRange, n-len(t.pages))...)
	}
	r := &t.pages[id>>8]
	if r.page == nil {
		if r.page = t.spare; r.page == nil {
			r.page = new(idPage)
		}
		t.spare = nil
	}
	r.page[id&255] = op
	r.used++
	t.used++
}

// free makes the identifier of op available again.
func (t *ids) free(op *Op) {
	if op.id == 0 || t.get(op.id) != op {
		return
	}
	r := &t.pages[op.id>>8]
	r.page[op.id&255] = nil
	r.used--
	t.used--
	if r.used == 0 {
		t.spare, r.page = r.page, nil
	}
	op.id = 0
}
