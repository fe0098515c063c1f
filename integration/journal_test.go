//go:build integration

package integration

import (
	"slices"
	"sync"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// journal is what the embedded server has seen, over all of its lives; and who it lets in.
type journal struct {
	mochi.HookBase

	mu        sync.Mutex
	password  string              // that all clients must have; empty: none
	published map[string][]string // topic -> payloads that were accepted, in order
	leaving   map[string]chan struct{}
}

func newJournal() *journal {
	return &journal{published: map[string][]string{}, leaving: map[string]chan struct{}{}}
}

// ID names the hook.
func (j *journal) ID() string { return "journal" }

// Provides names what the hook wants to hear of.
func (j *journal) Provides(b byte) bool {
	return slices.Contains([]byte{
		mochi.OnConnectAuthenticate, mochi.OnACLCheck, mochi.OnPublished, mochi.OnDisconnect,
	}, b)
}

// OnConnectAuthenticate lets clients in.
func (j *journal) OnConnectAuthenticate(_ *mochi.Client, p packets.Packet) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.password == "" || string(p.Connect.Password) == j.password
}

// OnACLCheck allows everything.
func (j *journal) OnACLCheck(*mochi.Client, string, bool) bool { return true }

// OnPublished is called for what a client has published, when it was handed to the subscribers.
func (j *journal) OnPublished(_ *mochi.Client, p packets.Packet) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.published[p.TopicName] = append(j.published[p.TopicName], string(p.Payload))
}

// OnDisconnect is called when a connection has ended and its will, if it was due, was published.
func (j *journal) OnDisconnect(client *mochi.Client, _ error, _ bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if gone := j.leaving[client.ID]; gone != nil {
		close(gone)
		delete(j.leaving, client.ID)
	}
}

// leaves gives a channel that is closed when the connection that this client has now has ended.
func (j *journal) leaves(clientID string) <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	gone := make(chan struct{})
	j.leaving[clientID] = gone
	return gone
}

// accepted are the payloads that were published to a topic, in order.
func (j *journal) accepted(topic string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.published[topic])
}

// demand has clients show this password from now on.
func (j *journal) demand(password string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.password = password
}
