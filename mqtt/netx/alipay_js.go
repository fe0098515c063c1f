package netx

import (
	"context"
	"encoding/base64"
	"fmt"
	"syscall/js"
	"time"
)

// alipayTurn has a token while a connection uses Alipay's socket: a mini-program has one, and events don't say whose they
// are.
var alipayTurn = make(chan struct{}, 1)

// alipayClosing is how long Alipay may take to tell that its socket is closed.
const alipayClosing = time.Second

// alipay is a socket that is Alipay's only one.
type alipay struct {
	callbacks
	my               js.Value
	open             chan struct{} // a signal
	waiting          unsent
	listeners        []listener
	success, failure js.Func // of send
	gone             bool    // the socket is closed already
	done             bool    // the turn is given back
}

// listener is a function of ours that hears of an event.
type listener struct {
	event string // as in onSocketOpen, without the "on"
	call  js.Func
}

// newAlipay waits until the socket is free.
func newAlipay(ctx context.Context) (*alipay, error) {
	select {
	case alipayTurn <- struct{}{}:
		return &alipay{my: js.Global().Get("my"), open: make(chan struct{}, 1)}, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("a mini-program has one socket of Alipay's, and another connection of this program has it: %w", ctx.Err())
	}
}

func (a *alipay) opened() <-chan struct{} { return a.open }

func (a *alipay) connect(c *socketConn, request map[string]any) {
	failed := func(what string) func(js.Value) {
		return func(event js.Value) { c.finish(appFailed(what, event, "errorMessage")) }
	}
	request["fail"] = a.on(failed("my.connectSocket failed"))
	a.success = a.on(func(js.Value) { a.waiting.sent() })
	a.failure = a.on(failed("my.sendSocketMessage failed"))
	a.listen("SocketOpen", func(js.Value) { signal(a.open) })
	a.listen("SocketMessage", func(event js.Value) { a.message(c, event) })
	a.listen("SocketError", failed("the connection broke"))
	a.listen("SocketClose", func(event js.Value) {
		a.gone = true
		c.finish(appEnd(event))
		a.forget()
		a.giveBack()
	})
	a.my.Call("connectSocket", request)
}

func (a *alipay) listen(event string, do func(js.Value)) {
	call := a.on(do)
	a.listeners = append(a.listeners, listener{event, call})
	a.my.Call("on"+event, call)
}

// message takes an ArrayBuffer, or the Base64 that Alipay makes of one.
func (a *alipay) message(c *socketConn, event js.Value) {
	data := event.Get("data")
	isText := data.Type() == js.TypeString && event.Get("isBuffer").Type() == js.TypeBoolean && !event.Get("isBuffer").Bool()
	switch {
	case isText, isBuffer(data):
		c.deliver(data)
	case data.Type() == js.TypeString:
		b, err := base64.StdEncoding.DecodeString(data.String())
		if err != nil {
			c.finish(&FrameError{Reason: "Alipay brought a message that is no Base64: " + err.Error()})
			return
		}
		message := uint8Array(len(b))
		js.CopyBytesToJS(message, b)
		c.deliver(message)
	default:
		c.finish(&FrameError{Reason: "Alipay brought a message that is neither text nor an ArrayBuffer"})
	}
}

func (a *alipay) send(bytes js.Value) {
	b := make([]byte, bytes.Length())
	js.CopyBytesToGo(b, bytes)
	a.waiting.took(len(b)) // it may report at once
	a.my.Call("sendSocketMessage", map[string]any{
		"data": base64.StdEncoding.EncodeToString(b), "isBuffer": true, "success": a.success, "fail": a.failure,
	})
}

func (a *alipay) buffered() int { return a.waiting.bytes }

// shut has the turn given back when the socket is closed, lest its last event is taken for one of the next connection's.
func (a *alipay) shut() {
	if a.gone {
		return
	}
	time.AfterFunc(alipayClosing, func() {
		a.forget()
		a.giveBack()
	})
	thrown(func() { a.my.Call("closeSocket", map[string]any{"code": closeNormally}) })
}

// forget takes the listeners back, where Alipay can.
func (a *alipay) forget() {
	for _, l := range a.listeners {
		if off := "off" + l.event; a.my.Get(off).Truthy() {
			thrown(func() { a.my.Call(off, l.call) })
		}
	}
	a.listeners = nil
	a.release()
}

func (a *alipay) giveBack() {
	if !a.done {
		a.done = true
		<-alipayTurn
	}
}
