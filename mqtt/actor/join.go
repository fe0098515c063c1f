package actor

import (
	"context"
	"sync"
)

// join runs processes side by side. When one returns, it stops the others, waits for all, and reports the first reason.
func join(ctx context.Context, processes ...func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for _, run := range processes {
		wg.Go(func() { stop(run(ctx)) }) // stop keeps the first cause only
	}
	wg.Wait()
	return context.Cause(ctx)
}
