package conformance

import (
	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// refusesText checks that no place takes what isn't a string of the protocol, and that nothing of it leaves.
func (s *scene) refusesText(text string) {
	s.Helper()
	s.refusedConfig(mqtt.Config{ClientID: text}, "ClientID")
	s.refusedConfig(mqtt.Config{Username: text}, "Username")
	s.refusedConfig(mqtt.Config{Will: &mqtt.Will{Topic: text}}, "Will.Topic")
	s.refusedConfig(mqtt.Config{Subscriptions: []mqtt.Subscription{{Filter: text}}}, "Subscriptions[0].Filter")
	conn := s.up(mqtt.Config{})
	ctx, client := s.Context(), s.client
	argument(s, client.Publish(ctx, mqtt.Message{Topic: text}), "Message.Topic")
	_, err := client.Subscribe(ctx, mqtt.Subscription{Filter: text})
	argument(s, err, "Subscriptions[0].Filter")
	argument(s, client.Unsubscribe(ctx, text), "Unsubscription.Filters[0]")
	if s.v == mqtt.V5 {
		s.refusesPropertyText(text)
	}
	quiet(s, conn)
}

// refusesPropertyText is refusesText for the strings of 5.0 alone.
func (s *scene) refusesPropertyText(text string) {
	s.Helper()
	pair := []mqtt.UserProperty{{Key: "k", Value: "v"}, {Key: text, Value: "v"}}
	value := []mqtt.UserProperty{{Key: "k", Value: text}}
	will := func(p mqtt.WillProperties) mqtt.Config {
		return mqtt.Config{Will: &mqtt.Will{Topic: "w", Properties: &p}}
	}
	s.refusedConfig(mqtt.Config{UserProperties: pair}, "UserProperties[1].Key")
	s.refusedConfig(mqtt.Config{UserProperties: value}, "UserProperties[0].Value")
	s.refusedConfig(will(mqtt.WillProperties{ContentType: text}), "Will.Properties.ContentType")
	s.refusedConfig(will(mqtt.WillProperties{ResponseTopic: text}), "Will.Properties.ResponseTopic")
	s.refusedConfig(will(mqtt.WillProperties{UserProperties: value}), "Will.Properties.UserProperties[0].Value")
	ctx, client := s.Context(), s.client
	for name, p := range map[string]mqtt.PublishProperties{
		"ContentType": {ContentType: text}, "ResponseTopic": {ResponseTopic: text},
		"UserProperties[1].Key": {UserProperties: pair}, "UserProperties[0].Value": {UserProperties: value},
	} {
		argument(s, client.Publish(ctx, mqtt.Message{Topic: "a", Properties: &p}), "Message.Properties."+name)
	}
	_, err := client.Subscribe(ctx, mqtt.Subscription{Filter: "a", UserProperties: pair})
	argument(s, err, "Subscriptions[0].UserProperties[1].Key")
	_, err = client.UnsubscribeWith(ctx, mqtt.Unsubscription{Filters: []string{"a"}, UserProperties: value})
	argument(s, err, "Unsubscription.UserProperties[0].Value")
	argument(s, client.CloseWith(ctx, mqtt.Disconnect{ReasonString: text}), "Disconnect.ReasonString")
	argument(s, client.CloseWith(ctx, mqtt.Disconnect{UserProperties: value}), "Disconnect.UserProperties[0].Value")
	require.Equal(s, mqtt.StateConnected, client.State())
}

// drops checks that the client ends a connection for a PUBLISH from the server, and that nothing of it is delivered.
func (s *scene) drops(cfg mqtt.Config, vector string, code byte, section string) {
	s.Helper()
	conn := s.up(cfg)
	messages := s.client.Messages()
	feed(s, conn, vector)
	s.expelled(conn, mqtt.ReasonCode(code), section)
	require.Empty(s, messages)
	s.none()
}
