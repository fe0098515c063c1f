package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

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
	if r.ReasonString != "" {
		text += fmt.Sprintf(", in the server's words %.200q", r.ReasonString)
	}
	if r.ServerReference != "" {
		text += fmt.Sprintf(", and names another server: %.200q", r.ServerReference)
	}
	if what := p.remedy(ctx, r.Code); what != "" {
		text += ": " + what
	}
	return text
}

func (p *patient) remedy(ctx context.Context, code mqtt.ReasonCode) string {
	switch code {
	case codec.BadUserNameOrPassword, codec.NotAuthorized:
		return p.credentials(ctx, code)
	case codec.UnsupportedProtocolVersion:
		return "another version may work, as with -V 311; what it takes is told below, if it takes any"
	case codec.ClientIdentifierNotValid:
		return "the server wants another client id: give one with -i, as whoever runs it says"
	case codec.ServerUnavailable, codec.ServerBusy:
		return "the server is there and takes nobody just now: try again later"
	case codec.Banned:
		return "this client or its address was shut out: ask who runs the server"
	case codec.BadAuthenticationMethod:
		return "the server wants another way to prove who the client is"
	case codec.UseAnotherServer, codec.ServerMoved:
		return "give the other server's URL"
	case codec.QuotaExceeded, codec.ConnectionRateExceeded:
		return "there are too many connections, or too many in a short time: close others, or wait"
	case codec.TopicNameInvalid, codec.PacketTooLarge, codec.QoSNotSupported, codec.RetainNotSupported, codec.PayloadFormatInvalid:
		return "the server doesn't take this will: see the flags that begin with --will"
	case codec.MalformedPacket, codec.ProtocolError:
		return "the server doesn't understand this CONNECT: try -V 311"
	}
	return ""
}

// credentials tells a user that isn't known from one who may not come in. Many servers say the same of both, so an anonymous
// connection is tried, too.
func (p *patient) credentials(ctx context.Context, code mqtt.ReasonCode) string {
	user := p.cfg.Username != "" || p.at.HasUsername
	if !user {
		return "the server wants to know who the client is: give -u and --password-file (or MQTT_PASSWORD), or a client certificate if it asks for one"
	}
	anonymous := p.stranger()
	at := *p.at
	at.HasUsername, at.HasPassword = false, false
	anonymous.Username, anonymous.Password, anonymous.Servers = "", nil, []string{at.String()}
	hint := ""
	if _, _, err := p.connect(ctx, anonymous); err == nil && p.domain == "" {
		hint = "; without a user name it lets clients in"
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
