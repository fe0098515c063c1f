package mqtt

import (
	"crypto/tls"
	"net/http"
)

// Attempt is an attempt to connect that is about to begin, as Config.BeforeConnect sees it. What is changed here holds for this
// attempt alone: the next one begins with what Config says again. It belongs to the call, and must not be used after it.
type Attempt struct {
	Number  int     // which attempt in a row this is, from 1; as are Err and Version, it is only to be read
	Err     error   // what the last attempt, or the connection, ended with, as *ConnectError or *ReasonError; nil: nothing failed since the last CONNACK that accepted
	Version Version // the version that is asked for: V5, V311 or V31

	// Server is the URL that is dialled, as in Config.Servers, or that of where a server has sent the client. It comes without
	// credentials and query. Left as it is, all of the URL counts, its query included; another one takes its whole place. What
	// that has as user:password@ and clientId fills the fields below that are left as they are.
	Server string

	// ClientID is the Client Identifier. Another one than that of the last connection means another session: it begins anew, as
	// after the loss of one (EventSessionLost), while the server keeps the old one for the time that it was asked to. With
	// SessionDurable and a Store it can't be changed; and it can't be emptied.
	ClientID string

	Username string // empty: none, but for one that is empty in the URL and is left so
	Password []byte // nil: none; the call's own, to be changed or replaced; on 3.x it needs a Username

	// TLS is a copy of Config.TLS, or an empty one, never nil but in a browser: to be changed or replaced. It has no effect with a
	// URL that isn't secure, but that one with a client certificate is an error. An empty ServerName means the URL's host.
	TLS *tls.Config

	// Header is a copy of Config.WebSocket.Header, never nil: to be changed or replaced. It has no effect but with ws and wss.
	Header http.Header
}
