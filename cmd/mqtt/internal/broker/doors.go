package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"
	mochi "github.com/mochi-mqtt/server/v2"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/internal/mochiend"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// doors are where clients come in. All are open before the first client is served.
type doors struct {
	tcp, ws, tls net.Listener // ws and tls: nil for none
	urls         []string
	origins      []string
}

func (o *options) open(a *app.App) (_ *doors, err error) {
	d := &doors{origins: append([]string{"localhost", "localhost:*", "127.0.0.1", "127.0.0.1:*", `\[::1\]`, `\[::1\]:*`}, o.origins...)}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.tcp, err = o.listen(a, d, "port", o.port, "mqtt", ""); err != nil {
		return nil, err
	}
	if !o.noWS {
		if d.ws, err = o.listen(a, d, "ws-port", o.wsPort, "ws", "/mqtt"); err != nil {
			return nil, err
		}
	}
	if (o.cert == "") != (o.key == "") {
		return nil, app.Usage("--tls-cert and --tls-key go together")
	}
	if o.cert == "" {
		return d, nil
	}
	certificate, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return nil, app.Usage("--tls-cert and --tls-key: %v", err)
	}
	l, err := o.listen(a, d, "tls-port", o.tlsPort, "mqtts", "")
	if err != nil {
		return nil, err
	}
	d.tls = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	return d, nil
}

// listen opens a port, and notes its URL.
func (o *options) listen(a *app.App, d *doors, flag string, port int, scheme, path string) (net.Listener, error) {
	if port < 0 || port > 65535 {
		return nil, app.Usage("--%s %d: a port is 1 to 65535, or 0 for a free one", flag, port)
	}
	address := net.JoinHostPort(o.bind, strconv.Itoa(port))
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, app.Fail(app.ExitFailed, "%s is in use, maybe by another server; give another --%s, or 0 for a free one", address, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, app.Fail(app.ExitFailed, "may not listen on %s; give a --%s from 1024 up, or 0 for a free one", address, flag)
	case err != nil:
		return nil, app.Fail(app.ExitFailed, "--bind %s, --%s %d: %w", o.bind, flag, port, err)
	}
	host, number, _ := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	d.urls = append(d.urls, scheme+"://"+net.JoinHostPort(host, number)+path)
	if _, err := netx.Parse(d.urls[len(d.urls)-1]); err != nil {
		l.Close()
		return nil, app.Usage("--bind %q: %v", o.bind, err)
	}
	return a.Steady(l), nil
}

// local says that nobody from elsewhere can reach an address.
func local(bind string) bool {
	ip := net.ParseIP(bind)
	return bind == "localhost" || ip != nil && ip.IsLoopback()
}

// close closes them; more than once does no harm. Who is in stays in.
func (d *doors) close() {
	for _, l := range []net.Listener{d.tcp, d.ws, d.tls} {
		if l != nil {
			l.Close()
		}
	}
}

// serve lets clients in through the doors beside TCP, which is the entrance's own. It is done when they are closed and the
// entrance has ended.
func (d *doors) serve(server *mochi.Server, entrance *mochiend.Listener) *sync.WaitGroup {
	var serving sync.WaitGroup
	if d.ws != nil {
		web := &http.Server{Handler: d.upgrades(server, entrance), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
		serving.Go(func() {
			web.Serve(d.ws)
			web.Close() // those that are still upgrading
		})
	}
	if d.tls != nil {
		serving.Go(func() {
			for {
				conn, err := d.tls.Accept()
				if err != nil {
					return
				}
				serving.Go(func() { entrance.Let(server, conn) })
			}
		})
	}
	return &serving
}

// upgrades lets clients in over WebSocket, at any path. Pages from elsewhere are turned away: whoever looks at one in a browser
// on this machine would let it in.
func (d *doors) upgrades(server *mochi.Server, entrance *mochiend.Listener) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}, OriginPatterns: d.origins})
		if err != nil {
			return // Accept has answered
		}
		defer conn.CloseNow()
		conn.SetReadLimit(-1) // MQTT has its own
		entrance.Let(server, websocket.NetConn(context.Background(), conn, websocket.MessageBinary))
	})
}
