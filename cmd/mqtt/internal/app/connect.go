package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// Connect makes a client of cfg and connects it, trying each server once. Later losses are mended by reconnecting. What it
// returns has to end with Close or Abort, also when something else fails.
func (a *App) Connect(ctx context.Context, cfg mqtt.Config) (*mqtt.Client, error) {
	return a.ConnectReady(ctx, cfg, func(*mqtt.Client) error { return nil })
}

// ConnectReady is Connect for a client that has something to do first, as to declare the streams of a session that goes on.
func (a *App) ConnectReady(ctx context.Context, cfg mqtt.Config, first func(*mqtt.Client) error) (*mqtt.Client, error) {
	c, err := mqtt.New(cfg)
	if err != nil {
		return nil, err
	}
	if err = first(c); err == nil {
		err = Interrupted(ctx, c.Connect(ctx))
	}
	if err != nil {
		c.Abort()
		return nil, err
	}
	return c, nil
}

// Interrupted is err, or ErrInterrupted when that is what made a call fail.
func Interrupted(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), ErrInterrupted) && errors.Is(err, context.Canceled) {
		return ErrInterrupted
	}
	return err
}

// Close ends the client with DISCONNECT once all that is open is done, for --drain at most. What isn't done then is an
// *mqtt.UnfinishedError; after an interrupt it is ErrInterrupted too.
func (a *App) Close(ctx context.Context, c *mqtt.Client, d mqtt.Disconnect) error {
	return a.CloseBy(ctx, c, d, time.Now().Add(a.Drain))
}

// CloseBy is Close for who has used a part of --drain already: it is over at end.
func (a *App) CloseBy(ctx context.Context, c *mqtt.Client, d mqtt.Disconnect, end time.Time) error {
	drain, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
	defer cancel()
	err := c.CloseWith(drain, d)
	if err != nil && errors.Is(context.Cause(ctx), ErrInterrupted) {
		return fmt.Errorf("%w: %w", ErrInterrupted, err)
	}
	return err
}
