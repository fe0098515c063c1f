package conformance

import (
	"encoding/binary"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// connectBytes is a CONNECT as it left, taken apart by hand.
type connectBytes struct {
	name      string
	level     byte
	flags     byte
	keepAlive uint16
	payload   string // behind the properties
}

// takeApart reads a CONNECT without the codec.
func (s *scene) takeApart(b []byte) (c connectBytes) {
	s.Helper()
	require.Equal(s, byte(0x10), b[0])
	rest, n := after(b[1:])
	require.Len(s, rest, n, "Remaining Length")
	length := binary.BigEndian.Uint16(rest)
	c.name, rest = string(rest[2:2+length]), rest[2+length:]
	c.level, c.flags, c.keepAlive, rest = rest[0], rest[1], binary.BigEndian.Uint16(rest[2:]), rest[4:]
	if c.level == 5 {
		properties, n := after(rest)
		rest = properties[n:]
	}
	c.payload = string(rest)
	return c
}

// after reads a variable byte integer and gives what follows it.
func after(b []byte) (rest []byte, n int) {
	for i, shift := 0, 0; ; i, shift = i+1, shift+7 {
		n |= int(b[i]&127) << shift
		if b[i] < 128 {
			return b[i+1:], n
		}
	}
}

// connectOf is the CONNECT of a client with cfg, taken apart.
func (s *scene) connectOf(cfg mqtt.Config) connectBytes {
	s.Helper()
	_, raw := s.connectPacket(cfg)
	return s.takeApart(raw)
}

// turnedAway has a new client's CONNECT be refused by bytes. The connection is closed by the client, and Connect fails with
// the server's reason.
func (s *scene) turnedAway(cfg mqtt.Config, vector string, code codec.ReasonCode) *mqtt.ReasonError {
	s.Helper()
	conn, done := s.answered(cfg, vector)
	err := <-done
	conn.ExpectClosed(s)
	return refused(s, err, "CONNACK", code)
}

// brokered makes a client that is connected to a whole broker.
func (s *scene) brokered(cfg mqtt.Config, broker mqtttest.BrokerConfig) *mqtttest.Broker {
	s.Helper()
	s.idle(cfg)
	broker.Server = s.server
	b := mqtttest.NewBroker(broker)
	s.Cleanup(b.Close)
	require.NoError(s, s.client.Connect(s.Context()))
	return b
}
