package main

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/sluicemq/sluice/examples/internal/embedded"
)

// server is an MQTT server behind a gate that speaks WebSocket over TLS and looks at signatures.
type server struct {
	url    string
	broker *embedded.Server
	gate   *httptest.Server
	key    key

	mu    sync.Mutex
	spent map[string]bool // nonces
}

func serve(k key) (*server, error) {
	broker, err := embedded.Start(nil)
	if err != nil {
		return nil, err
	}
	s := &server{broker: broker, key: k, spent: make(map[string]bool)}
	s.gate = httptest.NewTLSServer(s)
	s.url = "wss" + strings.TrimPrefix(s.gate.URL, "https") + "/mqtt"
	return s, nil
}

func (s *server) stop() {
	s.broker.Stop() // first, as it ends the connections
	s.gate.Close()
}

// trust is the certificate that the gate has.
func (s *server) trust() *tls.Config {
	return s.gate.Client().Transport.(*http.Transport).TLSClientConfig
}

// ServeHTTP lets those in whose URL is good, and hands them to the MQTT server.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := s.key.check(r.Host, r.URL, time.Now())
	if err == nil && !s.spend(r.URL.Query().Get(nonce)) {
		http.Error(w, "the URL was used before", http.StatusForbidden)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}})
	if err != nil {
		return // it has been answered
	}
	conn := websocket.NetConn(context.WithoutCancel(r.Context()), ws, websocket.MessageBinary)
	defer conn.Close()
	s.broker.Serve(conn)
}

// spend says whether a nonce is new.
func (s *server) spend(nonce string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spent[nonce] {
		return false
	}
	s.spent[nonce] = true
	return true
}
