package app

import "context"

// UntilInterrupted runs f, which may stand in a read from a terminal or a pipe that nothing can end. After an interrupt it isn't
// waited for any more: the error is ErrInterrupted, and the program ends.
func UntilInterrupted(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
