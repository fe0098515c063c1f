package netx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall/js"
)

const closeNormally = 1000 // RFC 6455 §7.4.1: the only one of the standard's codes that a page may send

var (
	errNoWebSocket = errors.New("there is no WebSocket here: this JavaScript is neither a browser's nor of Node.js 22 or newer")

	// errNotOpened is all that there is to say: a browser hides the reason from the page, lest it explores the user's network.
	errNotOpened = errors.New("the WebSocket didn't open, and the browser tells only its console why: nobody listens there, " +
		"the server refused (401, 403, 404) or speaks no MQTT at this path, or its certificate isn't trusted")
)

// dialWebSocket has JavaScript open a WebSocket, and waits for it.
func dialWebSocket(ctx context.Context, url, shown string, protocols ...string) (*socketConn, error) {
	constructor := js.Global().Get("WebSocket")
	if !constructor.Truthy() {
		return nil, errNoWebSocket
	}
	offered := make([]any, len(protocols))
	for i, p := range protocols {
		offered[i] = p
	}
	w := &webSocket{opened: make(chan struct{}, 1)}
	holdHeart()
	if err := thrown(func() { w.object = constructor.New(url, offered) }); err != nil {
		letHeartGo()
		return nil, err // a page of https: may open wss: alone
	}
	c := newSocketConn(w, shown)
	w.listen(c)
	select {
	case <-w.opened:
	case <-c.ended:
		return nil, fmt.Errorf("%w: %w", errNotOpened, c.why())
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// webSocket is a socket that is an object of JavaScript's class WebSocket.
type webSocket struct {
	object   js.Value
	handlers []handler
	opened   chan struct{} // a signal
}

// handler is what JavaScript calls at an event.
type handler struct {
	property string
	call     js.Func
}

func (w *webSocket) listen(c *socketConn) {
	w.object.Set("binaryType", "arraybuffer")
	w.on("onopen", func(js.Value) { signal(w.opened) })
	w.on("onmessage", func(event js.Value) { c.deliver(event.Get("data")) })
	w.on("onclose", func(event js.Value) { c.finish(closedBy(event)) })
}

func (w *webSocket) on(property string, do func(event js.Value)) {
	call := js.FuncOf(func(_ js.Value, args []js.Value) any {
		do(args[0])
		return nil
	})
	w.handlers = append(w.handlers, handler{property, call})
	w.object.Set(property, call)
}

func (w *webSocket) send(bytes js.Value) { w.object.Call("send", bytes) }

func (w *webSocket) buffered() int { return w.object.Get("bufferedAmount").Int() }

// shut has what was sent leave first, and then the closing handshake, with nobody to wait for it.
func (w *webSocket) shut() {
	for _, h := range w.handlers {
		w.object.Set(h.property, js.Null())
		h.call.Release()
	}
	thrown(func() { w.object.Call("close", closeNormally) }) // it does nothing when it is closed already
	letHeartGo()
}

func closedBy(event js.Value) error {
	return endOf(event.Get("code").Int(), event.Get("reason").String())
}

// endOf reads the code of a close event. JavaScript says 1006 when the connection broke, or never was.
func endOf(code int, reason string) error {
	switch code {
	case 1000, 1005:
		return io.EOF
	case 1006:
		return fmt.Errorf("the connection broke (WebSocket close code 1006): %w", io.ErrUnexpectedEOF)
	}
	return &CloseError{Code: code, Reason: reason}
}
