//go:build js

package main

import (
	"fmt"
	"syscall/js"
)

func element(id string) js.Value { return js.Global().Get("document").Call("getElementById", id) }

func show(id, text string) { element(id).Set("textContent", text) }

// state shows a word, and why where the mouse is.
func state(word, why string) {
	show("state", word)
	element("state").Get("dataset").Set("state", word)
	element("state").Set("title", why)
}

// makeElement makes an element with a class and a text.
func makeElement(tag, class, text string) js.Value {
	e := js.Global().Get("document").Call("createElement", tag)
	e.Set("className", class)
	e.Set("textContent", text)
	return e
}

// listen has do called at each event, for as long as the page lives. do must not wait: it holds up the page.
func listen(to js.Value, event string, do func(event js.Value)) {
	to.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
		do(args[0])
		return nil
	}))
}

// milliseconds since the page was asked for.
func milliseconds() string {
	return fmt.Sprintf("%.0f ms", js.Global().Get("performance").Call("now").Float())
}

// received counts messages, of all streams: JavaScript has one thread, and so has Go in it.
var received int

// count shows how many messages came, and how soon the first one did.
func count() {
	if received++; received == 1 {
		show("first", milliseconds())
	}
	show("received", fmt.Sprint(received))
}
