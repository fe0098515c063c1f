package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// wallet has the token of one client. Its method runs once at a time, so it needs no lock.
type wallet struct {
	service *service
	token   token
	fresh   bool // the last attempt had it as the first
}

// pay is a Config.BeforeConnect: it puts the token into the attempt, one that is still good, or another one.
func (w *wallet) pay(ctx context.Context, a *mqtt.Attempt) error {
	refused := errors.Is(a.Err, codec.BadUserNameOrPassword) || errors.Is(a.Err, codec.NotAuthorized)
	switch {
	case refused && w.fresh:
		return fmt.Errorf("a new token was refused, too: %w", mqtt.ErrGiveUp)
	case refused || !w.service.time().Before(w.token.until):
		t, err := w.service.issue(ctx)
		if err != nil {
			return fmt.Errorf("fetch a token: %w", err)
		}
		w.token, w.fresh = t, true
	default:
		w.fresh = false
	}
	a.Username, a.Password = "sensor", []byte(w.token.text)
	return nil
}
