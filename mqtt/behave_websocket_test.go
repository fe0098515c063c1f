package mqtt_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

func TestWebSocket(t *testing.T) {
	t.Run("B291 messages of each QoS and size go and come", func(t *testing.T) {
		url, _ := webBroker(t)
		client, err := mqtt.Connect(closing(t, 10*time.Second), url+"/mqtt", mqtt.Config{})
		require.NoError(t, err)
		roundTrip(t, client)
		require.NoError(t, client.Close(closing(t, 10*time.Second)))
	})
	t.Run("B291 the same with compression", func(t *testing.T) {
		url, _ := webBroker(t)
		client, err := mqtt.Connect(closing(t, 10*time.Second), url, mqtt.Config{
			WebSocket: netx.WebSocketOptions{Compression: netx.CompressionStream},
		})
		require.NoError(t, err)
		roundTrip(t, client)
		require.NoError(t, client.Close(closing(t, 10*time.Second)))
	})
	t.Run("B288 the subprotocol follows the version", func(t *testing.T) {
		for v, want := range map[mqtt.Version]string{mqtt.V5: "mqtt", mqtt.V311: "mqtt", mqtt.V31: "mqttv3.1"} {
			offered := make(chan string, 1)
			url := web(t, func(p *webPeer) {
				offered <- p.request.Header.Get("Sec-WebSocket-Protocol")
				p.v = codec.Version(v)
				p.accept()
				p.rest()
			})
			client, err := mqtt.Connect(closing(t, 10*time.Second), url, mqtt.Config{Version: v})
			require.NoError(t, err)
			require.Equal(t, want, <-offered)
			require.NoError(t, client.Abort())
		}
	})
	t.Run("B290 a dialler and a subprotocol of the caller's own", func(t *testing.T) {
		asked := make(chan *http.Request, 1)
		url := web(t, func(p *webPeer) {
			asked <- p.request
			p.accept()
			p.rest()
		})
		cfg := mqtt.Config{
			Dialer: netx.DialerFunc(func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(url, "ws://"))
			}),
			WebSocket: netx.WebSocketOptions{Subprotocols: []string{"own", "mqtt"}, Header: http.Header{"Authorization": {"Bearer x"}}},
		}
		cfg.Servers = []string{"ws://broker.example/mqtt?a=b"}
		client, err := mqtt.New(cfg)
		require.NoError(t, err)
		defer client.Abort()
		cfg.WebSocket.Header.Set("Authorization", "changed after New")
		require.NoError(t, client.Connect(closing(t, 10*time.Second)))
		r := <-asked
		require.Equal(t, "own,mqtt", r.Header.Get("Sec-WebSocket-Protocol"))
		require.Equal(t, "Bearer x", r.Header.Get("Authorization"))
		require.Equal(t, "broker.example", r.Host)
		require.Equal(t, "/mqtt?a=b", r.RequestURI)
	})
	t.Run("B292 a list of ws and wss on different ports: the next is tried", func(t *testing.T) {
		url, _ := webBroker(t)
		dead, err := net.Listen("tcp4", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, dead.Close())
		client, err := mqtt.New(mqtt.Config{Servers: []string{"wss://" + dead.Addr().String(), url}})
		require.NoError(t, err)
		defer client.Abort()
		require.NoError(t, client.Connect(closing(t, 10*time.Second)))
		roundTrip(t, client)
	})
	t.Run("trace tells of the stage", func(t *testing.T) {
		url, _ := webBroker(t)
		var told []string
		note := func(what string) func(mqtt.StageInfo) {
			return func(i mqtt.StageInfo) { told = append(told, what+" "+i.Server) }
		}
		client, err := mqtt.Connect(closing(t, 10*time.Second), url+"/x?sign=hush", mqtt.Config{Trace: &mqtt.Trace{
			TCPStart: note("tcp"), WebSocketStart: note("begins"), WebSocketDone: note("done"),
		}})
		require.NoError(t, err)
		require.NoError(t, client.Abort())
		require.Equal(t, []string{"tcp " + url + "/x", "begins " + url + "/x", "done " + url + "/x"}, told)
	})
}

func TestWebSocketMessages(t *testing.T) {
	t.Run("B293 a batch leaves as one message, and no packet is torn that fits", func(t *testing.T) {
		const number = 2000
		held, messages, torn := make(chan struct{}), make(chan int, 1), make(chan int, 1)
		url := web(t, func(p *webPeer) {
			p.accept()
			<-held
			count, broken := 0, 0
			for seen := 0; seen < number+3; count++ {
				packets, whole, err := p.message()
				if err != nil {
					t.Error(err)
					break
				}
				if seen += len(packets); !whole {
					broken++
				}
			}
			messages <- count
			torn <- broken
			p.rest()
		})
		client, err := mqtt.Connect(closing(t, 10*time.Second), url, mqtt.Config{})
		require.NoError(t, err)
		defer client.Abort()
		for i := range number {
			m := mqtt.Message{Topic: "a", Payload: bytes.Repeat([]byte("x"), 200)}
			_, err := client.PublishAsync(t.Context(), m)
			require.NoError(t, err)
			if i%1000 == 500 {
				m.Payload = make([]byte, 50_000) // is written from where it is
				_, err := client.PublishAsync(t.Context(), m)
				require.NoError(t, err)
			}
		}
		_, err = client.PublishAsync(t.Context(), mqtt.Message{Topic: "end"})
		require.NoError(t, err)
		close(held)
		count := <-messages
		require.Zero(t, <-torn)
		require.Less(t, count, number/10)
	})
	t.Run("B293 a packet that is too large for a message is streamed", func(t *testing.T) {
		payload := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
		largest, got := make(chan int, 1), make(chan []byte, 1)
		url := web(t, func(p *webPeer) {
			p.accept()
			var all []byte
			most := 0
			for len(all) < len(payload) {
				_, b, err := p.conn.Read(context.Background())
				if err != nil {
					t.Error(err)
					break
				}
				all, most = append(all, b...), max(most, len(b))
			}
			largest <- most
			got <- all
			p.rest()
		})
		client, err := mqtt.Connect(closing(t, 10*time.Second), url, mqtt.Config{})
		require.NoError(t, err)
		defer client.Abort()
		require.NoError(t, client.Publish(closing(t, 10*time.Second), mqtt.Message{Topic: "a", Payload: payload}))
		require.LessOrEqual(t, <-largest, 80<<10)
		require.True(t, bytes.HasSuffix(<-got, payload))
	})
	t.Run("B293 control frames in between, and packets over several frames", func(t *testing.T) {
		url := web(t, func(p *webPeer) {
			p.accept()
			p.message() // SUBSCRIBE
			p.send(&codec.SubAck{PacketID: 1, Codes: []codec.ReasonCode{0}})
			b, _ := (&codec.Publish{Topic: "a", Payload: []byte("in pieces")}).Append(nil, codec.V5)
			reading := p.conn.CloseRead(context.Background())
			for i := range b {
				if err := p.conn.Ping(reading); err != nil {
					t.Error(err)
				}
				p.conn.Write(context.Background(), websocket.MessageBinary, b[i:i+1])
			}
			<-reading.Done()
		})
		client, err := mqtt.Connect(closing(t, 10*time.Second), url, mqtt.Config{})
		require.NoError(t, err)
		defer client.Abort()
		_, err = client.Subscribe(closing(t, 10*time.Second), mqtt.Subscription{Filter: "a"})
		require.NoError(t, err)
		require.Equal(t, "in pieces", string((<-client.Messages()).Payload))
	})
}

func TestWebSocketEnds(t *testing.T) {
	for name, end := range map[string]func(*webPeer){
		"B294 a close frame":       func(p *webPeer) { p.conn.Close(websocket.StatusGoingAway, "restart") },
		"B294 an abrupt end":       func(p *webPeer) { p.conn.CloseNow() },
		"B296 a text message":      func(p *webPeer) { p.conn.Write(context.Background(), websocket.MessageText, []byte("x")); p.rest() },
		"B294 a normal closure":    func(p *webPeer) { p.conn.Close(websocket.StatusNormalClosure, "") },
		"B296 text before CONNACK": nil,
	} {
		t.Run(name+": the client reconnects", func(t *testing.T) {
			first := make(chan bool, 1)
			first <- true
			url := web(t, func(p *webPeer) {
				select {
				case <-first:
					if end == nil {
						p.message()
						p.conn.Write(context.Background(), websocket.MessageText, []byte("x"))
						p.rest()
						return
					}
					p.accept()
					end(p)
				default:
					p.accept()
					p.rest()
				}
			})
			client, err := mqtt.New(mqtt.Config{
				Servers: []string{url}, RetryFirst: true, Backoff: mqtt.Backoff{Min: time.Millisecond, Max: time.Millisecond},
			})
			require.NoError(t, err)
			defer client.Abort()
			require.NoError(t, client.Connect(closing(t, 10*time.Second)))
			var why error
			for why == nil {
				select {
				case e := <-client.Events():
					if e, ok := e.(mqtt.EventDisconnected); ok {
						why = e.Err
					}
				case <-time.After(10 * time.Second):
					t.Fatal("no end was told")
				}
			}
			switch {
			case strings.HasPrefix(name, "B296"):
				require.Equal(t, "6", as[*mqtt.ProtocolError](t, why).Section)
				require.Contains(t, why.Error(), "text message")
			case strings.Contains(name, "close frame"):
				require.Equal(t, netx.CloseError{Code: 1001, Reason: "restart"}, *as[*netx.CloseError](t, why))
			default:
				require.ErrorIs(t, why, io.EOF)
			}
			require.NoError(t, client.AwaitConnected(closing(t, 10*time.Second)))
		})
	}
	t.Run("Contract18 DISCONNECT, then a close frame, and the server ends it", func(t *testing.T) {
		said, end := make(chan []codec.Packet, 1), make(chan error, 1)
		url := web(t, func(p *webPeer) {
			p.accept()
			all, err := p.rest()
			said <- all
			end <- err
		})
		client, err := mqtt.Connect(closing(t, 10*time.Second), url, mqtt.Config{})
		require.NoError(t, err)
		start := time.Now()
		require.NoError(t, client.Close(closing(t, 10*time.Second)))
		require.Less(t, time.Since(start), 900*time.Millisecond, "nobody lingers when the server answers")
		all := <-said
		require.Len(t, all, 1)
		require.Equal(t, codec.TypeDisconnect, all[0].Type())
		require.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(<-end))
	})
}

func TestB295UpgradeRefused(t *testing.T) {
	for status, body := range map[int]string{401: "who are you", 403: "not you", 404: "no such path"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body+" "+r.URL.RawQuery)
		}))
		var log bytes.Buffer
		url := strings.Replace(s.URL, "http://", "ws://u:hush@", 1)
		_, err := mqtt.Connect(closing(t, 10*time.Second), url+"/mqtt?sign=hush", mqtt.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		failed := as[*mqtt.ConnectError](t, err)
		require.Equal(t, "websocket", failed.Stage)
		require.Equal(t, strings.Replace(s.URL, "http://", "ws://", 1)+"/mqtt", failed.Server)
		refused := as[*netx.UpgradeError](t, err)
		require.Equal(t, status, refused.Status)
		require.Contains(t, refused.Body, body)
		require.Contains(t, err.Error(), body)
		require.NotContains(t, err.Error()+log.String(), "hush")
		s.Close()
	}
}

func TestWebSocketConfig(t *testing.T) {
	t.Run("a header that is ours: refused", func(t *testing.T) {
		_, err := mqtt.New(mqtt.Config{WebSocket: netx.WebSocketOptions{Header: http.Header{"Upgrade": {"x"}}}})
		require.Equal(t, "WebSocket.Header", as[*mqtt.ConfigError](t, err).Field)
	})
	t.Run("set without a server that needs it: fine", func(t *testing.T) {
		client, err := mqtt.New(mqtt.Config{WebSocket: netx.WebSocketOptions{Header: http.Header{"X": {"x"}}}})
		require.NoError(t, err)
		require.NoError(t, client.Abort())
	})
	t.Run("B037 a client certificate, and ws: refused", func(t *testing.T) {
		certificate := newIssuer(t).issue(t, "client")
		cfg := mqtt.Config{Servers: []string{"wss://a", "ws://b"}, TLS: newIssuer(t).trust()}
		cfg.TLS.Certificates = append(cfg.TLS.Certificates, certificate)
		_, err := mqtt.New(cfg)
		require.Equal(t, "TLS", as[*mqtt.ConfigError](t, err).Field)
		require.Contains(t, err.Error(), "wss://")
	})
}

func TestB308UnixSocket(t *testing.T) {
	file, _ := unixBroker(t)
	for _, scheme := range []string{"unix", "mqtt+unix"} {
		client, err := mqtt.Connect(closing(t, 10*time.Second), scheme+"://"+file, mqtt.Config{})
		require.NoError(t, err)
		roundTrip(t, client)
		require.NoError(t, client.Close(closing(t, 10*time.Second)))
	}
	_, err := mqtt.Connect(closing(t, 10*time.Second), "unix://"+file+".gone", mqtt.Config{})
	failed := as[*mqtt.ConnectError](t, err)
	require.Equal(t, "unix", failed.Stage)
	require.Contains(t, err.Error(), "there is no such file")
}
