package actor

// drained says whether all that waited for this connection has ended.
func (t *tracker) drained() bool {
	if !t.epochs.passed(t.backlog) {
		return false
	}
	for op := range t.calls {
		if t.waited(op) {
			return false
		}
	}
	for op := range t.free.all {
		if op.seq > t.lastCall {
			break
		}
		if t.waited(op) {
			return false
		}
	}
	return true
}

// waited says whether op subscribes or unsubscribes and waited for this connection, for a caller who is still there.
func (t *tracker) waited(op *Op) bool {
	return op.kind != opPublish && op.seq <= t.lastCall && op.Ending != nil && !op.said
}
