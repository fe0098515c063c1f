package actor

import (
	"context"
	"errors"

	"github.com/sluicemq/sluice/mqtt/codec"
)

var (
	errAuthGone   = errors.New("the re-authentication has ended")
	errAuthBroken = errors.New("the Authenticator did not return")
)

// reauthentication is the caller's side of a reauth. The user's code runs in its goroutine, with a context that ends with the
// connection, too.
type reauthentication struct {
	cfg   *Config
	ask   func(question) bool // to tracker, a turn; false when the client has ended: then the end lies in steps
	ends  chan<- authStep     // the tracker's end of steps, which names it
	steps <-chan authStep     // from tracker
	gone  error               // the end that came with a step
}

// Reauthenticate authenticates again on the connection that is up (§4.12.1), and waits for the outcome.
func (c *Client[M]) Reauthenticate(ctx context.Context) error {
	if c.Config.Authenticate == nil {
		return ErrNoAuthenticator
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	inner, stop := context.WithCancel(ctx)
	defer stop()
	steps, leave := make(chan authStep, 2), make(chan authLeave, 1)
	if !c.ask(authBegin{steps, stop, leave}) {
		return c.final.Err
	}
	begun := <-leave
	if begun.err != nil {
		return begun.err
	}
	r := reauthentication{cfg: &c.Config, ask: c.ask, ends: steps, steps: steps}
	return r.run(ctx, inner, begun.server)
}

// run is one exchange. Whatever becomes of the user's code, a panic included, the tracker hears that it is over.
func (r *reauthentication) run(outer, inner context.Context, server string) error {
	concluded := false
	defer func() {
		if !concluded {
			r.conclude(errAuthBroken)
		}
	}()
	exchange, first, err := r.cfg.Authenticate(inner, server, true)
	begun := err == nil
	if begun {
		err = r.talk(inner, exchange, first)
	}
	if err != nil && outer.Err() != nil {
		err = outer.Err()
	}
	concluded = true
	err = r.conclude(err)
	if begun {
		exchange.End(err)
	}
	return err
}

// talk goes from step to step, until the server consents and the exchange finds its last word right.
func (r *reauthentication) talk(ctx context.Context, exchange *Exchange, say Auth) error {
	for code := codec.ReAuthenticate; ; code = codec.ContinueAuthentication {
		step, err := r.step(ctx, code, &say)
		switch {
		case err != nil:
			return err
		case step.over:
			return exchange.Finish(ctx, step.said)
		}
		if say, err = exchange.Answer(ctx, step.said); err != nil {
			return err
		}
	}
}

// step sends an AUTH and waits for the server's.
func (r *reauthentication) step(ctx context.Context, code codec.ReasonCode, say *Auth) (authStep, error) {
	reply := make(chan error, 1)
	if r.ask(authSay{r.ends, say.packet(code, r.cfg.AuthMethod), reply}) {
		if err := <-reply; err != nil {
			return authStep{}, err
		}
	}
	select {
	case step := <-r.steps:
		r.gone = step.err
		return step, step.err
	case <-ctx.Done():
		return authStep{}, ctx.Err()
	}
}

// conclude tells the tracker how it ended, and gives what the call has to tell.
func (r *reauthentication) conclude(err error) error {
	reply := make(chan error, 1)
	if r.ask(authEnd{r.ends, err, reply}) {
		if outcome := <-reply; outcome != errAuthGone {
			return outcome
		}
	}
	for r.gone == nil { // what comes first may be a word of the server's that nobody took
		r.gone = (<-r.steps).err
	}
	return r.gone
}
