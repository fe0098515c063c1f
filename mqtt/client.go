package mqtt

import (
	"context"
	"fmt"

	"github.com/sluicemq/sluice/mqtt/actor"
)

// Client is an MQTT client. New makes one, Connect brings it up, Close ends it; in between it stays connected by
// reconnecting. Any goroutine may use any method at any time.
type Client struct {
	core     *actor.Client[*Received]
	settings *settings
	posts    bool
	quick    bool // small QoS 0 messages are admitted by being offered
	events   *eventQueue
	messages *Stream // that of Messages
}

// Connect is New and Client.Connect for one server URL; when it fails, it closes what it made. The URL takes the place of
// Config.Servers: both set is a *ConfigError, as is all that New refuses. Other errors are those of Client.Connect.
func Connect(ctx context.Context, url string, cfg Config) (*Client, error) {
	if len(cfg.Servers) > 0 {
		return nil, failed("connect", &ConfigError{Field: "Servers", Reason: "is set beside the url of Connect: give one of them, or use New"})
	}
	cfg.Servers = []string{url}
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		c.Abort()
		return nil, err
	}
	return c, nil
}

// New checks cfg and makes a client that has not dialled yet. What is published, declared and subscribed now waits for the
// first connection. Its error is a *ConfigError. A client must be closed, also one that never connected.
func New(cfg Config) (*Client, error) {
	s, err := cfg.settle()
	if err != nil {
		return nil, failed("new", err)
	}
	c := &Client{settings: s}
	c.events = newEventQueue(c)
	settled := s.actorConfig()
	settled.Tell = c.events.tell
	settled.Decides = s.Backoff.Retry != nil
	c.quick = settled.Roomy()
	c.posts = c.quick && settled.TopicAlias == actor.AliasOff && !settled.LatestOnly
	if s.Store != nil {
		if settled.Kept, err = s.load(); err != nil {
			return nil, failed("new", err)
		}
		settled.Write, settled.Release = s.write(), s.Store.Release
	}
	c.core = actor.Start(settled, newShelf)
	c.messages = &Stream{client: c, core: c.core.Root(), manual: s.Ack == AckManual}
	if len(s.Subscriptions) > 0 {
		c.core.Enlist(actor.NewSubscribe(0, actorSubscriptions(s.Subscriptions)))
	}
	return c, nil
}

// Connect returns when a CONNACK accepts, when each server was tried once in vain (with Config.RetryFirst it retries like
// any later attempt), on a refusal that no retry can mend, or when ctx ends; then attempts stop at once. The client stays
// connected afterwards, by reconnecting, until it ends: ctx doesn't bound that. A Connect that fails ends nothing: the
// client is idle again, keeps what was published and declared, and Connect may be called again.
//
// Errors are ErrConnected while another Connect runs or after one succeeded, ErrClosed, *ConnectError around the cause
// (a *ReasonError when the server refused), and ctx's own.
func (c *Client) Connect(ctx context.Context) error {
	return failed("connect", c.core.Connect(ctx))
}

// AwaitConnected returns nil as soon as the client is connected, at once when it is already. Errors are ErrClosed, or why
// the client ended, and ctx's own.
func (c *Client) AwaitConnected(ctx context.Context) error {
	return failed("await connected", c.core.AwaitConnected(ctx))
}

// Reconnect ends the connection with DISCONNECT 0x00, so that no will is sent and the session stays, and connects again at
// once without backoff; it returns when the new connection is up. While the client waits to reconnect, it does so now.
// Errors are ErrNotConnected before Connect, ErrClosed, and ctx's own; the client goes on connecting then.
func (c *Client) Reconnect(ctx context.Context) error {
	return failed("reconnect", c.core.Reconnect(ctx))
}

// Reauthenticate authenticates again on the connection that is up, with Config.Authenticator, as before a token expires
// (§4.12.1): it begins an exchange, whose code runs in this goroutine, and returns nil when the server has consented and the
// exchange has found its last word right. Messages flow meanwhile. ctx bounds it; there is no other bound.
//
// An *AuthError says that it failed after its first packet had left: by the exchange, by ctx, by the server, or because the
// connection was lost. The connection then is at its end, with DISCONNECT 0x80 when the failure was ours, and the client
// reconnects, which authenticates anew. Any other error means that nothing has left and the connection is as it was: what
// Authenticator.Begin returned, ErrReauthenticating while another call runs, ErrNotConnected, ErrVersion on 3.x,
// ErrNoAuthenticator, ErrClosed, an *ArgumentError or *LimitError for data that can't be sent, and ctx's own.
func (c *Client) Reauthenticate(ctx context.Context) error {
	return failed("reauthenticate", c.core.Reauthenticate(ctx))
}

// Close ends the client in order (§3.14): it stops admitting, waits for the outcome of all that was admitted, sends the
// acknowledgements that were given and DISCONNECT, lets the server close, and returns when no goroutine of the client is
// left. It never waits for the application: what that has not taken or acknowledged is counted in the error. When ctx ends
// first, the rest ends as not sent or uncertain. It returns nil or an *UnfinishedError. Of several calls the earliest
// context decides, and all return the same. A consumer's loop may call it.
func (c *Client) Close(ctx context.Context) error {
	return failed("close", c.core.Close(ctx, nil))
}

// CloseWith is Close with words for the server: on 5.0 Reason Code, Session Expiry Interval, Reason String and User
// Properties of the DISCONNECT packet. An *ArgumentError says what of d can't be sent; then nothing was ended. On 3.x the
// words are left out, and with a code that has the will sent the connection ends without DISCONNECT.
func (c *Client) CloseWith(ctx context.Context, d Disconnect) error {
	if err := c.settings.checkDisconnect(&d); err != nil {
		return failed("close", err)
	}
	return failed("close", c.core.Close(ctx, codecDisconnect(&d)))
}

// Abort drops the connection without DISCONNECT, so that the server sends the will, and ends the client. What was not done
// ends as not sent or uncertain; the *UnfinishedError counts it.
func (c *Client) Abort() error { return failed("abort", c.core.Abort()) }

// Done is closed when the client has ended and no goroutine of it is left.
func (c *Client) Done() <-chan struct{} { return c.core.Done() }

// Err says why the client ended: ErrClosed after Close and Abort, else what it gave up for. It is nil while it has not.
func (c *Client) Err() error {
	return failed("client ended", c.core.Cause())
}

// Events hands out what happens to the client: one channel of capacity 64 for all callers. When it is full, the oldest
// event goes and Missed of the next one counts it, so that an absent reader holds nothing up. The channel is closed after
// EventClosed.
func (c *Client) Events() <-chan Event { return c.events.out }

// failed names the call in an error of the processes, nil for none. "mqtt:" stands once, outermost.
func failed(call string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("mqtt: %s: %w", call, publicError(err))
}
