package mqtt

import "context"

// Authenticator proves to a server of MQTT 5.0 who the client is, and may have the server prove who it is, by a method of its own
// such as SCRAM (§4.12). Config.Authenticator takes one.
//
// It begins an [AuthExchange] for each CONNECT, and for each Client.Reauthenticate. All that belongs to one exchange lives in
// that: several may follow each other, and clients that share an Authenticator run theirs side by side.
//
// An Authenticator, or exchange, that fails is treated like a server that can't be reached: the cause may pass, as when a
// token has to be fetched. The client goes on to the next server, and retries as [Backoff] says, unless the error wraps ErrGiveUp;
// Backoff.Retry may decide otherwise, and is given a *ConnectError of the stage "auth", or the *AuthError of a re-authentication.
// A server's refusal with codec.NotAuthorized or codec.BadAuthenticationMethod is final, as ever. The text of an error goes to the
// Logger and into events, so it must hold no secret.
type Authenticator interface {
	// Method is the Authentication Method, as in "SCRAM-SHA-256": 1 to 65,535 bytes of UTF-8 without U+0000. New asks for it
	// once.
	Method() string

	// Begin starts an exchange, and gives what is said first: where the server has to speak first, nothing. With CONNECT the
	// client first has a connection to the server, and ctx ends with ConnectTimeout and when the client is closed; it runs on
	// a goroutine of the client's connecting. In a re-authentication it runs in the goroutine that called Reauthenticate, and
	// ctx is that of the call, ended also by the end of the connection. It may block as long as ctx lets it.
	Begin(ctx context.Context, about AuthRequest) (AuthExchange, AuthData, error)
}

// AuthExchange is one authentication. Its methods run one at a time, where Begin ran and with the same context, and may block as
// long as that lets them. When one of them fails, the connection ends, with DISCONNECT 0x80 (unspecified error).
type AuthExchange interface {
	// Continue answers an AUTH of the server's that asks for more (0x18).
	Continue(ctx context.Context, said AuthData) (AuthData, error)

	// Finish judges what came with the server's consent, in CONNACK or AUTH 0x00, before that counts: an error means that the
	// server has not proved who it is. A method in which it has to must refuse data that is missing.
	Finish(ctx context.Context, said AuthData) error

	// End is the last call of each exchange: nil when both sides are content, else why not. It must return soon.
	End(err error)
}

// AuthRequest says what an exchange is for.
type AuthRequest struct {
	Server string // the server's URL, without credentials and query
	Again  bool   // it is for Client.Reauthenticate, not for CONNECT
}

// AuthData is what one side says in a step of an exchange. What the client is given belongs to it until the next call of a method
// of the exchange; what it gives is the exchange's own.
type AuthData struct {
	// Data is the Authentication Data, at most 65,535 bytes; nil: none; empty and not nil: empty data (§3.15.2.2.3).
	Data []byte

	// ReasonString is for people: at most 65,535 bytes of UTF-8 without U+0000; empty: none (§3.15.2.2.4). CONNECT has none:
	// there it is left out. It is also left out, and UserProperties with it, where an AUTH would be larger than the server
	// takes.
	ReasonString string

	// UserProperties go with the packet, in CONNECT after those of Config; nil: none (§3.15.2.2.5).
	UserProperties []UserProperty
}

func (d *AuthData) fault() *fault {
	for _, f := range []*fault{
		binaryFault("Data", d.Data), textFault("ReasonString", d.ReasonString), userPropertiesFault(d.UserProperties),
	} {
		if f != nil {
			return f.in("AuthData")
		}
	}
	return nil
}
