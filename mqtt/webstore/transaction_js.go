package webstore

import (
	"context"
	"syscall/js"
)

// transact does in one transaction what issue asks the browser for, and returns when it was committed or undone. issue
// must not wait: a transaction in which nothing is asked for ends by itself when the event loop goes on. When ctx ends, the
// transaction is undone, unless it is too late for that.
func transact(ctx context.Context, db js.Value, mode string, issue func(tx js.Value) error) error {
	var tx js.Value
	names, options := []any{aboutStore, recordsStore}, map[string]any{"durability": "strict"}
	if err := attempt(func() { tx = db.Call("transaction", names, mode, options) }); err != nil {
		return err
	}
	outcome := make(chan error, 1)
	on := listen(tx)
	defer on.release()
	on.on("complete", func(js.Value) { outcome <- nil })
	on.on("abort", func(js.Value) { outcome <- exception(tx.Get("error")) })
	undo := func(why error) error {
		attempt(func() { tx.Call("abort") }) // it throws when it is too late
		if <-outcome == nil {
			return nil
		}
		return why
	}
	var asked error
	if err := attempt(func() { asked = issue(tx) }); err != nil || asked != nil {
		if err == nil {
			err = asked
		}
		return undo(err)
	}
	select {
	case err := <-outcome:
		return err
	case <-ctx.Done():
		return undo(ctx.Err())
	}
}
