//go:build !js

package netx

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// listenUnix serves a socket's file, without serve as a web server, and ends with the test.
func listenUnix(t *testing.T, config *tls.Config, serve func(net.Conn)) (file string) {
	file = filepath.Join(t.TempDir(), "a b:c@d.sock")
	l, err := net.Listen("unix", file)
	require.NoError(t, err)
	if config != nil {
		l = tls.NewListener(l, config)
	}
	if serve != nil {
		serving(t, l, serve)
		return file
	}
	web := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(webHandler)}}
	web.Start()
	t.Cleanup(web.Close)
	return file
}

// webHandler agrees to WebSocket when it is asked for as ws+unix says.
func webHandler(w http.ResponseWriter, r *http.Request) {
	if r.Host != "localhost" || r.RequestURI != "/mqtt?q" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}}); err == nil {
		defer ws.CloseNow()
		echoWeb(r, ws)
	}
}

func TestUnixSocket(t *testing.T) {
	ca := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "localhost")}}
	for _, c := range []struct {
		name, scheme, resource string
		config                 *tls.Config
		serve                  func(net.Conn)
		stages                 []Stage
	}{
		{"B308 unix", "unix", "", nil, echo, []Stage{StageUnix}},
		{"B308 mqtt+unix", "mqtt+unix", "", nil, echo, []Stage{StageUnix}},
		{"B309 mqtts+unix", "mqtts+unix", "", config, echo, []Stage{StageUnix, StageTLS}},
		{"B309 ws+unix", "ws+unix", ":/mqtt?q", nil, nil, []Stage{StageUnix, StageWebSocket}},
		{"B309 wss+unix", "wss+unix", ":/mqtt?q", config, nil, []Stage{StageUnix, StageTLS, StageWebSocket}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := listenUnix(t, c.config, c.serve)
			var stages []Stage
			s := server(t, c.scheme+"://"+escapeSocket(file, true)+c.resource)
			require.Equal(t, file, s.Address())
			conn, err := Dial(t.Context(), s, Options{TLS: trusting(ca), Trace: func(s Step) {
				if s.Done {
					stages = append(stages, s.Stage)
				}
			}})
			require.NoError(t, err)
			requireEcho(t, conn)
			require.Equal(t, c.stages, stages)
			require.NoError(t, conn.(HalfCloser).CloseWrite())
			_, err = io.ReadAll(conn)
			require.NoError(t, err)
			require.NoError(t, conn.Close())
		})
	}
}

func TestUnixSocketIsDialledByTheDialer(t *testing.T) {
	stop := errors.New("stop")
	_, err := Dial(t.Context(), server(t, "unix:///run/a.sock"), Options{Dialer: DialerFunc(
		func(_ context.Context, network, address string) (net.Conn, error) {
			require.Equal(t, []string{"unix", "/run/a.sock"}, []string{network, address})
			return nil, stop
		})})
	requireDialError(t, err, StageUnix)
	require.ErrorIs(t, err, stop)
}

func TestUnixSocketFails(t *testing.T) {
	folder := t.TempDir()
	dead := filepath.Join(folder, "dead.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead})
	require.NoError(t, err)
	l.SetUnlinkOnClose(false)
	require.NoError(t, l.Close())
	plain := filepath.Join(folder, "plain")
	require.NoError(t, os.WriteFile(plain, nil, 0o600))
	for _, c := range []struct {
		name, file, reason string
		cause              error
	}{
		{"B308 missing", filepath.Join(folder, "none.sock"), "there is no such file, so the server is not running", fs.ErrNotExist},
		{"B308 left behind", dead, "nobody listens on the socket, which a server has left behind", syscall.ECONNREFUSED},
		{"B308 not a socket", plain, "the file is not a socket", syscall.ECONNREFUSED},
		{"B308 too long", folder + "/" + strings.Repeat("x", 108), "is too long for a socket", syscall.EINVAL},
	} {
		t.Run(c.name, func(t *testing.T) {
			var last Step
			_, err := Dial(t.Context(), server(t, "unix://u:hush@"+c.file), Options{Trace: func(s Step) { last = s }})
			requireDialError(t, err, StageUnix)
			require.ErrorIs(t, err, c.cause)
			require.Contains(t, err.Error(), "unix mqtt+unix://"+c.file+": ")
			require.Contains(t, err.Error(), c.reason)
			require.Equal(t, Step{Stage: StageUnix, Done: true, Err: errors.Unwrap(err)}, last)
		})
	}
	t.Run("B308 no permission", func(t *testing.T) { // root may do all
		denied := DialerFunc(func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)}
		})
		_, err := Dial(t.Context(), server(t, "unix://"+dead), Options{Dialer: denied})
		requireDialError(t, err, StageUnix)
		require.ErrorIs(t, err, fs.ErrPermission)
		require.Contains(t, err.Error(), "this user may not write to the socket")
	})
	t.Run("B308 interrupted", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		_, err := Dial(ctx, server(t, "unix://"+dead), Options{})
		requireDialError(t, err, StageUnix)
		require.ErrorIs(t, err, context.Canceled)
	})
}
