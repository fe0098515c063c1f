package webstore

import "syscall/js"

var (
	uint8Array  = js.Global().Get("Uint8Array")
	arrayBuffer = js.Global().Get("ArrayBuffer")
)

// array makes a Uint8Array of bytes.
func array(b []byte) js.Value {
	a := uint8Array.New(len(b))
	js.CopyBytesToJS(a, b)
	return a
}

// bytesOf gives a copy of what a Uint8Array or an ArrayBuffer has; false for anything else.
func bytesOf(of js.Value) ([]byte, bool) {
	switch {
	case of.InstanceOf(arrayBuffer):
		of = uint8Array.New(of)
	case !of.InstanceOf(uint8Array):
		return nil, false
	}
	b := make([]byte, of.Length())
	js.CopyBytesToGo(b, of)
	return b, true
}
