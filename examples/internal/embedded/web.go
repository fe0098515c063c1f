package embedded

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
)

// Web takes clients over WebSocket, at whichever path of an HTTP server it is mounted; pages of other origins are turned away.
// It serves until Stop, which ends its connections too; after a Restart there is another one.
func (s *Server) Web() http.Handler {
	broker, entrance := s.broker, s.entrance
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}})
		if err != nil {
			return // Accept has answered
		}
		defer conn.CloseNow()
		conn.SetReadLimit(-1) // MQTT has its own
		entrance.Let(broker, websocket.NetConn(context.Background(), conn, websocket.MessageBinary))
	})
}
