package app

import (
	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// Remedy says what to do about a refusal; empty where nothing is known beyond its own words.
func Remedy(r *mqtt.ReasonError) string {
	if text, known := connectRemedies[r.Code]; known && r.Packet == "CONNACK" {
		return text
	}
	switch r.Code {
	case codec.NotAuthorized, codec.BadUserNameOrPassword:
		return "give -u and --password-file (or MQTT_PASSWORD), or ask who runs the server for the right"
	case codec.ServerBusy, codec.ServerUnavailable:
		return "try again later"
	}
	return ""
}

// connectRemedies are for what a CONNACK says (§3.2.2.2), where the same code means less or something else in other packets.
var connectRemedies = map[codec.ReasonCode]string{
	codec.UnspecifiedError:            "the server's log may say why",
	codec.MalformedPacket:             "the server doesn't understand this CONNECT: try -V 311",
	codec.ProtocolError:               "the server doesn't understand this CONNECT: try -V 311",
	codec.ImplementationSpecificError: "the server's log may say why",
	codec.UnsupportedProtocolVersion:  "try another version with -V: 311, 5 or 31",
	codec.ClientIdentifierNotValid:    "the server wants another client id: give one with -i, as whoever runs it says",
	codec.ServerUnavailable:           "the server is there and takes nobody just now: try again later",
	codec.ServerBusy:                  "the server is there and takes nobody just now: try again later",
	codec.Banned:                      "this client or its address was shut out: ask who runs the server",
	codec.BadAuthenticationMethod:     "the server wants another way to prove who the client is",
	codec.TopicNameInvalid:            "the server doesn't take the will's topic: give another --will-topic",
	codec.PacketTooLarge:              "this CONNECT is larger than the server takes: a shorter will or password, or fewer properties (-D) make it smaller",
	codec.QuotaExceeded:               "there are too many connections, or too much was sent: close others, or wait",
	codec.PayloadFormatInvalid:        "the will's payload isn't what its payload-format-indicator says (-D will)",
	codec.RetainNotSupported:          "the server retains nothing: leave --will-retain away",
	codec.QoSNotSupported:             "the server doesn't take the will's QoS: give a lower --will-qos",
	codec.UseAnotherServer:            "give the other server's URL",
	codec.ServerMoved:                 "give the other server's URL",
	codec.ConnectionRateExceeded:      "there are too many connections in a short time: wait",
}
