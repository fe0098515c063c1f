package actor

import (
	"context"
	"sync"
)

// join runs processes side by side, the last in the caller's goroutine. When one returns, it stops the others, waits for all, and
// reports the first reason. stop ends ctx, which is the join's alone.
func join(ctx context.Context, stop context.CancelCauseFunc, processes ...func(context.Context) error) error {
	var wg sync.WaitGroup
	last := len(processes) - 1
	for _, run := range processes[:last] {
		wg.Go(func() { stop(run(ctx)) }) // stop keeps the first cause only
	}
	stop(processes[last](ctx))
	wg.Wait()
	return context.Cause(ctx)
}
