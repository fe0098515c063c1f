package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt"
)

// Connect makes a client of cfg and connects it, trying each server once. Later losses are mended by reconnecting. What it
// returns has to end with Close or Hang up, also when something else fails.
func (a *App) Connect(ctx context.Context, cfg mqtt.Config) (*mqtt.Client, error) {
	c, err := mqtt.New(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		c.Abort()
		return nil, interrupted(ctx, err)
	}
	return c, nil
}

// interrupted is err, or ErrInterrupted when that is what made a call fail.
func interrupted(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), ErrInterrupted) && errors.Is(err, context.Canceled) {
		return ErrInterrupted
	}
	return err
}

// Close ends the client with DISCONNECT once all that is open is done, for --drain at most. What isn't done then is an
// *mqtt.UnfinishedError; after an interrupt it is ErrInterrupted too.
func (a *App) Close(ctx context.Context, c *mqtt.Client, d mqtt.Disconnect) error {
	drain, cancel := a.Draining(ctx)
	defer cancel()
	err := c.CloseWith(drain, d)
	if err != nil && errors.Is(context.Cause(ctx), ErrInterrupted) {
		return fmt.Errorf("%w: %w", ErrInterrupted, err)
	}
	return err
}
