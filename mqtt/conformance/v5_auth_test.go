package conformance

import (
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// auth5 is about enhanced authentication as far as a client without it is concerned (§3.15, §4.12).
var auth5 = rows{
	"MQTT-3.15.1-1": func(s *scene) {
		for _, first := range []byte{0xF1, 0xF2, 0xF8, 0xFF} {
			s.expels(mqtt.Config{}, header(first, "18 "+sized("15 00 01 58")), codec.MalformedPacket, "2.1.3")
			s.rejected(mqtt.Config{}, header(first, "18 "+sized("15 00 01 58")), codec.MalformedPacket)
		}
	},
	"MQTT-4.12.0-1": func(s *scene) {
		s.turnedAway(mqtt.Config{}, "20 03 00 8C 00", codec.BadAuthenticationMethod)
		s.turnedAway(mqtt.Config{}, "20 03 00 87 00", codec.NotAuthorized)
	},
	"no-id:3.15/a": func(s *scene) {
		for _, packet := range []string{"F0 00", "F0 02 18 00", header(0xF0, "18 "+sized("15 00 01 58")), header(0xF0, "00 "+sized("15 00 01 58"))} {
			s.expels(mqtt.Config{}, packet, codec.ProtocolError, "")
			s.rejected(mqtt.Config{}, packet, codec.ProtocolError)
		}
	},
}
