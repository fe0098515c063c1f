package doctor

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/app"
	"github.com/sluicemq/sluice/mqtt"
)

// connected connects as the client would, and then by each version.
func connected(ctx context.Context, p *patient) ([]finding, int) {
	ack, time, err := p.connect(ctx, p.careful())
	if err != nil {
		all := []finding{found("connect", fail, "%s", p.refusal(ctx, err))}
		if _, unanswered := said(err); unanswered && !errors.Is(err, context.DeadlineExceeded) {
			all = append(all, p.alternatives(ctx)...)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return all, app.ExitNoServer
		}
		return all, app.ExitCode(err)
	}
	p.ack = ack
	all := []finding{found("connect", ok, "accepted by MQTT %v as %q (%s)", ack.Version, ack.ClientID, took(time)).
		with("version", ack.Version.String()).with("clientId", ack.ClientID).with("ms", millis(time)).with("sessionPresent", ack.SessionPresent)}
	if ack.SessionPresent {
		all = append(all, p.session())
	}
	return append(all, p.versions(ctx, ack.Version)...), app.ExitOK
}

// session tells of the session that this client id has. By 5.0 each connection says anew how long it is kept.
func (p *patient) session() finding {
	if p.ack.Version != mqtt.V5 {
		return found("connect", info, "the server has a session of this client id")
	}
	return found("connect", info, "the server has a session of this client id, and keeps it %s behind this connection, as that asked: how long it was before "+
		"nobody can see; -c with -x asks for another time", lasting(p.ack.SessionExpiry))
}

// careful is the user's Config, so that with a client id that he gave the server's session of it stays as it is.
func (p *patient) careful() mqtt.Config {
	cfg := p.cfg
	cfg.Ack = mqtt.AckManual // what the session holds stays there
	if cfg.ClientID != "" || p.at.HasClientID {
		cfg.Session = mqtt.SessionDurable
	}
	return cfg
}

// stranger is a Config for a client of our own, whose session ends with it.
func (p *patient) stranger() mqtt.Config {
	cfg := p.cfg
	cfg.ClientID, cfg.NoClientID = anyID(), false
	cfg.Will = nil
	cfg.Session, cfg.SessionExpiry = mqtt.SessionConnection, 0
	return cfg
}

// connect connects once and disconnects. A session that it has made ends.
func (p *patient) connect(ctx context.Context, cfg mqtt.Config) (mqtt.ConnAck, time.Duration, error) {
	limit := cfg.ConnectTimeout
	cfg.ConnectTimeout = 2 * limit // its end is no error to be told by; that of a context is
	c, err := mqtt.New(cfg)
	if err != nil {
		return mqtt.ConnAck{}, 0, err
	}
	defer c.Abort()
	begin := time.Now()
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := c.Connect(bounded); err != nil {
		return mqtt.ConnAck{}, 0, err
	}
	elapsed := time.Since(begin)
	ack, _ := c.ConnAck()
	ctx, end := p.bound(ctx)
	defer end()
	made := cfg.Session == mqtt.SessionDurable && !ack.SessionPresent
	var d mqtt.Disconnect
	if made {
		d.SessionExpiry = new(time.Duration(0))
	}
	c.CloseWith(ctx, d)
	if made && ack.Version != mqtt.V5 { // there a session ends only when a connection starts anew
		cfg.Session, cfg.SessionExpiry, cfg.Version, cfg.Will = mqtt.SessionConnection, 0, ack.Version, nil
		if again, err := mqtt.New(cfg); err == nil {
			if again.Connect(ctx) == nil {
				again.Close(ctx)
			}
			again.Abort()
		}
	}
	return ack, elapsed, nil
}

// alternatives are the versions when what was asked for has failed: nothing, when none of them is accepted.
func (p *patient) alternatives(ctx context.Context) []finding {
	all := p.versions(ctx, 0)
	if slices.ContainsFunc(all, func(f finding) bool { return f.Data["accepted"] == true }) {
		return all
	}
	return nil
}

// versions tries each version but the one that has worked, by a client of our own.
func (p *patient) versions(ctx context.Context, worked mqtt.Version) (all []finding) {
	for _, v := range []mqtt.Version{mqtt.V5, mqtt.V311, mqtt.V31} {
		if v == worked || ctx.Err() != nil {
			continue
		}
		cfg := p.stranger()
		cfg.Version, cfg.Lenient = v, true // of 5.0 alone: left out
		if v != mqtt.V5 && (cfg.Username == "" && !p.at.HasUsername) {
			cfg.Password = nil
		}
		_, time, err := p.connect(ctx, cfg)
		switch {
		case err == nil && worked == 0:
			all = append(all, found("versions", info, "MQTT %v is accepted: -V %s asks for it", v, flagOf(v)).with("version", v.String()).with("accepted", true))
		case err == nil:
			all = append(all, found("versions", info, "MQTT %v is accepted, too (%s)", v, took(time)).with("version", v.String()).with("accepted", true))
		default:
			all = append(all, found("versions", info, "MQTT %v isn't accepted: %s", v, brief(err)).with("version", v.String()).with("accepted", false))
		}
	}
	return all
}

func flagOf(v mqtt.Version) string {
	return map[mqtt.Version]string{mqtt.V5: "5", mqtt.V311: "311", mqtt.V31: "31"}[v]
}
