package conformance

// unobservable311 are statements of which a client shows nothing, each with the reason.
var unobservable311 = map[string]string{
	"MQTT-3.1.2.7":  "whether the server's retained messages outlive a session is the server's; a client keeps none",
	"MQTT-3.1.2-10": "the server deletes its copy of the will; the client has told it all in CONNECT and DISCONNECT (MQTT-3.1.2-8)",
	"MQTT-3.1.2-12": "that no will is published is the server's; that CONNECT has none is MQTT-3.1.2-11",
	"MQTT-3.1.2-16": "how the server publishes a will; the bit that asks for it is MQTT-3.1.2-15",
	"MQTT-3.1.2-17": "how the server publishes a will; the bit that asks for it is MQTT-3.1.2-15",
	"MQTT-3.1.4-3":  "what the server does with its half of a session; the client's half is MQTT-3.1.2-4 and MQTT-3.1.2-6",
	"MQTT-3.3.1-7":  "which retained message the server keeps; a client receives it as any other (MQTT-3.3.1-6)",
	"MQTT-3.3.1-11": "what the server stores for an empty retained message; that the client can send one is MQTT-3.3.1-10",
	"MQTT-3.3.1-12": "what the server stores; that the client sends RETAIN 0 is MQTT-3.3.1-5",
	"MQTT-3.14.4-3": "the server drops the will without a sign to the client; the DISCONNECT that makes it do so is MQTT-3.14.1-1",
	"MQTT-4.5.0-1":  "which sessions the server adds a message to; a client sees those of its own alone",
	"MQTT-4.6.0-5":  "which topics the server treats as ordered; the order that a client keeps is MQTT-4.6.0-6",
	"MQTT-7.0.0-1":  "about a server that dials out; the client is none",
	"MQTT-7.1.1-1":  "about what a server listens on; the client's transports are MQTT-7.1.2-1",
}

// open311 are statements about what the client hasn't got.
var open311 = map[string]string{}
