package conformance

// unobservable5 are the statements of which a client shows nothing.
var unobservable5 = map[string]string{
	"MQTT-3.1.2-7":  "the server keeps the will with its session and tells the client nothing of it",
	"MQTT-3.1.2-10": "the server deletes what it keeps, and tells the client nothing of it; what a client sends for it is MQTT-3.14.4-3",
	"MQTT-3.1.2-14": "it is about what the server sends to others; the bit that the client sends is MQTT-3.1.2-13",
	"MQTT-3.1.2-15": "it is about what the server retains for others; the bit that the client sends is MQTT-3.1.2-13",
	"MQTT-3.1.2-25": "the packet that is too large is never sent, so the client can't know of it",
	"MQTT-3.1.3-9":  "the server doesn't send a will to others; the client that comes back in time is told nothing of it",
	"MQTT-3.1.4-4":  "what a client sees of it is Session Present alone, which MQTT-3.2.2-2 and MQTT-3.2.2-3 are about",
	"MQTT-3.3.1-7":  "it is about what the server stores; the packet that deletes a retained message is MQTT-3.3.1-6",
	"MQTT-3.3.1-8":  "it is about what the server stores; the bit that the client sends is MQTT-3.3.1-5",
	"MQTT-3.3.2-5":  "the message that has expired at the server is never sent, so the client can't know of it",
	"MQTT-3.8.4-4":  "which retained messages the server sends is its own affair; the option byte that asks for them is MQTT-3.3.1-9",
	"MQTT-4.5.0-1":  "the server adds messages to sessions; what leaves them is an ordinary PUBLISH",
	"MQTT-4.6.0-5":  "the order is the server's, between what others publish and what it sends; that it is handed out as it came is MQTT-4.6.0-6",
	"MQTT-4.8.2-5":  "what the server doesn't send to other clients none of them can know of",
	"no-id:3.3.4/c": "the client announces no Maximum QoS, and CONNECT has no property to do it with: it takes messages of every QoS",
}

// open5 are the statements about what the client can't do yet.
var open5 = map[string]string{}
