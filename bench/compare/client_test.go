package compare

import (
	"context"
	"time"
)

// client is one of those that are compared: a library, and how it is used.
type client struct {
	name   string
	module string // as go.mod requires it, with the version; empty for Sluice
	how    string // it is used
	open   func(ctx context.Context, address string, s settings) (link, error)
}

// clients are the columns, in their order.
var clients = []client{
	{"Sluice", "", "MQTT 5.0", openSluice5},
	{"Sluice", "", "MQTT 3.1.1", openSluice311},
	{"paho.golang", "github.com/eclipse/paho.golang", "autopaho, MQTT 5.0", openAutopaho},
	{"paho.mqtt.golang", "github.com/eclipse/paho.mqtt.golang", "MQTT 3.1.1", openPaho},
	{"paho.mqtt.golang", "github.com/eclipse/paho.mqtt.golang", "MQTT 3.1.1, `SetOrderMatters(false)`", openUnorderedPaho},
}

// own is how many of the columns are Sluice's.
const own = 2

// settings are what a scenario changes; all else is each library's default.
type settings struct {
	keepAlive time.Duration // with three quarters of it for a PINGRESP, where that can be set; zero: the default
	manual    bool          // the application acknowledges
	steady    bool          // attempts to reconnect come every 200 ms
	outbox    int           // how many bytes Sluice keeps that have not ended; zero: the default
	handle    func(link, received)
}

const steadyPace = 200 * time.Millisecond

// received is a message that came. Sluice's application loops over a channel and calls handle for each; the others call it
// from where they hand out messages.
type received struct {
	payload []byte
	ack     func()
}

// sent is a message to be published.
type sent struct {
	topic   string
	qos     byte
	payload []byte
}

// link is a client that has connected.
type link interface {
	// subscribe asks for a filter at QoS 1, and waits for the answer.
	subscribe(ctx context.Context, filter string) error
	// publish waits for the outcome as the library offers it, within ctx as far as the library can.
	publish(ctx context.Context, m sent) error
	// lost is sent to when the library says that a connection is gone.
	lost() <-chan struct{}
	// online waits until there is a connection.
	online(ctx context.Context) error
	// close ends the client in order, within ctx.
	close(ctx context.Context) error
}
