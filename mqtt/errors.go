package mqtt

import "github.com/sluicemq/sluice/mqtt/actor"

// What can end a call, a message, a connection or the client; match them with errors.Is. One error may be several of
// them: a message that was published to a closed client is ErrNotSent and ErrClosed.
var (
	ErrClosed       = actor.ErrClosed       // the client has ended, by Close or Abort
	ErrConnected    = actor.ErrConnected    // Connect was called while one runs, or after one succeeded
	ErrNotConnected = actor.ErrNotConnected // there is no connection, and Config, or the call, says not to wait for one
	ErrOutboxFull   = actor.ErrOutboxFull   // the outbox has no room, and Config says not to wait for it

	ErrNoAuthenticator  = actor.ErrNoAuthenticator  // Reauthenticate was called, and Config.Authenticator is nil
	ErrReauthenticating = actor.ErrReauthenticating // Reauthenticate was called while another call of it runs

	ErrNotSent    = actor.ErrNotSent    // the message certainly never left
	ErrUncertain  = actor.ErrUncertain  // the message left, and no answer came: the server may have it
	ErrKept       = actor.ErrKept       // the client has ended; whoever opens its store next goes on with the message
	ErrWithdrawn  = actor.ErrWithdrawn  // Delivery.Withdraw was called
	ErrExpired    = actor.ErrExpired    // the Message Expiry Interval passed before the message left (§3.3.2.3.3)
	ErrSuperseded = actor.ErrSuperseded // Config.LatestOnly: a newer message for its topic took its place before it left

	ErrStale = actor.ErrStale // an acknowledgement that came too late: the server will send the message again

	ErrInboundOverrun = actor.ErrInboundOverrun // more came than Config.InboxHard lets the client keep; ends the connection
	ErrNoPingResp     = actor.ErrNoPingResp     // no PINGRESP within Config.PingTimeout; ends the connection (§3.1.2.10)
	ErrWriteTimeout   = actor.ErrWriteTimeout   // the server did not read within Config.WriteTimeout; ends the connection
	ErrConnectTimeout = actor.ErrConnectTimeout // no CONNACK within Config.ConnectTimeout; ends the attempt, at any stage of its *ConnectError
	ErrRedirects      = actor.ErrRedirects      // servers sent the client from one to another too often in a row (Config.Redirect)
	ErrGiveUp         = actor.ErrGiveUp         // for BeforeConnect, Dialer and Authenticator: an error of theirs that wraps it can't be mended by trying again
	ErrVersion        = actor.ErrVersion        // what was asked for needs MQTT 5.0, and the connection is older
)
