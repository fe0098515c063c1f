package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// refusal says why CONNECT wasn't accepted, and what to do.
func (p *patient) refusal(ctx context.Context, err error) string {
	if r, refused := errors.AsType[*mqtt.ReasonError](err); refused {
		return p.reason(ctx, r)
	}
	if errors.Is(err, netx.ErrCertificateRejected) {
		return p.rejection(remoteAlert(err))
	}
	_, unanswered := said(err)
	if advice := p.advice(ctx); unanswered && advice != "" {
		return advice
	}
	broken, _ := errors.AsType[*mqtt.ProtocolError](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "the server took CONNECT and says nothing: it is stuck, or what listens there isn't an MQTT server"
	case broken != nil:
		return fmt.Sprintf("the answer breaks MQTT: %s (§%s)", broken.Reason, broken.Section)
	case ended(err):
		return "the server closes the connection without an answer to CONNECT: it may know another version (-V 311), want a client certificate, " +
			"another client id (-i) or credentials, or keep this address out; its log says which"
	}
	return brief(err)
}

// ended says that the server closed the connection.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// said tells a server that has answered in MQTT from one whose answer was none.
func said(err error) (*mqtt.ReasonError, bool) {
	r, refused := errors.AsType[*mqtt.ReasonError](err)
	return r, !refused && !errors.Is(err, netx.ErrCertificateRejected) || refused && r.Code == codec.UnsupportedProtocolVersion
}

// reason puts a refusal into words.
func (p *patient) reason(ctx context.Context, r *mqtt.ReasonError) string {
	text := fmt.Sprintf("refused: %s", r.Code)
	if r.Code == codec.UnspecifiedError && r.Raw != byte(r.Code) {
		text += fmt.Sprintf(" (return code 0x%02X, which MQTT 3.1.1 doesn't have)", r.Raw)
	}
	if r.ReasonString != "" {
		text += fmt.Sprintf(", in the server's words %.200q", r.ReasonString)
	}
	if r.ServerReference != "" {
		text += fmt.Sprintf(", and names another server: %.200q", r.ServerReference)
	}
	if what := p.remedy(ctx, r); what != "" {
		text += ": " + what
	}
	return text
}

// remedy is what every command says, and what can be found out here.
func (p *patient) remedy(ctx context.Context, r *mqtt.ReasonError) string {
	text := app.Remedy(r)
	switch r.Code {
	case codec.BadUserNameOrPassword, codec.NotAuthorized:
		if p.cfg.Username != "" || p.at.HasUsername {
			return p.credentials(ctx, r.Code)
		}
		return text + "; or give a client certificate, if it asks for one"
	case codec.UnsupportedProtocolVersion:
		return text + "; what it takes is told below, if it takes any"
	}
	return text
}

// credentials tells a user that isn't known from one who may not come in. Many servers say the same of both, so an anonymous
// connection is tried, too.
func (p *patient) credentials(ctx context.Context, code mqtt.ReasonCode) string {
	anonymous := p.stranger()
	at := *p.at
	at.HasUsername, at.HasPassword = false, false
	anonymous.Username, anonymous.Password, anonymous.Servers = "", nil, []string{at.String()}
	hint := ""
	if p.domain == "" { // else the name in the certificate would be another
		if _, _, err := p.connect(ctx, anonymous); err == nil {
			hint = "; without a user name it lets clients in"
		}
	}
	if code == codec.BadUserNameOrPassword {
		return "check user name and password" + hint
	}
	return "either user name or password is wrong (many servers don't tell), or this client may not connect, as by its client id: see the server's log" + hint
}

// brief is an error without the server's URL and the attempt's number.
func brief(err error) string {
	if r, refused := errors.AsType[*mqtt.ReasonError](err); refused {
		return fmt.Sprintf("%s, 0x%02X", r.Code, r.Raw)
	}
	if c, isConnect := errors.AsType[*mqtt.ConnectError](err); isConnect {
		err = c.Err
	}
	switch {
	case ended(err):
		return "the server closes the connection without an answer"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer"
	}
	return strings.TrimPrefix(err.Error(), "mqtt: ")
}
