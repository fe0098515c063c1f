package netx_test

import (
	"encoding/base64"
	"net"
	"strings"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// bridge is a stand-in for an app's socket that leads to a server in memory.
type bridge struct {
	t         *testing.T
	server    *mqtttest.Server
	listeners map[string]js.Value
	conn      net.Conn
	out       chan []byte // to the server
}

// function makes a function of JavaScript's that takes one argument.
func (b *bridge) function(do func(argument js.Value) any) js.Func {
	f := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if len(args) == 0 {
			return do(js.Undefined())
		}
		return do(args[0])
	})
	b.t.Cleanup(f.Release)
	return f
}

// listen gives object the functions that take listeners: prefix and the name of the event.
func (b *bridge) listen(object map[string]any, prefix string) {
	for _, event := range []string{"Open", "Message", "Error", "Close"} {
		object[prefix+event] = b.function(func(listener js.Value) any {
			b.listeners[event] = listener
			return nil
		})
	}
}

func (b *bridge) happen(event string, what map[string]any) { b.listeners[event].Invoke(what) }

// dial opens a connection, and has bytes go both ways. pack makes what comes a message.
func (b *bridge) dial(pack func([]byte) any) {
	conn, err := b.server.DialContext(b.t.Context(), "tcp", "app")
	require.NoError(b.t, err)
	b.conn, b.out = conn, make(chan []byte, 100)
	js.Global().Call("setTimeout", b.function(func(js.Value) any { // when its caller has set the listeners
		gone := make(chan struct{})
		go forward(conn, b.out, gone)
		go b.receive(conn, pack, gone)
		return nil
	}))
}

func forward(conn net.Conn, out <-chan []byte, gone <-chan struct{}) {
	for {
		select {
		case message := <-out:
			conn.Write(message)
		case <-gone:
			return
		}
	}
}

func (b *bridge) receive(conn net.Conn, pack func([]byte) any, gone chan<- struct{}) {
	defer close(gone)
	b.happen("Open", nil)
	buffer := make([]byte, 512)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			b.happen("Close", map[string]any{"code": 1000})
			return
		}
		b.happen("Message", map[string]any{"data": pack(buffer[:n])})
	}
}

func (b *bridge) send(message []byte, request js.Value) any {
	b.out <- message
	request.Get("success").Invoke(map[string]any{})
	return nil
}

func (b *bridge) close(js.Value) any {
	b.conn.Close()
	return nil
}

func array(b []byte) js.Value {
	a := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(a, b)
	return a
}

func (b *bridge) weChat() map[string]any {
	return map[string]any{"connectSocket": b.function(func(js.Value) any {
		task := map[string]any{"close": b.function(b.close), "send": b.function(func(request js.Value) any {
			a := js.Global().Get("Uint8Array").New(request.Get("data"))
			message := make([]byte, a.Length())
			js.CopyBytesToGo(message, a)
			return b.send(message, request)
		})}
		b.listen(task, "on")
		b.dial(func(message []byte) any { return array(message).Get("buffer") })
		return task
	})}
}

func (b *bridge) alipay() map[string]any {
	my := map[string]any{
		"connectSocket": b.function(func(js.Value) any {
			b.dial(func(message []byte) any { return base64.StdEncoding.EncodeToString(message) })
			return nil
		}),
		"sendSocketMessage": b.function(func(request js.Value) any {
			message, err := base64.StdEncoding.DecodeString(request.Get("data").String())
			require.NoError(b.t, err)
			return b.send(message, request)
		}),
		"closeSocket": b.function(b.close),
	}
	b.listen(my, "onSocket")
	return my
}

func TestAClientInAMiniProgram(t *testing.T) {
	for scheme, object := range map[string]string{"wxs": "wx", "alis": "my"} {
		t.Run(scheme, func(t *testing.T) {
			server := mqtttest.NewServer()
			broker := mqtttest.NewBroker(mqtttest.BrokerConfig{Server: server})
			defer broker.Close()
			b := &bridge{t: t, server: server, listeners: map[string]js.Value{}}
			app := b.weChat
			if scheme == "alis" {
				app = b.alipay
			}
			js.Global().Set(object, app())
			defer js.Global().Delete(object)

			client, err := mqtt.Connect(t.Context(), scheme+"://broker.example/mqtt", mqtt.Config{})
			require.NoError(t, err)
			defer client.Abort()
			for _, qos := range []mqtt.QoS{mqtt.AtMostOnce, mqtt.AtLeastOnce, mqtt.ExactlyOnce} {
				_, err := client.Subscribe(t.Context(), mqtt.Subscription{Filter: "a", QoS: qos})
				require.NoError(t, err)
				text := strings.Repeat(qos.String(), 2_000) // in many pieces
				require.NoError(t, client.Publish(t.Context(), mqtt.Message{Topic: "a", Payload: []byte(text), QoS: qos}))
				m := <-client.Messages()
				require.Equal(t, text, string(m.Payload))
				require.Equal(t, qos, m.QoS)
			}
			require.NoError(t, client.Close(t.Context()))
		})
	}
}

func TestAClientOutsideAMiniProgram(t *testing.T) {
	_, err := mqtt.New(mqtt.Config{Servers: []string{"wxs://broker.example"}})
	var faulty *mqtt.ConfigError
	require.ErrorAs(t, err, &faulty)
	require.ErrorContains(t, err, "only in a WeChat mini-program")
}
