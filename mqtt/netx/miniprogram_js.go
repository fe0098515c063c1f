package netx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall/js"
	"time"
)

// appSocket is a socket of a mini-program's, for one connection.
type appSocket interface {
	socket

	// connect asks for the connection; what becomes of it comes by events. It throws.
	connect(c *socketConn, request map[string]any)

	// opened has a signal when the connection is open.
	opened() <-chan struct{}
}

// miniProgram is the transport of an app's scheme, where its JavaScript is.
func miniProgram(scheme string) (transport, error) {
	object := appObject(scheme)
	if app := js.Global().Get(object); !app.Truthy() || !app.Get("connectSocket").Truthy() {
		return transport{}, fmt.Errorf("%s:// works only in a %s mini-program, and there is no %s.connectSocket here: "+
			"set globalThis.%s = %s before this program starts, or write wss://", scheme, appOf(scheme), object, object, object)
	}
	return transport{scheme: scheme, port: "443", secure: true, web: true}, nil
}

func appObject(scheme string) string { return map[string]string{"wxs": "wx", "alis": "my"}[scheme] }

// openApp has an app open a WebSocket, and waits for it.
func openApp(ctx context.Context, s *Server, o *Options) (net.Conn, error) {
	app := appOf(s.Scheme)
	w, err := newAppSocket(ctx, s.Scheme)
	if err != nil {
		return nil, err
	}
	c := newSocketConn(w, s.String())
	if err := thrown(func() { w.connect(c, appRequest(s, o)) }); err != nil {
		c.Close()
		return nil, fmt.Errorf("%s: %w", app, err)
	}
	select {
	case <-w.opened():
	case <-c.ended:
		return nil, fmt.Errorf("%s didn't open the WebSocket: %w", app, c.why())
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func newAppSocket(ctx context.Context, scheme string) (appSocket, error) {
	if scheme == "alis" {
		return newAlipay(ctx)
	}
	return newWeChat(), nil
}

// appRequest is what both apps take.
func appRequest(s *Server, o *Options) map[string]any {
	protocols, header := []any{}, map[string]any{}
	for _, p := range o.WebSocket.offered() {
		protocols = append(protocols, p)
	}
	for name, values := range o.WebSocket.Header {
		header[name] = strings.Join(values, ", ")
	}
	return map[string]any{"url": appURL(s), "protocols": protocols, "header": header}
}

// appURL leaves the default port out: WeChat compares a URL with those that its owner has registered, and :443 is another.
func appURL(s *Server) string {
	url := *s
	url.Scheme = "wss"
	return strings.Replace(url.target(), ":443"+s.Path, s.Path, 1)
}

// lastEvent is how long after the end of a connection an app may still call a function of it.
const lastEvent = 10 * time.Second

// callbacks are the functions that an app calls for one connection. It can't be told everywhere to forget them, and so they
// are let go of when nothing calls them any more.
type callbacks []js.Func

func (k *callbacks) on(do func(event js.Value)) js.Func {
	call := js.FuncOf(func(_ js.Value, args []js.Value) any {
		event := js.Undefined()
		if len(args) > 0 {
			event = args[0]
		}
		do(event)
		return nil
	})
	*k = append(*k, call)
	return call
}

func (k *callbacks) release() {
	calls := *k
	*k = nil
	time.AfterFunc(lastEvent, func() {
		for _, call := range calls {
			call.Release()
		}
	})
}

// unsent counts the bytes that an app has taken and not reported as sent. It reports them in their order.
type unsent struct {
	sizes []int
	bytes int
}

func (u *unsent) took(size int) { u.sizes, u.bytes = append(u.sizes, size), u.bytes+size }

func (u *unsent) sent() {
	if len(u.sizes) > 0 {
		u.bytes -= u.sizes[0]
		u.sizes = u.sizes[1:]
	}
}

// field is a text that an event has, or nothing.
func field(event js.Value, name string) string {
	if event.Type() == js.TypeObject && event.Get(name).Type() == js.TypeString {
		return event.Get(name).String()
	}
	return ""
}

// appFailed is what an app says of a failure, in the field that it has for that.
func appFailed(what string, event js.Value, name string) error {
	text := field(event, name)
	if text == "" {
		text = "it doesn't say why"
	}
	return errors.New(what + ": " + text)
}

// appEnd reads an event that tells of the end. Not every app tells the code.
func appEnd(event js.Value) error {
	if event.Type() != js.TypeObject || event.Get("code").Type() != js.TypeNumber {
		return io.EOF
	}
	return endOf(event.Get("code").Int(), field(event, "reason"))
}

// isBuffer tells an ArrayBuffer, also one from another realm of JavaScript's, as apps have them.
func isBuffer(data js.Value) bool {
	name := js.Global().Get("Object").Get("prototype").Get("toString").Call("call", data).String()
	return name == "[object ArrayBuffer]"
}
