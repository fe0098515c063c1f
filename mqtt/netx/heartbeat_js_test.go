package netx

import (
	"syscall/js"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// workers is a stand-in for what a page has: a document, and a class Worker whose answers wait for the test.
const workers = `(refuses => {
	class Worker {
		constructor(url) {
			Worker.tried++;
			if (refuses) throw new DOMException("the page's policy", "SecurityError");
			Object.assign(this, {url, asked: 0});
			Worker.made.push(this);
		}
		postMessage() { this.asked++; this.call = this.onmessage; }
		terminate() { this.terminated = true; }
		beats(times) {
			for (let i = 0; i < times && this.asked > 0; i++) { this.asked--; this.onmessage?.({type: "message"}); }
		}
		fails() { this.onerror?.({type: "error"}); }
		heard() { return Boolean(this.onmessage || this.onerror); }
		released() { // of a function that is, Go complains to the console
			const before = console.error;
			let complains = false;
			console.error = () => { complains = true; };
			this.call({type: "message"});
			console.error = before;
			return complains;
		}
	}
	Worker.tried = 0;
	Worker.made = [];
	return Worker;
})`

// inPage has a page with workers until the test ends, and then none of ours may be left.
func inPage(t *testing.T, refuses bool) (class js.Value) {
	global := js.Global()
	worker, document, urls := global.Get("Worker"), global.Get("document"), global.Get("URL")
	class = evaluate(workers).Invoke(refuses)
	counted := evaluate(`({live: 0, createObjectURL(blob) { this.live++; this.blob = blob; return "blob:" + this.live; },
		revokeObjectURL() { this.live--; }})`)
	global.Set("Worker", class)
	global.Set("document", map[string]any{})
	global.Set("URL", counted)
	t.Cleanup(func() {
		for i := range class.Get("made").Length() {
			w := class.Get("made").Index(i)
			w.Call("beats", lingering)
			require.True(t, w.Get("terminated").Bool(), "a worker is left")
			require.False(t, w.Call("heard").Bool(), "its handlers are left")
			require.True(t, w.Call("released").Bool(), "a js.Func is left")
		}
		require.Zero(t, counted.Get("live").Int(), "a Blob URL is left")
		h := <-heart
		require.Zero(t, h.holders)
		require.False(t, h.running)
		*h = heartbeat{}
		heart <- h
		global.Set("Worker", worker)
		global.Set("document", document)
		global.Set("URL", urls)
	})
	return class
}

func only(t *testing.T, class js.Value) js.Value {
	require.Equal(t, 1, class.Get("made").Length())
	return class.Get("made").Index(0)
}

func TestConnectionsShareOneWorker(t *testing.T) {
	class := inPage(t, false)
	one, _ := opened(t)
	other, _ := opened(t)
	w := only(t, class)
	w.Call("beats", 2*lingering)
	require.NoError(t, one.Close())
	require.NoError(t, one.Close(), "it counts once")
	w.Call("beats", 2*lingering)
	require.True(t, w.Call("heard").Bool(), "the other one lives")
	require.Equal(t, 1, w.Get("asked").Int(), "for the next beat")

	require.NoError(t, other.Close())
	w.Call("beats", lingering-1)
	require.True(t, w.Call("heard").Bool(), "it beats for a backoff")
	third, _ := opened(t)
	w.Call("beats", lingering)
	require.True(t, w.Call("heard").Bool())
	require.NoError(t, third.Close())
	w.Call("beats", lingering-1)
	require.True(t, w.Call("heard").Bool(), "it begins to count anew")
	w.Call("beats", 1)
	require.True(t, w.Get("terminated").Bool())

	again, _ := opened(t)
	require.Equal(t, 2, class.Get("made").Length())
	require.NoError(t, again.Close())
}

func TestAnAttemptThatFailsLetsTheWorkerGo(t *testing.T) {
	for name, c := range map[string]struct{ happens, url string }{
		"refused":     {`socket => socket.end(1006, "")`, "ws://h"},
		"not allowed": {"socket => {}", "ws://refused"},
	} {
		t.Run(name, func(t *testing.T) {
			class := inPage(t, false)
			browser(t, c.happens)
			_, err := dialWebSocket(t.Context(), c.url, c.url)
			require.Error(t, err)
			only(t, class).Call("beats", lingering)
			require.True(t, only(t, class).Get("terminated").Bool())
		})
	}
}

func TestWithoutAWorkerNothingHappens(t *testing.T) {
	for _, missing := range []string{"Worker", "document", "Blob", "URL"} {
		t.Run("no "+missing, func(t *testing.T) {
			class := inPage(t, false)
			before := js.Global().Get(missing)
			js.Global().Set(missing, js.Undefined())
			opened(t)
			js.Global().Set(missing, before)
			require.Zero(t, class.Get("tried").Int())
		})
	}
	t.Run("no URL.createObjectURL", func(t *testing.T) {
		class := inPage(t, false)
		js.Global().Get("URL").Delete("createObjectURL")
		opened(t)
		require.Zero(t, class.Get("tried").Int())
	})
	t.Run("the constructor throws", func(t *testing.T) {
		class := inPage(t, true)
		for range 2 {
			conn, _ := opened(t)
			require.NoError(t, conn.Close())
		}
		require.Equal(t, 1, class.Get("tried").Int(), "a policy isn't asked twice")
	})
	t.Run("its program isn't loaded", func(t *testing.T) {
		class := inPage(t, false)
		opened(t)
		only(t, class).Call("fails")
		require.True(t, only(t, class).Get("terminated").Bool())
		opened(t)
		require.Equal(t, 1, class.Get("made").Length())
	})
}

// TestAnEventRunsTimersThatAreDue has the timers of JavaScript that Go asks for come ten seconds late.
func TestAnEventRunsTimersThatAreDue(t *testing.T) {
	class := inPage(t, false)
	opened(t)
	restore := evaluate(`(Worker => {
		const before = globalThis.setTimeout;
		globalThis.setTimeout = (f, delay, ...more) => before(f, String(f).includes("_resume") ? delay + 10_000 : delay, ...more);
		const beats = setInterval(() => Worker.made[0].beats(1), 20);
		return () => { globalThis.setTimeout = before; clearInterval(beats); };
	})`).Invoke(class)
	t.Cleanup(func() { restore.Invoke() })
	start := time.Now()
	<-time.After(100 * time.Millisecond)
	require.Less(t, time.Since(start), 5*time.Second)
}
