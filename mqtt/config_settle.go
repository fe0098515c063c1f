package mqtt

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/netx"
)

// settings is a Config that was found good: a copy of all that it refers to, with every default filled in. KeepAlive is
// zero when it is off, SessionExpiry is what CONNECT says on 5.0, NoClientID is what an empty ClientID means.
type settings struct {
	Config
	servers    []*netx.Server // Servers, with the credentials of Config in them
	authMethod string         // the Authenticator's
	lowest     Version        // the oldest version that may be tried; Version itself when that is set
}

// settle checks c, copies it and fills it in. Its error is a *ConfigError.
func (c Config) settle() (*settings, error) {
	s := &settings{Config: c.clone(), lowest: V31}
	for _, step := range []func(*settings) error{
		(*settings).checkChoices, (*settings).checkStore, (*settings).checkTimes, (*settings).checkNumbers, (*settings).checkBounds,
		(*settings).checkTexts, (*settings).checkWill, (*settings).checkAuthenticator, (*settings).checkSubscriptions,
		(*settings).checkWebSocket, (*settings).checkProxy,
		(*settings).settleServers, (*settings).checkWays, (*settings).settleClientID, (*settings).settleVersion,
	} {
		if err := step(s); err != nil {
			return nil, err
		}
	}
	s.fill()
	return s, nil
}

// clone copies what c refers to, but for functions and interfaces.
func (c Config) clone() Config {
	c.Servers = slices.Clone(c.Servers)
	c.TLS = c.TLS.Clone()
	c.WebSocket = c.WebSocket.Clone()
	c.Proxy = c.Proxy.Clone()
	c.Password = bytes.Clone(c.Password)
	c.UserProperties = slices.Clone(c.UserProperties)
	c.Will = c.Will.clone()
	c.RequestProblemInformation = cloned(c.RequestProblemInformation)
	c.Trace = cloned(c.Trace)
	c.Subscriptions = slices.Clone(c.Subscriptions)
	for i := range c.Subscriptions {
		c.Subscriptions[i].UserProperties = slices.Clone(c.Subscriptions[i].UserProperties)
	}
	return c
}

// clone copies w and all that it refers to.
func (w *Will) clone() *Will {
	own := cloned(w)
	if own == nil {
		return nil
	}
	own.Payload = bytes.Clone(w.Payload)
	if own.Properties = cloned(w.Properties); own.Properties != nil {
		p := own.Properties
		p.MessageExpiryInterval = cloned(p.MessageExpiryInterval)
		p.CorrelationData = bytes.Clone(p.CorrelationData)
		p.UserProperties = slices.Clone(p.UserProperties)
	}
	return own
}

// cloned copies what p points to; nil stays nil.
func cloned[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

// fill puts the defaults in.
func (s *settings) fill() {
	s.KeepAlive = max(cmp.Or(s.KeepAlive, time.Minute), 0)
	s.PingTimeout = cmp.Or(s.PingTimeout, max(s.KeepAlive/2, 5*time.Second))
	s.ConnectTimeout = cmp.Or(s.ConnectTimeout, 30*time.Second)
	s.WriteTimeout = cmp.Or(s.WriteTimeout, 20*time.Second)
	s.StallAfter = cmp.Or(s.StallAfter, 30*time.Second)
	s.Backoff = s.Backoff.filled()
	switch {
	case s.SessionExpiry != 0:
	case s.Session == SessionClient:
		s.SessionExpiry = 5 * time.Minute
	case s.Session == SessionDurable:
		s.SessionExpiry = SessionExpiryNever
	}

	s.ReceiveMaximum = cmp.Or(s.ReceiveMaximum, 256)
	s.MaxPacketSize = cmp.Or(s.MaxPacketSize, 1<<20)
	s.MaxInFlight = cmp.Or(s.MaxInFlight, 1000)
	s.Outbox = s.Outbox.orElse(16_384, 64<<20)
	s.Inbox = s.Inbox.orElse(1024, 8<<20)
	s.InboxHard = s.InboxHard.orElse(65_535, 64<<20)
	s.Overflow = cmp.Or(s.Overflow, OverflowHold)
	s.Ack = cmp.Or(s.Ack, AckOnTake)
}

func (b Bounds) orElse(messages, bytes int) Bounds {
	return Bounds{Messages: cmp.Or(b.Messages, messages), Bytes: cmp.Or(b.Bytes, bytes)}
}
