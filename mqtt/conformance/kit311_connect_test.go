package conformance

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// spaced writes bytes as the tests do: "C0 00".
func spaced(b []byte) string { return fmt.Sprintf("% X", b) }

// packetHex writes a packet as packetOf does.
func packetHex(b []byte) string { return fmt.Sprintf("%x", b) }

// hello is the CONNECT that a client with cfg sends. The client is ended.
func hello(s *scene, cfg mqtt.Config) []byte {
	s.Helper()
	p := pairUp(s, cfg)
	p.connecting()
	b := p.dialled().packet()
	require.Equal(s, byte(0x10), b[0], "CONNECT")
	p.client.Abort()
	return b
}

// greeting is the CONNECT with these flags, the default keep alive, and these strings for a payload.
func greeting(s *scene, flags byte, payload ...string) string {
	name, level := "MQTT", byte(4)
	if s.v == mqtt.V31 {
		name, level = "MQIsdp", 3
	}
	parts := []any{name, []byte{level, flags}, 60}
	for _, text := range payload {
		parts = append(parts, text)
	}
	return packetOf(0x10, parts...)
}

// flagsOf reads the flags of a CONNECT of less than 128 bytes.
func flagsOf(connect []byte) byte { return connect[2+2+int(connect[3])+1] }

// afterFlags is what follows them: two bytes of Keep Alive, and the payload.
func afterFlags(connect []byte) string { return spaced(connect[2+2+int(connect[3])+2:]) }

// everyConfig is each way to have a will, credentials and a kept session, for a client called "c".
func everyConfig() (all []mqtt.Config) {
	var wills []*mqtt.Will
	for qos := range mqtt.QoS(3) {
		wills = append(wills, &mqtt.Will{Topic: "w", QoS: qos}, &mqtt.Will{Topic: "w", QoS: qos, Retain: true})
	}
	for _, will := range append(wills, nil) {
		for _, session := range []mqtt.Session{mqtt.SessionClient, mqtt.SessionConnection, mqtt.SessionDurable} {
			for _, c := range []mqtt.Config{{}, {Username: "u"}, {Username: "u", Password: []byte("p")}, {Username: "u", Password: []byte{}}} {
				c.ClientID, c.Will, c.Session = "c", will, session
				all = append(all, c)
			}
		}
	}
	return all
}

// payloadOf is what follows the flags, with the default keep alive, that a CONNECT with cfg, which has no will, must have.
func payloadOf(s *scene, cfg mqtt.Config) string {
	parts := []any{cfg.ClientID}
	if cfg.Username != "" {
		parts = append(parts, cfg.Username)
	}
	if cfg.Password != nil {
		parts = append(parts, string(cfg.Password))
	}
	return spaced(bytesOf(packetOf(0x10, append([]any{60}, parts...)...))[2:])
}

// brokered makes a client of any version that is connected to a whole broker.
func brokered(s *scene, cfg mqtt.Config, broker mqtttest.BrokerConfig) (*mqtt.Client, *mqtttest.Broker) {
	s.Helper()
	b := mqtttest.NewBroker(broker)
	s.Cleanup(b.Close)
	cfg.Dialer = b
	client, err := mqtt.New(cfg)
	require.NoError(s, err)
	s.Cleanup(func() { client.Abort() })
	require.NoError(s, client.Connect(s.Context()))
	return client, b
}
