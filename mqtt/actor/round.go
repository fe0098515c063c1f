package actor

import (
	"errors"
	"strings"
)

// RoundError says that each server of a round was tried in vain, or that the last one made the others needless.
type RoundError struct{ Attempts []*AttemptError } // in their order

// Error implements error.
func (e *RoundError) Error() string {
	reasons := make([]string, len(e.Attempts))
	for i, a := range e.Attempts {
		reasons[i] = a.Error()
	}
	return strings.Join(reasons, "; ")
}

// Unwrap gives all of them, the last one first.
func (e *RoundError) Unwrap() []error {
	reasons := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		reasons[len(reasons)-1-i] = a
	}
	return reasons
}

// newRound forgets what was in vain: each server has a turn again.
func (s *supervisor) newRound() {
	s.course.round()
	s.vain = nil
}

// inVain keeps why an attempt failed, as long as its round lasts.
func (s *supervisor) inVain(why error) {
	if a, ok := errors.AsType[*AttemptError](why); ok {
		s.vain = append(s.vain, a)
	}
}

// whole is why a round failed, of which why was the last reason.
func (s *supervisor) whole(why error) error {
	if len(s.vain) < 2 {
		return why
	}
	return &RoundError{s.vain}
}
