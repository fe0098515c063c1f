package actor

import (
	"context"
	"errors"
	"sync"
)

// process is what a join runs. Its run ends with a reason, which is never nil, or with errAnew.
type process interface{ run(context.Context) error }

// ender is a process that has something to end when it has returned, which would give another process a reason to return: not
// before its own reason is told, for the first one is the joint's.
type ender interface{ end() }

// errAnew is what a process returns to go on, with its state as it is, in another goroutine. A stack that has grown stays with
// its goroutine for good. So a process does this behind what needs much of it and comes once in a while, as a new connection
// does: it rests on a small one.
var errAnew = errors.New("goes on in another goroutine")

// joint is processes that end together.
type joint struct {
	ctx  context.Context
	stop context.CancelCauseFunc // ends ctx, which is the joint's alone
	open sync.WaitGroup          // of the processes
	last process                 // waits for the others, and tells
	over func(why error)
}

// join runs processes side by side. When one returns, it stops the others; when all have, over hears the first reason, in the
// goroutine of the last process.
func join(ctx context.Context, stop context.CancelCauseFunc, over func(why error), processes ...process) {
	j := &joint{ctx: ctx, stop: stop, last: processes[len(processes)-1], over: over}
	j.open.Add(len(processes))
	for _, p := range processes {
		go j.run(p)
	}
}

func (j *joint) run(p process) {
	why := p.run(j.ctx)
	if why == errAnew {
		go j.run(p)
		return
	}
	j.stop(why) // keeps the first cause only
	if e, ok := p.(ender); ok {
		e.end()
	}
	j.open.Done()
	if p == j.last {
		j.open.Wait()
		j.over(context.Cause(j.ctx))
	}
}
