package webstore

import (
	"context"
	"fmt"
	"syscall/js"
	"time"
)

// patience is how long others may take to let go of a database: a page that is being reloaded, above all.
const patience = time.Second

// lock is one of the Web Locks API, and ours. It is held for as long as a promise of ours isn't resolved, or until the page is gone.
type lock struct {
	resolve js.Value
	got     chan struct{} // closed when it is ours
	settled chan error    // one, when it isn't ours any more or never was
	calls   []js.Func
}

// takeLock takes the lock of a name, or gives up with errInUse.
func takeLock(ctx context.Context, name string) (*lock, error) {
	locks, err := webLocks()
	if err != nil {
		return nil, err
	}
	l := &lock{got: make(chan struct{}), settled: make(chan error, 1)}
	abort := js.Global().Get("AbortController").New()
	if err := attempt(func() { l.request(locks, name, abort.Get("signal")) }); err != nil {
		l.forget()
		return nil, err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-l.got:
		return l, nil
	case err := <-l.settled:
		l.forget()
		return nil, err
	case <-ctx.Done():
	case <-late.C:
	}
	if err = ctx.Err(); err == nil {
		err = errInUse
	}
	abort.Call("abort")
	select {
	case <-l.got: // at the last moment
		if ctx.Err() == nil {
			return l, nil
		}
		l.release()
	case <-l.settled:
		l.forget()
	}
	return nil, err
}

func webLocks() (js.Value, error) {
	navigator := js.Global().Get("navigator")
	if !navigator.Truthy() {
		return js.Value{}, fmt.Errorf("%w: there is no navigator, so this isn't a browser", ErrUnavailable)
	}
	locks, err := property(navigator, "locks")
	if err == nil && !locks.Truthy() {
		err = fmt.Errorf("%w: there is no navigator.locks; serve the page by https or from localhost, to a browser of 2022 or newer", ErrUnavailable)
	}
	return locks, err
}

// request asks for the lock. Each function is called once at most.
func (l *lock) request(locks js.Value, name string, signal js.Value) {
	promise := l.function(func(args []js.Value) any {
		l.resolve = args[0]
		return nil
	})
	granted := l.function(func([]js.Value) any {
		held := js.Global().Get("Promise").New(promise)
		close(l.got)
		return held
	})
	fulfilled := l.function(func([]js.Value) any {
		l.settled <- nil
		return nil
	})
	rejected := l.function(func(args []js.Value) any {
		l.settled <- exception(args[0])
		return nil
	})
	locks.Call("request", "sluice webstore "+name, map[string]any{"signal": signal}, granted).Call("then", fulfilled, rejected)
}

func (l *lock) function(f func(args []js.Value) any) js.Func {
	call := js.FuncOf(func(_ js.Value, args []js.Value) any { return f(args) })
	l.calls = append(l.calls, call)
	return call
}

// release lets the next one have the lock, and returns when it can.
func (l *lock) release() {
	l.resolve.Invoke()
	<-l.settled
	l.forget()
}

func (l *lock) forget() {
	for _, call := range l.calls {
		call.Release()
	}
}
