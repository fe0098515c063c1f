package actor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// lasting runs a process to its end, as a join does, but in one goroutine.
func lasting(ctx context.Context, p process) (why error) {
	for why = errAnew; why == errAnew; {
		why = p.run(ctx)
	}
	return why
}

// phases is a process that ends at the n-th run with why; until then it goes on anew. Without why it waits to be stopped.
type phases struct {
	n    int
	why  error
	runs int
}

func (p *phases) run(ctx context.Context) error {
	if p.runs++; p.runs < p.n {
		return errAnew
	}
	if p.why != nil {
		return p.why
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

func TestJoin(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name      string
		processes []*phases
	}{
		{"one alone", []*phases{{n: 1, why: broken}}},
		{"one alone that goes on anew", []*phases{{n: 3, why: broken}}},
		{"the first ends", []*phases{{n: 1, why: broken}, {n: 1}, {n: 1}}},
		{"the last ends", []*phases{{n: 1}, {n: 1}, {n: 1, why: broken}}},
		{"others go on anew", []*phases{{n: 2}, {n: 2, why: broken}, {n: 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancelCause(t.Context())
				all := make([]process, len(c.processes))
				for i, p := range c.processes {
					all[i] = p
				}
				over := make(chan error, 1)
				join(ctx, stop, func(why error) {
					for _, p := range c.processes { // which nobody else has any more
						require.Equal(t, p.n, p.runs)
					}
					over <- why
				}, all...)
				require.ErrorIs(t, <-over, broken)
			})
		})
	}
}
