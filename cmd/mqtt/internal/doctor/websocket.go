package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// upgraded asks for WebSocket.
func upgraded(ctx context.Context, p *patient) ([]finding, int) {
	if !p.web() {
		return nil, app.ExitOK
	}
	bounded, cancel := p.bound(ctx)
	defer cancel()
	begin := time.Now()
	conn, err := netx.Dial(bounded, p.at, p.options(p.blindTLS()))
	if err == nil {
		conn.Close()
		return []finding{found("websocket", ok, "the server agrees to WebSocket at %s, with the sub-protocol mqtt (%s)", p.at.Path, took(time.Since(begin)))},
			app.ExitOK
	}
	code := app.ExitNoServer
	if certificateAlert(remoteAlert(err)) { // by TLS 1.3 a server says that behind the handshake
		code = app.ExitTLS
	}
	return []finding{found("websocket", fail, "%s", p.noWebSocket(ctx, err))}, code
}

func (p *patient) noWebSocket(ctx context.Context, err error) string {
	e, refused := errors.AsType[*netx.UpgradeError](err)
	if !refused {
		if alert := remoteAlert(err); certificateAlert(alert) {
			return p.rejection(alert)
		}
		if advice := p.advice(ctx); advice != "" {
			return advice
		}
		return "no answer that is HTTP: " + cause(err)
	}
	switch {
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		return fmt.Sprintf("%s: it may want credentials of HTTP, as in --ws-header 'Authorization: Bearer …', or an Origin that it knows", cause(err))
	case e.Location != "", e.Status == http.StatusSwitchingProtocols:
		return cause(err)
	}
	if e.Status == http.StatusBadRequest && !p.at.Secure() && p.listensForTLS(ctx) {
		return "this is an HTTPS server" + p.paths(ctx, "wss")
	}
	scheme, _, _ := strings.Cut(p.at.Scheme, "+")
	if path, there := p.findPath(ctx, scheme); there && p.at.Socket == "" && path != p.at.Path {
		return fmt.Sprintf("not at the path %s (the server answered %d): it takes MQTT over WebSocket at %s", p.at.Path, e.Status, p.as(scheme, path))
	}
	return fmt.Sprintf("%s; none of the usual paths works either (%s): check the port", cause(err), strings.Join(usualPaths, ", "))
}
