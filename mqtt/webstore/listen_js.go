package webstore

import "syscall/js"

// listener has Go functions called by events, and lets go of them. A function that is called holds up the event loop, so it
// never waits.
type listener struct {
	target js.Value
	names  []string
	calls  []js.Func
}

func listen(target js.Value) *listener { return &listener{target: target} }

func (l *listener) on(event string, do func(event js.Value)) {
	call := js.FuncOf(func(_ js.Value, args []js.Value) any {
		do(args[0])
		return nil
	})
	l.names, l.calls = append(l.names, event), append(l.calls, call)
	l.target.Call("addEventListener", event, call)
}

func (l *listener) release() {
	for i, call := range l.calls {
		l.target.Call("removeEventListener", l.names[i], call)
		call.Release()
	}
	l.names, l.calls = nil, nil
}

// property reads what may throw when it is read, as a page's storage does where it is blocked.
func property(of js.Value, name string) (value js.Value, err error) {
	err = attempt(func() { value = js.Global().Get("Reflect").Call("get", of, name) })
	return value, err
}
