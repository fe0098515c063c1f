package actor

import (
	"context"
	"time"
)

// askLeave makes the channel on which an attempt hears that the store knows of its CONNECT: nil without a store.
func (s *supervisor) askLeave() (allow chan<- struct{}, allowed <-chan struct{}) {
	if s.cfg.Write == nil {
		return nil, nil
	}
	leave := make(chan struct{}, 1)
	return leave, leave
}

// doubtPatience bounds how long a CONNECT waits for the store: one that hangs doesn't keep the client from its server.
const doubtPatience = time.Second

// mayConnect waits until the store knows that a CONNECT is to leave. The error is ctx's: then none may.
func (a *attempt) mayConnect(ctx context.Context) error {
	if a.allowed == nil {
		return nil
	}
	patience := time.NewTimer(doubtPatience)
	defer patience.Stop()
	select {
	case <-a.allowed:
	case <-patience.C:
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}
