package actor

import (
	"context"
	"sync"
)

// join runs processes side by side, the last in the caller's goroutine. When one returns, it stops the others, waits for all, and
// reports the first reason.
func join(ctx context.Context, processes ...func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	last := len(processes) - 1
	for _, run := range processes[:last] {
		wg.Go(func() { stop(run(ctx)) }) // stop keeps the first cause only
	}
	stop(processes[last](ctx))
	wg.Wait()
	return context.Cause(ctx)
}
