package actor

import (
	"context"
	"net"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// Server is one that can be dialled: one of Config's, or one that such a server has sent us to. Only the supervisor calls
// it, and the attempt that is at work.
type Server interface {
	// Name is how it is called in events and errors, without secrets.
	Name() string
	// Dial opens a connection to it for a version of MQTT; it must honour ctx.
	Dial(ctx context.Context, attempt int, v codec.Version) (net.Conn, error)
	// Credentials puts what it is to know into a CONNECT.
	Credentials(c *codec.Connect)
	// Warning is what is allowed on the way to it and shouldn't be; nil for nothing.
	Warning() *Record
	// Refer reads a Server Reference of its: the servers that may be followed, and why others may not; both may be nil.
	Refer(reference string) ([]Server, error)
}
