package actor

// Ending is where the outcome of an operation is told: written down first, then a token sent, which goes from one who asks to the
// next. It is a place of the caller's, so that an outcome costs no memory of its own.
type Ending struct {
	outcome Outcome
	token   chan<- struct{} // capacity 1
	told    <-chan struct{}
}

func (e *Ending) arm() {
	c := make(chan struct{}, 1)
	e.token, e.told = c, c
}

// tell writes the outcome down. It is told once.
func (e *Ending) tell(o Outcome) {
	e.outcome = o
	e.token <- struct{}{}
}

// Told has the token when the outcome is there. Who takes it and isn't the last to ask puts it back.
func (e *Ending) Told() <-chan struct{} { return e.told }

// Outcome is for who has taken the token.
func (e *Ending) Outcome() Outcome { return e.outcome }

// PutBack gives the token to the next who asks.
func (e *Ending) PutBack() { e.token <- struct{}{} }

// Receipt is what a caller holds of an operation that goes on without it. The operation's record may serve another when it has
// ended, so that a receipt knows which use of it is meant. Any goroutine may use it.
type Receipt struct {
	op  *Op
	use uint32
	*Ending
}

// Receipt is for an operation that wasn't offered yet, or that its caller takes back itself.
func (op *Op) Receipt() Receipt { return Receipt{op, op.use, op.Ending} }

// open gives the record as long as the operation has not ended; nil after that. Only the tracker may ask.
func (r *Receipt) open() *Op {
	if r.op.use != r.use || r.op.state == opEnded {
		return nil
	}
	return r.op
}
