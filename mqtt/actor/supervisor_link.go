package actor

import (
	"context"
	"errors"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// prepare makes the next attempt: its server, its version, and the CONNECT that says how the session stands.
func (s *supervisor) prepare() *attempt {
	s.course.try()
	s.at = s.course.server()
	c := s.cfg.Connect
	c.Version = s.version()
	if s.clientID != "" {
		c.ClientID = s.clientID
	}
	s.at.Credentials(&c)
	if c.Version == codec.V5 {
		c.Properties = new(*c.Properties)
	} else {
		c = plain(c)
	}
	a := &attempt{cfg: s.cfg, server: s.at, number: s.number(), last: s.last, connect: c, accepted: s.accepted, owner: s.owner}
	if c.Version == codec.V5 && (s.cfg.Before != nil || a.beginsAnew()) {
		a.held = s.held()
	}
	return a
}

// held asks how much of the room is taken by what stays when the session begins anew. A session that goes on sends it
// again, and so within the same room: there a smaller Receive Maximum would slow the whole connection down for nothing.
func (s *supervisor) held() int {
	held := make(chan int, 1)
	s.pass(census{held})
	select {
	case n := <-held:
		return n
	case <-s.done:
		return 0
	}
}

// plain leaves out what 3.x has no words for.
func plain(c codec.Connect) codec.Connect {
	c.Properties = nil
	if c.Will != nil {
		will := *c.Will
		will.Properties = nil
		c.Will = &will
	}
	return c
}

// version is what is tried next with this server: the next lower one after a refusal, else what last worked, or the highest.
func (s *supervisor) version() codec.Version {
	if s.lowered != 0 {
		return s.lowered
	}
	if v := s.course.version(); v != 0 {
		return v
	}
	return s.cfg.Version
}

// warn says once what the user's code has allowed for an attempt.
func (s *supervisor) warn() {
	if s.warned {
		return
	}
	if w := s.at.Warning(); w != nil {
		s.warned = true
		s.log(w)
	}
}

// judge takes what an attempt found. Its error is the end of the client, or errAnew.
func (s *supervisor) judge(t *tried) error {
	s.cancel(nil)
	s.cancel, s.tried, s.at = nil, nil, t.server
	s.warn()
	if t.err == nil {
		s.accept(t)
		return errAnew
	}
	if unanswered(t.err) {
		s.ghosts++
		s.unsure = true
	}
	if !s.first && !s.connected {
		s.lowered = 0
		s.course.pass() // it may be what took so long: the next Connect begins with another one
		s.abandoned()
		return nil
	}
	s.last = t.err
	if s.lower(t.err) {
		s.attempt()
		return nil
	}
	to, why := s.referred(t.err)
	s.say(missed{s.at.Name(), why})
	s.inVain(why)
	switch {
	case s.permanent(why):
		return s.cease(s.whole(why))
	case to != nil:
		return s.follow(to, why)
	case s.course.pass():
		s.attempt() // the round isn't over: the next server has its turn without delay
		return nil
	case s.first && !s.cfg.RetryFirst:
		s.giveIn(s.whole(why))
		return nil
	}
	err := s.again(why)
	s.newRound()
	return err
}

// lower takes the next lower version for a server that refused the one that was tried. One that refused each of them is
// asked for the highest again the next time.
func (s *supervisor) lower(err error) bool {
	tried := s.version()
	s.lowered = 0
	r, ok := errors.AsType[*Refusal](err)
	if !ok || r.Packet != codec.TypeConnAck || r.Code != codec.UnsupportedProtocolVersion {
		return false
	}
	if tried <= s.cfg.MinVersion {
		s.course.setVersion(0)
		return false
	}
	s.lowered = tried - 1
	return true
}

// accept starts the processes of a connection: dispatcher and tracker know of it before its first byte.
func (s *supervisor) accept(t *tried) {
	s.gen++
	s.born = time.Now()
	version := t.link.version
	present := t.ack.SessionPresent
	if version == codec.V31 && s.cfg.Session == SessionDurable {
		present = true // 3.1 has no word for it: the session is taken to be there
	}
	s.course.worked()
	if s.at.Name() == s.course.server().Name() { // else it is what another server spoke
		s.course.setVersion(version)
	}
	s.lowered = 0
	up := t.link
	up.wire, s.plug = newWire()
	up.gen, up.sessionPresent, up.connack = s.gen, present, t.ack
	up.doubtful, s.unsure = s.unsure, false
	up.server, up.attempt = s.at.Name(), s.number()
	if p := t.ack.Properties; p != nil && up.clientID == "" { // a server that renames us unasked doesn't take our session from us (§3.2.2.3.7)
		s.clientID = p.AssignedClientIdentifier
		s.owner = s.clientID
	} else {
		s.owner = up.clientID
	}
	s.accepted, s.connected, s.first, s.renew, s.rush, s.last = true, true, false, false, false, nil
	s.newRound()
	s.pass(up)
	s.say(up)
	s.start(t, up)
}

// start joins reader, writer and pinger.
func (s *supervisor) start(t *tried, up linkUp) {
	ping := make(chan struct{}, 1)
	max := s.cfg.MaxPacketSize
	r := &reader{conn: t.conn, dialect: codec.Dialect{Version: up.version, From: codec.FromServer}, max: max, gen: up.gen,
		answers: s.plug.answers, arrivals: s.in, received: s.cfg.Received, aliases: aliases{max: s.cfg.AliasMaximum},
		method: s.cfg.AuthMethod}
	r.terse = s.terse()
	r.take(t.rest)
	w := &writer{conn: t.conn, timeout: s.cfg.WriteTimeout, out: s.plug.out, back: s.plug.back, ping: ping, sent: s.cfg.Sent}
	interval := s.keepAlive(t.ack)
	p := &pinger{conn: t.conn, interval: interval, patience: s.cfg.PingTimeout, asks: s.asks, ping: ping, cut: s.plug.cut}
	ctx, sever := context.WithCancelCause(context.Background())
	over := make(chan error, 1)
	s.sever, s.ended = sever, over
	s.nursery.Add(1)
	join(ctx, sever, func(why error) { over <- why; s.nursery.Done() }, r, w, p)
}

// terse says that the server was told to leave words out of its answers (§3.1.2.11.7).
func (s *supervisor) terse() bool {
	p := s.cfg.Connect.Properties
	return p != nil && p.RequestProblemInformation != nil && !*p.RequestProblemInformation
}

// keepAlive is the interval in force: the server's when it gives one (§3.2.2.3.14).
func (s *supervisor) keepAlive(ack *codec.ConnAck) time.Duration {
	if p := ack.Properties; p != nil && p.ServerKeepAlive != nil {
		return time.Duration(*p.ServerKeepAlive) * time.Second
	}
	return s.cfg.KeepAlive
}
