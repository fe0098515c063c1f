package main

import (
	"context"
	"fmt"
	"strings"
)

// order is what one client process does: one work of one client, once. It gets it as JSON behind -client, and so do the programs
// that aren't in Go.
//
// Each payload is of Size bytes, which are as payload.go says. The server checks that each sequence of a goroutine follows the one
// before, and that all is in it.
type order struct {
	Peer       string // which client
	Address    string // host:port of the server, over TCP
	Transport  string // what the client goes over; empty: tcp, as all of them do
	URL        string // of the server over that
	CA         string // PEM: who has signed for the server, where it has TLS
	Client     string // ClientID, new for each run: the server counts by it
	Work       string // publish, receive, trip, idle, reconnect; streams, clients: as in growth.go
	Version    int    // 4 or 5
	QoS        int
	N          int    // messages; idle: connections
	Size       int    // payload in bytes, at least 16
	Goroutines int    // publish: so many goroutines, each with its share, waiting for each outcome (QoS 0: for the call to return); 0: 1
	Window     int    // publish: one goroutine, at most so many in flight, none waited for one by one; 0: blocking. receive: of the server, where the client announces none
	Streams    int    // receive, streams: through so many streams, one for each topic; 0: through what takes all
	Clients    int    // clients: so many in the process, each with its share of N
	Properties bool   // 5.0: those that are named below
	Aliases    bool   // 5.0: topic aliases, for the long topics in turn; the server takes 20
	Warm       int    // milliseconds that a client works before it is measured, where its language compiles what runs often
	Broker     bool   // the server is a real one: it doesn't flood, and isn't asked for what arrived
	Folder     string // what the peer has prepared, when it is a preparer
}

// result is what a client process says of it, as JSON in the last line of its standard output. When it fails it says why on
// standard error, and exits with 1.
type result struct {
	Cannot         string  `json:",omitempty"` // why this client can't do the work; nothing else counts then
	N              int     // messages that were measured; 0: all of the order
	Seconds        float64 // publish: from the first message to the last outcome (QoS 0: of a message to "count"); receive: from the request to the last message
	CPU            float64 // user and system seconds of this process meanwhile
	Allocations    float64 // for each message; negative: not known
	AllocBytes     float64 // for each message; negative: not known
	Before, After  int     // goroutines before the client was made and after it has ended; 0 where there are none
	P50, P99, P999 float64 // trip: microseconds
	Bytes          float64 // idle, clients: heap and stacks, for each connection; streams: for each, before its first message
	Used           float64 // streams: heap and stacks, for each, after it has received
	Goroutines     float64 // idle, clients: for each connection; streams: for each, after it has received
	Connect        float64 // idle, clients: seconds until all were connected; streams: until the server has answered for all
	First          float64 // streams: seconds for the first message of each
	Peak           float64 // bytes that the process had at most; 0: not known
}

// peer is a client to be measured. do connects, does the work, closes, and returns; it is the only one in its process.
type peer interface {
	do(ctx context.Context, o order) (result, error)
}

// preparer is a peer that needs something once before it is measured, in a folder that goes with the measurement (as
// Order.Folder). An error says why it can't be measured.
type preparer interface {
	prepare(ctx context.Context, folder string) error
}

// candidate is a peer with what tables say of it.
type candidate struct {
	name    string // for -peers
	title   string
	version int // the only one that it speaks; 0: it speaks 3.1.1 and 5.0
	kind    kind
	peer    peer
}

type kind int

const (
	socket   kind = iota // no client at all
	inGo                 // a client that a Go program can choose
	elsewise             // a program in another language; do runs it
)

// candidates stand in the order of the tables.
var candidates = []candidate{
	{"limit", "socket limit", 0, socket, limit{}},
	{"sluice", "Sluice", 0, inGo, sluice{}},
	{"paho", "paho.mqtt.golang", 4, inGo, paho{}},
	{"autopaho", "paho.golang with autopaho", 5, inGo, autoPaho{}},
	{"atwat", "at-wat/mqtt-go", 4, inGo, atWat{}},
	{"mqttjs", "MQTT.js", 0, elsewise, mqttJS{}},
	{"libmosquitto", "libmosquitto", 0, elsewise, libMosquitto{}},
}

func candidateOf(name string) (candidate, error) {
	var names []string
	for _, c := range candidates {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	return candidate{}, fmt.Errorf("there is no client %q; these are there: %s", name, strings.Join(names, ", "))
}

// Topics that have a meaning for the server; all others are counted, and their order is checked.
const (
	// measured is the topic of all messages, unless there are streams or aliases.
	measured = "bench/topic"
	// counted is the topic of a last message at QoS 1 behind those of QoS 0: its acknowledgement says that all have arrived.
	counted = "count"
	// readied and the ClientID are the topic of an empty message at QoS 1, by which a receiver tells that the flood may begin when
	// the server is a real one.
	readied = "ready/"
)

// The properties of an order with Properties.
const (
	userKey, userValue = "unit", "kelvin"
	contentType        = "application/octet-stream"
	responseTopic      = "bench/response"
	correlation        = "12345678"
)

// topics are those of the messages, in turn.
func (o order) topics() []string {
	switch {
	case o.Aliases:
		return several(aliasTopics, strings.Repeat("long/", 15)+"x/%03d")
	case o.Streams > 0:
		return several(o.Streams, measured+"/%06d")
	}
	return []string{measured}
}

func several(n int, format string) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return all
}

// request is the filter that makes the server process flood who subscribes to it, at once. A receiver subscribes to topics before.
// The messages come under these topics in turn, all from publisher 0.
func (o order) request() string {
	properties := 0
	if o.Properties {
		properties = 1
	}
	return fmt.Sprintf("flood/%d/%d/%d/%d/%d/%d", o.QoS, o.Size, o.N, o.Streams, o.window(), properties)
}

// window is how many messages of the flood wait for their acknowledgement, unless the client's Receive Maximum is less.
func (o order) window() int {
	if o.Window > 0 {
		return o.Window
	}
	return 1000
}

// share is how many messages the goroutine g publishes.
func (o order) share(g int) int {
	n := max(1, o.Goroutines)
	if g < o.N%n {
		return o.N/n + 1
	}
	return o.N / n
}

// payload is a new one of a goroutine, with sequence 0.
func (o order) payload(goroutine int) []byte {
	return fill(goroutine, max(16, o.Size))
}
