package actor

// epochs counts what is open by the age of its admission, so that a Flush can wait for all that was admitted before it
// without a list. A new epoch begins with each Flush.
type epochs struct {
	oldest uint64
	open   []int // of epoch oldest+i
}

// begin counts one more in the current epoch, which it gives.
func (e *epochs) begin() uint64 {
	if len(e.open) == 0 {
		e.open = append(e.open, 0)
	}
	last := len(e.open) - 1
	e.open[last]++
	return e.oldest + uint64(last)
}

// beginMany counts n more.
func (e *epochs) beginMany(n int) uint64 {
	epoch := e.begin()
	e.open[len(e.open)-1] += n - 1
	return epoch
}

// end counts one less in an epoch.
func (e *epochs) end(epoch uint64) {
	e.open[epoch-e.oldest]--
	e.trim()
}

// endMany counts n less.
func (e *epochs) endMany(epoch uint64, n int) {
	e.open[epoch-e.oldest] -= n
	e.trim()
}

// mark begins a new epoch; all that was begun before it has ended when passed says so.
func (e *epochs) mark() uint64 {
	if len(e.open) == 0 {
		return e.oldest
	}
	e.open = append(e.open, 0)
	mark := e.oldest + uint64(len(e.open)) - 1
	e.trim()
	return mark
}

// passed says whether all that was begun before the mark has ended.
func (e *epochs) passed(mark uint64) bool { return e.oldest >= mark }

func (e *epochs) trim() {
	n := 0
	for n < len(e.open)-1 && e.open[n] == 0 {
		n++
	}
	if n > 0 {
		e.oldest += uint64(n)
		e.open = append(e.open[:0], e.open[n:]...)
	}
}
