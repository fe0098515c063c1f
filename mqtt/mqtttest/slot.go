package mqtttest

// slot holds a state that several goroutines use in turn: whoever took the value owns it until it puts it back. It does what
// a lock does, but those who wait for it wait on a channel, and so a testing/synctest bubble may count them as asleep.
type slot[T any] chan *T

func newSlot[T any](v T) slot[T] {
	s := make(slot[T], 1)
	s <- &v
	return s
}

// do runs f with the value. f must not come back for the same slot.
func (s slot[T]) do(f func(*T)) {
	v := <-s
	defer func() { s <- v }()
	f(v)
}

// signal tells whoever waits on c to look again; a signal that is there already says the same.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// closed reports whether c is; nil never is.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
