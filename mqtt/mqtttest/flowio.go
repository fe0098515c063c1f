package mqtttest

import "os"

// read waits until there is something to take, at most until deadline or give is closed; either may be nil.
func (f *Flow) read(b []byte, deadline, give <-chan struct{}) (int, error) {
	for {
		if closed(deadline) || closed(give) {
			signal(f.readable) // this Read may have used up what another waits for
			return 0, os.ErrDeadlineExceeded
		}
		s := <-f.state
		n, err := s.take(b)
		ready := s.ready()
		f.state <- s
		if n > 0 {
			signal(f.writable)
		}
		if n > 0 || err != nil {
			if ready {
				signal(f.readable)
			}
			return n, err
		}
		select {
		case <-f.readable:
		case <-deadline:
		case <-give:
		}
	}
}

// write waits until all of b has found room, at most until deadline is closed.
func (f *Flow) write(b []byte, deadline <-chan struct{}) (n int, err error) {
	if closed(deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	select {
	case f.writing <- struct{}{}:
	case <-deadline:
		return 0, os.ErrDeadlineExceeded
	}
	defer func() { <-f.writing }()
	for {
		m, err := f.put(b[n:], deadline)
		if n += m; n == len(b) || err != nil {
			return n, err
		}
		select {
		case <-f.writable:
		case <-deadline:
		}
	}
}

// put writes what there is room for; without room of its own, it waits for the reader.
func (f *Flow) put(b []byte, deadline <-chan struct{}) (int, error) {
	if closed(deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	s := <-f.state
	n, err := s.put(b)
	mark, through := s.passed+uint64(s.len()), s.size == 0
	f.state <- s
	if n > 0 {
		signal(f.readable)
	}
	if through && n > 0 {
		var unread int
		unread, err = f.settle(mark, n, deadline)
		n -= unread
	}
	if f.exhausted() {
		f.breakHere()
	}
	return n, err
}

// settle waits until all bytes before mark were read. When that can't be any more, it takes back what is left of the last n.
func (f *Flow) settle(mark uint64, n int, deadline <-chan struct{}) (unread int, err error) {
	for {
		s := <-f.state
		over := s.passed >= mark
		switch {
		case over:
		case closed(deadline):
			err = os.ErrDeadlineExceeded
		default:
			err = s.refusal
		}
		if err != nil {
			unread = s.withdraw(mark, n)
		}
		f.state <- s
		if over || err != nil {
			return unread, err
		}
		select {
		case <-f.writable:
		case <-deadline:
		}
	}
}

// exhausted reports whether the bound of CutAfter has just been reached.
func (f *Flow) exhausted() (yes bool) {
	f.state.do(func(s *transit) { yes = s.bounded && s.left == 0 && s.refusal == nil })
	return yes
}
