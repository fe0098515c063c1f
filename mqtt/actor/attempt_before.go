package actor

import (
	"context"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// before has the user's code look at the attempt, which may change where it goes and what CONNECT says. ConnectTimeout doesn't
// bound it: it may wait for a person.
func (a *attempt) before(ctx context.Context) error {
	if a.cfg.Before == nil {
		return nil
	}
	a.stage = stageHook
	server, err := a.cfg.Before(ctx, a.server, a.number, a.last, &a.connect)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	a.stage, a.server = "", server
	return nil
}

// session says in CONNECT whether the session begins anew, and what room there is for it (contract 16).
func (a *attempt) session() {
	a.connect.CleanStart = a.beginsAnew()
	if a.connect.Version != codec.V5 {
		return
	}
	p := a.connect.Properties
	p.ReceiveMaximum = uint16(a.cfg.ReceiveMaximum)
	if a.connect.CleanStart {
		p.ReceiveMaximum = uint16(max(1, a.cfg.ReceiveMaximum-a.held))
	}
	if a.cfg.Session != SessionConnection {
		p.SessionExpiryInterval = new(a.cfg.SessionExpiry)
	}
}

// beginsAnew says that there is no session that goes on. What the server keeps for another client identifier is another's.
func (a *attempt) beginsAnew() bool {
	switch {
	case a.cfg.Session == SessionDurable:
		return false
	case a.cfg.Session == SessionConnection || a.connect.Version != codec.V5:
		return true
	}
	return !a.accepted || a.connect.ClientID != a.owner
}
