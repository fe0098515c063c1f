package webstore

import (
	"context"
	"fmt"
	"net/url"
	"syscall/js"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// frameDatabase names the variable with the database that a frame uses.
const frameDatabase = "SLUICE_WEBSTORE_DATABASE"

var frameTasks = map[string]func(ctx context.Context, database string){
	"hold": holdDatabase, "write": writeDatabase, "visit": visitDatabase,
}

// frame is another page of ours, with a Go program of its own. Taken out of the document, it is gone as a closed tab is.
type frame struct {
	element js.Value
	says    chan string
}

// newFrame loads a page that does a task. Without rights it is a page of no origin, which a browser keeps nothing for.
func newFrame(t *testing.T, task, database string, rights ...string) *frame {
	document := js.Global().Get("document")
	f := &frame{element: document.Call("createElement", "iframe"), says: make(chan string, 1000)}
	on := listen(js.Global())
	on.on("message", func(event js.Value) {
		if event.Get("source").Equal(f.element.Get("contentWindow")) {
			f.says <- event.Get("data").String()
		}
	})
	for _, r := range rights {
		f.element.Set("sandbox", r)
	}
	f.element.Set("src", "/?"+url.Values{frameTask: {task}, frameDatabase: {database}}.Encode())
	document.Get("documentElement").Call("append", f.element)
	t.Cleanup(func() {
		f.remove()
		on.release()
	})
	return f
}

func (f *frame) remove() { f.element.Call("remove") }

func (f *frame) reload() { f.element.Get("contentWindow").Get("location").Call("reload") }

// hears waits for what the frame says next.
func (f *frame) hears(t *testing.T) string {
	t.Helper()
	select {
	case text := <-f.says:
		return text
	case <-time.After(time.Minute):
		require.Fail(t, "the frame says nothing")
		return ""
	}
}

// say is for the program in a frame.
func say(text any) { js.Global().Get("parent").Call("postMessage", fmt.Sprint(text), "*") }

// holdDatabase has a database open for as long as the frame is there.
func holdDatabase(ctx context.Context, database string) {
	if _, err := Open(ctx, database); err != nil {
		say(err)
		return
	}
	say("open")
	select {}
}

// visitDatabase says how many records there are, and adds one.
func visitDatabase(ctx context.Context, database string) {
	s, err := Open(ctx, database)
	if err != nil {
		say(err)
		return
	}
	count := 0
	for range s.Load(ctx) {
		count++
	}
	if err := s.Write(ctx, []mqtt.StoreRecord{record(fmt.Sprint(count), "visit")}); err != nil {
		say(err)
		return
	}
	say(count)
	select {}
}

// writeDatabase writes one batch after the other, and tells each that is written.
func writeDatabase(ctx context.Context, database string) {
	s, err := Open(ctx, database)
	if err != nil {
		say(err)
		return
	}
	for n := int(s.sum.records) / batchSize; ; n++ {
		if err := s.Write(ctx, batch(n)); err != nil {
			say(err)
			return
		}
		say(n)
	}
}

func TestAKilledPage(t *testing.T) {
	t.Run("B232 loses nothing that was written, and leaves no part of a batch", killWriters)
}

func killWriters(t *testing.T) {
	written := 0
	for round := range 4 {
		f := newFrame(t, "write", t.Name())
		for range 1 + 7*round {
			require.Equal(t, fmt.Sprint(written), f.hears(t))
			written++
		}
		f.remove() // somewhere in a write
		s := opened(t, t.Name())
		held := load(t, s)
		require.Zero(t, len(held)%batchSize)
		require.GreaterOrEqual(t, len(held)/batchSize, written)
		written = len(held) / batchSize
		same(t, expected(written), held)
		require.NoError(t, s.Close())
	}
}

func TestTwoPages(t *testing.T) {
	f := newFrame(t, "hold", t.Name())
	require.Equal(t, "open", f.hears(t))
	_, err := Open(t.Context(), t.Name())
	require.ErrorIs(t, err, mqtt.ErrStoreInUse)
	require.ErrorContains(t, err, t.Name())
	require.ErrorContains(t, err, "close it there, or give each client a name of its own")
	require.ErrorIs(t, Delete(t.Context(), t.Name()), mqtt.ErrStoreInUse)
	f.remove()
	opened(t, t.Name())
}

func TestAReload(t *testing.T) {
	f := newFrame(t, "visit", t.Name())
	for n := range 4 {
		require.Equal(t, fmt.Sprint(n), f.hears(t))
		f.reload()
	}
}

func TestAPageOfNoOrigin(t *testing.T) {
	says := newFrame(t, "hold", t.Name(), "allow-scripts").hears(t)
	require.Contains(t, says, `webstore: open "TestAPageOfNoOrigin"`)
	require.Contains(t, says, ErrUnavailable.Error())
	require.Contains(t, says, "SecurityError")
}
