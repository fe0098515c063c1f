package mqtttest

import (
	"fmt"
	"slices"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// connect answers CONNECT (§3.1.4).
func (c *core) connect(l *link, p *codec.Connect) {
	if l.version != 0 {
		c.reject(l, codec.TypeConnect, codec.ProtocolError, "3.1", "second CONNECT")
		return
	}
	l.version = p.Version
	if code := c.judge(p); code.Failed() {
		c.refuse(l, code)
		return
	}
	if p.Properties != nil && p.Properties.AuthenticationMethod != "" {
		c.beginAuth(l, p, p.Properties.AuthenticationMethod)
		return
	}
	c.admit(l, p, nil)
}

// admit accepts a CONNECT; data is the last word of its authentication.
func (c *core) admit(l *link, p *codec.Connect, data []byte) {
	answer := codec.ConnAck{}
	props := c.cfg.Announce
	props.AuthenticationMethod, props.AuthenticationData = l.auth.method, data
	props.SharedSubscriptionAvailable = new(false)
	id := p.ClientID
	if id == "" {
		c.assigned++
		id = fmt.Sprintf("assigned-%d", c.assigned)
		props.AssignedClientIdentifier = id
	}
	s, present := c.sessionFor(id, p.CleanStart)
	answer.SessionPresent = present && p.Version != codec.V31
	answer.Properties = &props
	c.join(l, s, p)
	c.journal.connections++
	if c.send(l, &answer) == sent {
		l.resend = slices.Clone(s.flight)
		c.pump(l)
	}
}

// judge says whether and why a CONNECT is refused.
func (c *core) judge(p *codec.Connect) codec.ReasonCode {
	switch {
	case !c.cfg.accepts(p.Version):
		return codec.UnsupportedProtocolVersion
	case c.faults.refusal.Failed():
		return c.faults.refusal
	case p.Properties != nil && p.Properties.AuthenticationMethod != "" && c.cfg.Enhanced == nil:
		return codec.BadAuthenticationMethod
	case p.Will != nil && p.Will.QoS > c.cfg.maximumQoS():
		return codec.QoSNotSupported
	case p.Will != nil && p.Will.Retain && unavailable(c.cfg.Announce.RetainAvailable):
		return codec.RetainNotSupported
	case c.cfg.Authenticate != nil:
		return c.cfg.Authenticate(p)
	}
	return codec.Success
}

// refuse answers CONNECT with a failure and ends the connection. What 3.x has no return code for is an unavailable server.
func (c *core) refuse(l *link, code codec.ReasonCode) {
	switch l.version {
	case codec.V31, codec.V311:
		if code < codec.UnsupportedProtocolVersion || code > codec.ServerUnavailable {
			code = codec.ServerUnavailable
		}
	case codec.V5:
	default: // it isn't known in which words to answer
		c.end(l, true)
		return
	}
	c.journal.refused++
	c.send(l, &codec.ConnAck{Code: code})
	c.end(l, true)
}

// join has the link serve the session, as the CONNECT wants it.
func (c *core) join(l *link, s *session, p *codec.Connect) {
	s.link, l.session = l, s
	l.window = 65535
	keepAlive := time.Duration(p.KeepAlive) * time.Second
	if p.Version == codec.V5 {
		keepAlive = c.joinV5(l, s, p, keepAlive)
	} else if s.expiry = never; p.CleanStart {
		s.expiry = 0
	}
	if c.cfg.Window > 0 {
		l.window = min(l.window, c.cfg.Window)
	}
	l.keepAlive = keepAlive + keepAlive/2
	s.will = nil
	if p.Will != nil {
		s.will = newWill(p.Will, s.id)
	}
}

// joinV5 is what the properties say, theirs and ours.
func (c *core) joinV5(l *link, s *session, p *codec.Connect, keepAlive time.Duration) time.Duration {
	s.expiry = 0
	if q := p.Properties; q != nil {
		l.window = int(orMost(q.ReceiveMaximum))
		l.most = q.MaximumPacketSize
		if q.SessionExpiryInterval != nil {
			s.expiry = *q.SessionExpiryInterval
		}
		if c.cfg.TopicAliases {
			l.aliases.most = q.TopicAliasMaximum
		}
	}
	if own := c.cfg.Announce.SessionExpiryInterval; own != nil {
		s.expiry = *own
	}
	if own := c.cfg.Announce.ServerKeepAlive; own != nil {
		return time.Duration(*own) * time.Second
	}
	return keepAlive
}

func newWill(w *codec.Will, from string) *will {
	p := codec.Publish{Topic: w.Topic, Payload: w.Payload, QoS: w.QoS, Retain: w.Retain}
	var delay uint32
	if q := w.Properties; q != nil {
		delay = q.WillDelayInterval
		p.Properties = &codec.PublishProperties{
			PayloadFormatIndicator: q.PayloadFormatIndicator,
			MessageExpiryInterval:  q.MessageExpiryInterval,
			ContentType:            q.ContentType,
			ResponseTopic:          q.ResponseTopic,
			CorrelationData:        q.CorrelationData,
			UserProperties:         q.UserProperties,
		}
	}
	return &will{message: newMessage(&p, from, time.Now()), delay: delay}
}

// disconnect is the client's goodbye (§3.14.4). On 5.0 a code other than 0 leaves the will.
func (c *core) disconnect(l *link, p *codec.Disconnect) {
	l.goodbye = p.Code == codec.NormalDisconnection
	if p.Properties != nil && p.Properties.SessionExpiryInterval != nil {
		if l.session.expiry == 0 && *p.Properties.SessionExpiryInterval != 0 {
			l.goodbye = false
			c.reject(l, codec.TypeDisconnect, codec.ProtocolError, "3.14.2.2.2", "session expiry interval was 0 before")
			return
		}
		l.session.expiry = *p.Properties.SessionExpiryInterval
	}
	c.end(l, true)
}
