package sub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// ask subscribes and unsubscribes. Messages are taken meanwhile.
func (s *settings) ask(ctx context.Context, client *mqtt.Client, subs []mqtt.Subscription) error {
	if len(subs) > 0 {
		grants, err := subscribe(ctx, client, subs)
		if errors.Is(err, mqtt.ErrVersion) {
			return app.Usage("these subscriptions need MQTT 5.0: %v", err)
		}
		if err != nil {
			return err
		}
		for _, g := range grants {
			if g.QoS < mqtt.QoS(s.qos) {
				s.app.Say("mqtt: the server grants %q QoS %d", g.Filter, g.QoS)
			}
		}
	}
	if len(s.unsubscribe) == 0 {
		return nil
	}
	codes, err := client.UnsubscribeWith(ctx, mqtt.Unsubscription{Filters: s.unsubscribe, UserProperties: s.connection.Properties.Unsubscribe()})
	for i, code := range codes {
		if code.Failed() {
			return app.Fail(app.ExitNotSubscribed, "the server refused to unsubscribe from %q: %s (0x%02X)", s.unsubscribe[i], code, byte(code))
		}
	}
	return err
}

// mostAgain is how often a SUBSCRIBE is sent again that met an identifier in use: mochi has 8192 messages on their way to a client
// at the most.
const mostAgain = 10_000

// subscribe asks for all. A server that takes the identifiers of its own messages for ours refuses with 0x91 while it sends what
// a session had waiting; the next SUBSCRIBE has another identifier.
func subscribe(ctx context.Context, client *mqtt.Client, subs []mqtt.Subscription) ([]mqtt.Grant, error) {
	for again := 0; ; again++ {
		grants, err := client.Subscribe(ctx, subs...)
		e, ok := errors.AsType[*mqtt.SubscribeError](err)
		if !ok {
			return grants, err
		}
		inUse := func(g mqtt.Grant) bool { return g.Code == codec.PacketIdentifierInUse }
		if again == mostAgain || !slices.ContainsFunc(e.Grants, inUse) {
			return nil, refused(e)
		}
	}
}

// refused makes one sentence of all filters that the server refused.
func refused(e *mqtt.SubscribeError) error {
	var all []string
	for _, g := range e.Grants {
		if g.Code.Failed() {
			all = append(all, refusal(g))
		}
	}
	return app.Fail(app.ExitNotSubscribed, "the server refused to subscribe to %s", strings.Join(all, ", "))
}

// refusal is a filter and the reason in words.
func refusal(g mqtt.Grant) string {
	text := fmt.Sprintf("%q: %s (0x%02X)", g.Filter, g.Code, byte(g.Code))
	if g.ReasonString != "" && g.ReasonString != g.Code.String() {
		text += fmt.Sprintf(", %q", g.ReasonString)
	}
	return text
}
