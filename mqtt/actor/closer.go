package actor

import (
	"context"
	"net"
)

// closer owns the end of a connection: it alone closes it, which wakes reader and writer.
type closer struct {
	conn net.Conn
	cut  <-chan struct{} // from tracker: now
}

func (c *closer) run(ctx context.Context) error {
	var why error
	select {
	case <-ctx.Done():
		why = context.Cause(ctx)
	case <-c.cut:
		why = errCut
	}
	c.conn.Close() // netx: never blocks
	return why
}
