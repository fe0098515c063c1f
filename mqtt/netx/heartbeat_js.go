package netx

import "syscall/js"

const (
	// beating is the worker's program: it answers each message a second later.
	beating = "onmessage = () => setTimeout(() => postMessage(0), 1000)"

	lingering = 5 * 60 // beats that the worker lives on without a holder
)

// heartbeat wakes Go each second. In a page in the background timers come up to a minute late, and Go waits by one for all of
// its own. Not so in a worker, and its messages come at once; at any event Go runs what is due.
//
// Its holders are attempts and connections. The worker outlives the last one, for the backoff before the next. It is asked for
// each beat, so that it falls silent when the program has ended.
type heartbeat struct {
	holders, idle int // idle: beats without a holder
	worker        js.Value
	url           js.Value // of beating
	call          js.Func  // what the worker's events call
	running       bool
	refused       bool // by the page's policy (CSP), which doesn't change
}

// heart is the page's only heartbeat: one, taken out and put back.
var heart = func() chan *heartbeat {
	c := make(chan *heartbeat, 1)
	c <- new(heartbeat)
	return c
}()

// holdHeart has the heart beat until letHeartGo is called as often. It beats in pages alone, for the others' timers are right.
func holdHeart() {
	h := <-heart
	h.holders++
	h.idle = 0
	if !h.running && !h.refused && hasWorkers() {
		h.refused = thrown(h.start) != nil
	}
	heart <- h
}

func hasWorkers() bool {
	for _, name := range []string{"document", "Worker", "Blob", "URL"} {
		if !js.Global().Get(name).Truthy() {
			return false
		}
	}
	return js.Global().Get("URL").Get("createObjectURL").Truthy()
}

func letHeartGo() {
	h := <-heart
	h.holders--
	heart <- h
}

// start throws where the page's policy forbids it, and leaves nothing behind then.
func (h *heartbeat) start() {
	h.running = true
	h.call = js.FuncOf(func(_ js.Value, args []js.Value) any {
		<-heart
		h.beat(args[0].Get("type").String() == "error")
		heart <- h
		return nil
	})
	defer func() {
		if h.worker.IsUndefined() {
			h.stop()
		}
	}()
	urls := js.Global().Get("URL")
	h.url = urls.Call("createObjectURL", js.Global().Get("Blob").New([]any{beating}))
	h.worker = js.Global().Get("Worker").New(h.url)
	h.worker.Set("onmessage", h.call)
	h.worker.Set("onerror", h.call)
	h.worker.Call("postMessage", 0)
}

// beat asks for the next one, unless it was the last. That there is an event is what Go needs.
func (h *heartbeat) beat(failed bool) {
	if h.holders == 0 {
		h.idle++
	}
	if failed || h.idle >= lingering {
		h.refused = failed
		h.stop()
		return
	}
	h.worker.Call("postMessage", 0)
}

// stop leaves nothing behind.
func (h *heartbeat) stop() {
	if !h.worker.IsUndefined() {
		h.worker.Set("onmessage", js.Null())
		h.worker.Set("onerror", js.Null())
		h.worker.Call("terminate")
	}
	if !h.url.IsUndefined() {
		js.Global().Get("URL").Call("revokeObjectURL", h.url)
	}
	h.call.Release()
	*h = heartbeat{holders: h.holders, refused: h.refused}
}
