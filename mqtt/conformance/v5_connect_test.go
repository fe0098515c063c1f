package conformance

import "github.com/sluicemq/sluice/mqtt"

var connect5 = rows{
	"MQTT-3.1.0-1": func(s *scene) {
		_, raw := s.connectPacket(mqtt.Config{})
		s.expels(mqtt.Config{}, "00 00", 0x81, "")
		if raw[0] != 0x10 {
			s.Errorf("first byte %#x", raw[0])
		}
	},
}
