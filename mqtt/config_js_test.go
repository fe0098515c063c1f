package mqtt

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/netx"
)

func TestBrowserCanNot(t *testing.T) {
	for _, c := range []struct {
		field, why string
		cfg        Config
	}{
		{"Servers[0]", "write ws:// or wss://", Config{}},
		{"Servers[0]", "write ws:// or wss://", Config{Servers: []string{"mqtt://h"}}},
		{"Servers[1]", "write ws:// or wss://", Config{Servers: []string{"wss://h", "mqtts://h"}}},
		{"Servers[0]", "write ws:// or wss://", Config{Servers: []string{"unix:///run/a.sock"}}},
		{"Servers[0]", "write ws:// or wss://", Config{Servers: []string{"ws+unix:///run/a.sock"}}},
		{"TLS", "does TLS itself", Config{TLS: &tls.Config{}}},
		{"Dialer", "opens its connections itself", Config{Dialer: &net.Dialer{}}},
		{"Servers[0]", "write ws:// or wss://", Config{Servers: []string{"mqtt+srv://h"}}},
		{"Proxy", "the proxies of its user", Config{Proxy: netx.Proxy{URL: "http://h"}}},
		{"WebSocket.Header", "can stand in the URL's query", Config{WebSocket: netx.WebSocketOptions{Header: http.Header{"Authorization": {"hush"}}}}},
		{"WebSocket.HTTPClient", "makes the request itself", Config{WebSocket: netx.WebSocketOptions{HTTPClient: new(http.Client)}}},
		{"WebSocket.Compression", "leave it zero", Config{WebSocket: netx.WebSocketOptions{Compression: netx.CompressionMessage}}},
		{"WebSocket.AllowNoSubprotocol", "an empty list", Config{WebSocket: netx.WebSocketOptions{AllowNoSubprotocol: true}}},
	} {
		t.Run(c.field, func(t *testing.T) {
			if c.cfg.Servers == nil && c.field != "Servers[0]" {
				c.cfg.Servers = []string{"wss://h/mqtt"}
			}
			_, err := New(c.cfg)
			wrong, ok := errors.AsType[*ConfigError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, c.field, wrong.Field)
			require.Contains(t, wrong.Error(), "a browser")
			require.Contains(t, wrong.Error(), c.why)
		})
	}
}

func TestBrowserCan(t *testing.T) {
	c, err := New(Config{
		Servers:  []string{"ws://h", "wss://u:p@h:8443/mqtt?token=x"},
		Username: "u", Password: []byte("p"), WebSocket: netx.WebSocketOptions{Subprotocols: []string{}},
	})
	require.NoError(t, err)
	require.NoError(t, c.Close(t.Context()))
}
