package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// sentence is an error in one line that says what to do, or nothing when there is no more to say. A server, or its certificate, has
// a say in some errors: nothing in them moves a terminal.
func sentence(err error) string {
	if f, ok := errors.AsType[*Failure](err); ok && f.Err == nil {
		return ""
	}
	text := strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "mqtt: ") // which stands in front of it anyway
	if hint := hint(err); hint != "" {
		text += "; " + hint
	}
	return Printable(text)
}

// hint says what to do about an error, where its own words don't.
func hint(err error) string {
	if e, ok := errors.AsType[*mqtt.RoundError](err); ok {
		return hint(e.Attempts[len(e.Attempts)-1])
	}
	if r, ok := errors.AsType[*mqtt.ReasonError](err); ok {
		return Remedy(r)
	}
	if e, ok := errors.AsType[*mqtt.ConnectError](err); ok {
		return stageHint(e)
	}
	return ""
}

func stageHint(e *mqtt.ConnectError) string {
	switch e.Stage {
	case "dns":
		return "check the spelling of the host's name"
	case "tcp", "unix":
		return fmt.Sprintf("check that a server listens there; `mqtt doctor --url %s` says more", e.Server)
	case "proxy":
		return "check --proxy and the proxy's variables in the environment"
	case "tls":
		if errors.Is(e, netx.ErrCertificateRejected) {
			return fmt.Sprintf("--cert and --key give the client's certificate; `mqtt doctor --url %s` says more", e.Server)
		}
		return fmt.Sprintf("--cafile names the authority to trust, --insecure trusts any; `mqtt doctor --url %s` says more", e.Server)
	case "websocket":
		return "check the path of the URL: most servers want /mqtt"
	case "connack":
		if errors.Is(e, mqtt.ErrConnectTimeout) {
			return "something listens there that says nothing: is it an MQTT server, and without TLS?"
		}
		return "if the server is an old one, try -V 311"
	}
	return ""
}
