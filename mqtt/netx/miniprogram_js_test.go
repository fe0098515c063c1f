package netx

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall/js"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// weChatApp is a stand-in for what WeChat gives a mini-program: the newest SocketTask remembers what is asked of it, and has
// happen what a test tells it, soon after it was made.
const weChatApp = `(happens => {
	class SocketTask {
		constructor(request) {
			Object.assign(this, {request, sent: [], listeners: {}, keeps: false});
			SocketTask.made = this;
			setTimeout(() => happens(this));
		}
		onOpen(f) { this.listeners.open = f; }
		onMessage(f) { this.listeners.message = f; }
		onError(f) { this.listeners.error = f; }
		onClose(f) { this.listeners.close = f; }
		send({data, success, fail}) {
			if (!(data instanceof ArrayBuffer)) throw new TypeError("not an ArrayBuffer");
			if (this.refuses) return setTimeout(() => fail({errMsg: this.refuses}));
			this.sent.push(new TextDecoder().decode(data));
			if (this.keeps) this.report = success; else setTimeout(() => success({errMsg: "ok"}));
		}
		close(end) { this.closed = end; }
		// what a test has happen
		happen(event, what) { this.listeners[event](what); }
		message(text) { this.happen("message", {data: new TextEncoder().encode(text).buffer}); }
		said() { return this.sent.join(); }
		end() { return this.closed?.code ?? 0; }
	}
	return {task: SocketTask, connectSocket: request => new SocketTask(request)};
})`

// alipayApp is the same for Alipay, which has one socket and no object for it.
const alipayApp = `(happens => {
	const my = {
		listeners: {}, sent: [], keeps: false, closes: 0, connects: 0,
		connectSocket(request) {
			my.request = request;
			my.connects++;
			setTimeout(() => happens(my));
		},
		sendSocketMessage({data, isBuffer, success, fail}) {
			if (!isBuffer) throw new TypeError("not marked as Base64");
			if (my.refuses) return setTimeout(() => fail({errorMessage: my.refuses}));
			my.sent.push(Buffer.from(data, "base64").toString());
			if (my.keeps) my.report = success; else setTimeout(() => success({success: true}));
		},
		closeSocket(end) {
			my.closes++;
			my.closed = end;
			if (!my.quiet) setTimeout(() => my.happen("close", {}));
		},
		// what a test has happen
		happen(event, what) { (my.listeners[event] ?? []).forEach(f => f(what)); },
		message(text) { my.happen("message", {data: Buffer.from(text).toString("base64"), isBuffer: true}); },
		said() { return my.sent.join(); },
		end() { return my.closed?.code ?? 0; },
		heard() { return Object.values(my.listeners).some(list => list.length > 0); },
	};
	for (const event of ["Open", "Message", "Error", "Close"]) {
		const name = event.toLowerCase();
		my["onSocket" + event] = f => (my.listeners[name] ??= []).push(f);
		my["offSocket" + event] = f => my.listeners[name] = my.listeners[name].filter(g => g !== f);
	}
	return my;
})`

// app puts a stand-in where a mini-program has its app, until the test ends. happens is a function of JavaScript.
func app(t *testing.T, scheme, happens string) js.Value {
	code := map[string]string{"wxs": weChatApp, "alis": alipayApp}[scheme]
	standIn := evaluate(code).Invoke(evaluate(happens))
	js.Global().Set(appObject(scheme), standIn)
	t.Cleanup(func() {
		js.Global().Delete(appObject(scheme))
		if scheme == "alis" { // the next test needs the only socket
			select {
			case alipayTurn <- struct{}{}:
			case <-time.After(2 * alipayClosing):
				t.Error("the socket isn't given back")
			}
			<-alipayTurn
		}
	})
	return standIn
}

// inApps runs a test in each app.
func inApps(t *testing.T, name string, test func(t *testing.T, scheme string)) {
	for _, scheme := range []string{"wxs", "alis"} {
		t.Run(name+" in "+appOf(scheme), func(t *testing.T) { test(t, scheme) })
	}
}

// appConn is a connection that is open, and its far side.
func appConn(t *testing.T, scheme string) (net.Conn, js.Value) {
	standIn := app(t, scheme, `socket => socket.happen("open", {})`)
	conn, err := Dial(t.Context(), parsed(t, scheme+"://broker.example"), Options{})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn, far(standIn, scheme)
}

func parsed(t *testing.T, rawURL string) *Server {
	s, err := Parse(rawURL)
	require.NoError(t, err)
	return s
}

func far(standIn js.Value, scheme string) js.Value {
	if scheme == "wxs" {
		return standIn.Get("task").Get("made")
	}
	return standIn
}

func TestMiniProgramOpens(t *testing.T) {
	for url, want := range map[string]string{
		"://broker.example":                    "wss://broker.example/",
		"://broker.example:443/mqtt":           "wss://broker.example/mqtt",
		"://u:p@broker.example:8443/a?token=x": "wss://broker.example:8443/a?token=x",
	} {
		inApps(t, url, func(t *testing.T, scheme string) {
			standIn := app(t, scheme, `socket => socket.happen("open", {})`)
			var stages []Stage
			o := Options{
				WebSocket: WebSocketOptions{Header: http.Header{"Cookie": {"a=b"}}},
				Trace:     func(s Step) { stages = append(stages, s.Stage) },
			}
			s := parsed(t, scheme+url)
			require.True(t, s.Secure())
			conn, err := Dial(t.Context(), s, o)
			require.NoError(t, err)
			require.Equal(t, []Stage{StageWebSocket, StageWebSocket}, stages)
			require.Equal(t, s.String(), conn.RemoteAddr().String())
			request := far(standIn, scheme).Get("request")
			require.Equal(t, want, request.Get("url").String())
			require.Equal(t, `["mqtt"]`, js.Global().Get("JSON").Call("stringify", request.Get("protocols")).String())
			require.Equal(t, "a=b", request.Get("header").Get("Cookie").String())
			require.NoError(t, conn.Close())
			require.Equal(t, 1000, far(standIn, scheme).Call("end").Int())
		})
	}
}

func TestMiniProgramCarriesBytes(t *testing.T) {
	inApps(t, "both ways", func(t *testing.T, scheme string) {
		conn, socket := appConn(t, scheme)
		socket.Call("message", "there")
		socket.Call("message", "\x00\u00ff")
		require.Equal(t, "there", read(t, conn, 5))
		require.Equal(t, "\x00\u00ff", read(t, conn, 10))
		for _, text := range []string{"back", "again"} {
			n, err := conn.Write([]byte(text))
			require.NoError(t, err)
			require.Len(t, text, n)
		}
		require.Equal(t, "back,again", socket.Call("said").String())
	})
	t.Run("an ArrayBuffer in Alipay", func(t *testing.T) {
		conn, socket := appConn(t, "alis")
		socket.Call("happen", "message", map[string]any{"data": uint8Array(3).Get("buffer"), "isBuffer": false})
		require.Equal(t, "\x00\x00\x00", read(t, conn, 10))
	})
	t.Run("Base64 that isn't marked in Alipay", func(t *testing.T) {
		conn, socket := appConn(t, "alis")
		socket.Call("happen", "message", map[string]any{"data": "YWJj"})
		require.Equal(t, "abc", read(t, conn, 10))
	})
}

func TestMiniProgramDoesNotOpen(t *testing.T) {
	for name, tc := range map[string]struct{ happens, says string }{
		"refused by the app": {`socket => socket.request.fail({errMsg: "url not in domain list", errorMessage: "url not in domain list"})`,
			"connectSocket failed: url not in domain list"},
		"an error":  {`socket => socket.happen("error", {errMsg: "timeout", errorMessage: "timeout"})`, "the connection broke: timeout"},
		"no reason": {`socket => socket.happen("error")`, "the connection broke: it doesn't say why"},
		"an end":    {`socket => socket.happen("close", {code: 1006, reason: "abnormal closure"})`, "1006"},
	} {
		inApps(t, name, func(t *testing.T, scheme string) {
			app(t, scheme, tc.happens)
			_, err := Dial(t.Context(), parsed(t, scheme+"://broker.example"), Options{})
			failed, ok := errors.AsType[*DialError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, StageWebSocket, failed.Stage)
			require.ErrorContains(t, err, appOf(scheme)+" didn't open the WebSocket: ")
			require.ErrorContains(t, err, tc.says)
		})
	}
	inApps(t, "B015 the context ends", func(t *testing.T, scheme string) {
		standIn := app(t, scheme, "socket => {}")
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer stop()
		_, err := Dial(ctx, parsed(t, scheme+"://broker.example"), Options{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1000, far(standIn, scheme).Call("end").Int())
	})
	inApps(t, "an app that throws", func(t *testing.T, scheme string) {
		standIn := app(t, scheme, "socket => {}")
		standIn.Set("connectSocket", evaluate(`() => { throw new Error("a word of its own") }`))
		_, err := Dial(t.Context(), parsed(t, scheme+"://broker.example"), Options{})
		require.ErrorContains(t, err, "a word of its own")
	})
	t.Run("a WeChat without SocketTask", func(t *testing.T) {
		app(t, "wxs", "socket => {}").Set("connectSocket", evaluate("() => {}"))
		_, err := Dial(t.Context(), parsed(t, "wxs://broker.example"), Options{})
		require.ErrorContains(t, err, "wx.connectSocket gave no SocketTask")
	})
}

func TestMiniProgramEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		event string
		what  map[string]any
		want  error
	}{
		"in order":   {"close", map[string]any{"code": 1000, "reason": ""}, io.EOF},
		"untold":     {"close", map[string]any{}, io.EOF},
		"going away": {"close", map[string]any{"code": 1001, "reason": "restart"}, &CloseError{1001, "restart"}},
		"broken":     {"close", map[string]any{"code": 1006}, io.ErrUnexpectedEOF},
		"text":       {"message", map[string]any{"data": "text", "isBuffer": false}, errTextCame},
		"a number":   {"message", map[string]any{"data": 5}, nil},
		"an error":   {"error", map[string]any{"errMsg": "reset", "errorMessage": "reset"}, nil},
	} {
		inApps(t, name, func(t *testing.T, scheme string) {
			conn, socket := appConn(t, scheme)
			socket.Call("message", "last")
			socket.Call("happen", tc.event, tc.what)
			require.Equal(t, "last", read(t, conn, 10), "what came before the end is read")
			_, err := conn.Read(make([]byte, 1))
			require.Error(t, err)
			if tc.want != nil {
				requireEnd(t, tc.want, err)
			}
			_, err = conn.Write([]byte("late"))
			require.Error(t, err)
			socket.Call("message", "late")
			socket.Call("happen", "close", map[string]any{})
		})
	}
	t.Run("no Base64 in Alipay", func(t *testing.T) {
		conn, socket := appConn(t, "alis")
		socket.Call("happen", "message", map[string]any{"data": "?", "isBuffer": true})
		_, err := conn.Read(make([]byte, 1))
		require.ErrorContains(t, err, "no Base64")
	})
}

func TestMiniProgramHoldsWritesUp(t *testing.T) {
	inApps(t, "until the app has sent", func(t *testing.T, scheme string) {
		conn, socket := appConn(t, scheme)
		socket.Set("keeps", true)
		_, err := conn.Write(make([]byte, maxBuffered+1))
		require.NoError(t, err)
		require.NoError(t, conn.SetWriteDeadline(time.Now().Add(10*time.Millisecond)))
		_, err = conn.Write([]byte("more"))
		require.ErrorContains(t, err, "timeout")
		require.NoError(t, conn.SetWriteDeadline(time.Time{}))
		socket.Get("report").Invoke()
		_, err = conn.Write([]byte("more"))
		require.NoError(t, err)
	})
	inApps(t, "and ends them when it can't send", func(t *testing.T, scheme string) {
		conn, socket := appConn(t, scheme)
		socket.Set("refuses", "no network")
		_, err := conn.Write([]byte("lost"))
		require.NoError(t, err, "the app tells later")
		_, err = conn.Read(make([]byte, 1))
		require.ErrorContains(t, err, "failed: no network")
	})
	inApps(t, "and Close wakes them", func(t *testing.T, scheme string) {
		conn, socket := appConn(t, scheme)
		socket.Set("keeps", true)
		_, err := conn.Write(make([]byte, maxBuffered+1))
		require.NoError(t, err)
		ended := make(chan error, 2)
		go func() {
			_, err := conn.Write([]byte("more"))
			ended <- err
		}()
		go func() {
			_, err := conn.Read(make([]byte, 1))
			ended <- err
		}()
		time.AfterFunc(10*time.Millisecond, func() { conn.Close() })
		require.ErrorIs(t, <-ended, net.ErrClosed)
		require.ErrorIs(t, <-ended, net.ErrClosed)
	})
}

func TestAlipayHasOneSocket(t *testing.T) {
	first, my := appConn(t, "alis")
	my.Set("quiet", true)
	s := parsed(t, "alis://broker.example")
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	_, err := Dial(ctx, s, Options{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "another connection of this program has it")
	require.Equal(t, 1, my.Get("connects").Int())

	require.NoError(t, first.Close())
	type dialled struct {
		conn net.Conn
		err  error
	}
	next := make(chan dialled)
	go func() {
		conn, err := Dial(t.Context(), s, Options{})
		next <- dialled{conn, err}
	}()
	time.AfterFunc(10*time.Millisecond, func() { my.Call("happen", "close", map[string]any{}) })
	second := <-next
	require.NoError(t, second.err)
	require.Equal(t, 2, my.Get("connects").Int())
	my.Call("message", "hello")
	require.Equal(t, "hello", read(t, second.conn, 10), "the end of the first is none of the second")
	require.NoError(t, first.Close(), "a second Close doesn't end it either")
	my.Call("message", "still")
	require.Equal(t, "still", read(t, second.conn, 10))
	my.Call("happen", "close", map[string]any{})
	require.False(t, my.Call("heard").Bool(), "listeners stay behind")
	require.Equal(t, 1, my.Get("closes").Int(), "a socket that is closed isn't closed again")
}

func TestAlipayThatDoesNotTellTheEnd(t *testing.T) {
	first, my := appConn(t, "alis")
	my.Set("quiet", true)
	start := time.Now()
	require.NoError(t, first.Close())
	require.Less(t, time.Since(start), alipayClosing, "Close waits for nobody")
	second, err := Dial(t.Context(), parsed(t, "alis://broker.example"), Options{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(start), alipayClosing)
	my.Call("message", "hello")
	require.Equal(t, "hello", read(t, second, 10))
	require.NoError(t, second.Close())
}

func TestNoMiniProgram(t *testing.T) {
	for scheme, object := range map[string]string{"wxs": "wx", "alis": "my"} {
		for _, there := range []any{js.Undefined(), map[string]any{}} {
			js.Global().Set(object, there)
			_, err := Parse(scheme + "://broker.example")
			_, ok := errors.AsType[*URLError](err)
			require.True(t, ok, "%v", err)
			require.ErrorContains(t, err, "only in a "+appOf(scheme)+" mini-program")
			require.ErrorContains(t, err, "set globalThis."+object)
		}
		js.Global().Delete(object)
	}
}
