package app

import (
	"context"
	"time"
)

// Grace gives a context that outlives ctx by --drain: for what is under way when an interrupt comes.
func (a *App) Grace(ctx context.Context) (context.Context, context.CancelFunc) {
	grace, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		end := time.NewTimer(a.Drain)
		defer end.Stop()
		select {
		case <-end.C:
			cancel(context.Cause(ctx))
		case <-grace.Done():
		}
	})
	return grace, func() { stop(); cancel(nil) }
}
