package netx

import "syscall/js"

// weChat is a socket that is a SocketTask of WeChat's.
type weChat struct {
	callbacks
	task             js.Value
	open             chan struct{} // a signal
	waiting          unsent
	success, failure js.Func // of send
}

func newWeChat() *weChat { return &weChat{open: make(chan struct{}, 1)} }

func (w *weChat) opened() <-chan struct{} { return w.open }

// connect listens at once: WeChat doesn't repeat an event that nobody has listened for.
func (w *weChat) connect(c *socketConn, request map[string]any) {
	failed := func(what string) func(js.Value) {
		return func(event js.Value) { c.finish(appFailed(what, event, "errMsg")) }
	}
	request["fail"] = w.on(failed("wx.connectSocket failed"))
	w.success = w.on(func(js.Value) { w.waiting.sent() })
	w.failure = w.on(failed("SocketTask.send failed"))
	task := js.Global().Get("wx").Call("connectSocket", request)
	if !task.Truthy() {
		c.finish(appFailed("wx.connectSocket gave no SocketTask", js.Undefined(), ""))
		return
	}
	w.task = task
	w.task.Call("onOpen", w.on(func(js.Value) { signal(w.open) }))
	w.task.Call("onMessage", w.on(func(event js.Value) { w.message(c, event.Get("data")) }))
	w.task.Call("onError", w.on(failed("the connection broke")))
	w.task.Call("onClose", w.on(func(event js.Value) { c.finish(appEnd(event)) }))
}

func (w *weChat) message(c *socketConn, data js.Value) {
	if data.Type() != js.TypeString && !isBuffer(data) {
		c.finish(&FrameError{Reason: "WeChat brought a message that is neither text nor an ArrayBuffer"})
		return
	}
	c.deliver(data)
}

// send hands over a copy of its own: WeChat takes an ArrayBuffer, and looks at all of it, later.
func (w *weChat) send(bytes js.Value) {
	w.waiting.took(bytes.Length()) // it may report at once
	w.task.Call("send", map[string]any{
		"data": bytes.Call("slice").Get("buffer"), "success": w.success, "fail": w.failure,
	})
}

func (w *weChat) buffered() int { return w.waiting.bytes }

func (w *weChat) shut() {
	if w.task.Truthy() {
		thrown(func() { w.task.Call("close", map[string]any{"code": closeNormally}) })
	}
	w.release()
}
