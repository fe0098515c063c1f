package netx

import (
	"syscall/js"
	"testing"
)

// page is a stand-in for the class WebSocket of a browser: it remembers what is asked of it, and
// has happen what a test tells it, soon after it was made.
const page = `(happens => {
	class WebSocket {
		constructor(url, protocols) {
			if (url.startsWith("ws://refused")) throw new SyntaxError("a word of the browser's own");
			Object.assign(this, {url, protocols, sent: [], bufferedAmount: 0, readyState: 0});
			WebSocket.made = this;
			setTimeout(() => happens(this));
		}
		send(bytes) {
			if (this.readyState === 0) throw new Error("still connecting");
			this.sent.push(bytes.slice());
		}
		close(code) {
			this.code = code;
			this.readyState = 2;
		}
		// what a test has happen
		open() { this.readyState = 1; this.onopen?.({}); }
		text(data) { this.onmessage?.({data}); }
		message(text) { this.onmessage?.({data: new TextEncoder().encode(text).buffer}); }
		end(code, reason) { this.readyState = 3; this.onclose?.({code, reason}); }
		said() { return this.sent.map(bytes => new TextDecoder().decode(bytes)).join(); }
		heard() { return [this.onopen, this.onmessage, this.onclose].some(Boolean); }
	}
	return WebSocket;
})`

// browser puts the stand-in where a page has its WebSocket, until the test ends. happens is a function of JavaScript.
func browser(t *testing.T, happens string) (class js.Value) {
	before := js.Global().Get("WebSocket")
	t.Cleanup(func() { js.Global().Set("WebSocket", before) })
	class = evaluate(page).Invoke(evaluate(happens))
	js.Global().Set("WebSocket", class)
	return class
}

func evaluate(code string) js.Value { return js.Global().Call("eval", code) }

// standIn is a socket in Go, for tests in bubbles: there JavaScript can't call back.
type standIn struct {
	messages []string
	held     int // bytes that haven't left
	closed   int // times
}

func (s *standIn) send(bytes js.Value) {
	message := make([]byte, bytes.Length())
	js.CopyBytesToGo(message, bytes)
	s.messages = append(s.messages, string(message))
}

func (s *standIn) buffered() int { return s.held }

func (s *standIn) shut() { s.closed++ }

// connected is a connection over a stand-in.
func connected(t *testing.T) (*socketConn, *standIn) {
	s := new(standIn)
	c := newSocketConn(s, "ws://h/mqtt")
	t.Cleanup(func() { c.Close() })
	return c, s
}

// come has a message come in.
func (c *socketConn) come(text string) {
	bytes := uint8Array(len(text))
	js.CopyBytesToJS(bytes, []byte(text))
	c.deliver(bytes.Get("buffer"))
}
