package actor

// Receipt is what a caller holds of an operation that goes on without it. The operation's record may serve another when it has
// ended, so that a receipt knows which use of it is meant. Any goroutine may use it.
type Receipt struct {
	op      *Op
	use     uint32
	done    chan<- Outcome
	outcome <-chan Outcome
}

// Receipt is for an operation that wasn't offered yet, or that its caller takes back itself.
func (op *Op) Receipt() Receipt { return Receipt{op, op.use, op.done, op.outcome} }

// Outcome is where the outcome comes: one value. Who takes it and isn't the last to ask puts it back.
func (r *Receipt) Outcome() <-chan Outcome { return r.outcome }

// PutBack returns an outcome that was taken, for the next who asks.
func (r *Receipt) PutBack(o Outcome) { r.done <- o }

// open gives the record as long as the operation has not ended; nil after that. Only the tracker may ask.
func (r *Receipt) open() *Op {
	if r.op.use != r.use || r.op.state == opEnded {
		return nil
	}
	return r.op
}
