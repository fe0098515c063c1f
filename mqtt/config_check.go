package mqtt

import "time"

func (s *settings) checkChoices() error {
	for _, c := range []struct {
		field string
		bad   bool
		write string
	}{
		{"Version", !s.Version.valid(), "VersionAuto, V5, V311 or V31"},
		{"Session", s.Session > SessionDurable, "SessionClient, SessionConnection or SessionDurable"},
		{"OnSessionLost", s.OnSessionLost > LostFail, "LostRepublish or LostFail"},
		{"OutboxFull", s.OutboxFull > OutboxDropOldest, "OutboxWait, OutboxReject or OutboxDropOldest"},
		{"Offline", s.Offline > OfflineReject, "OfflineQueue, OfflineWait or OfflineReject"},
		{"Redirect", s.Redirect > RedirectOff, "RedirectListed, RedirectAny or RedirectOff"},
		{"Overflow", s.Overflow > OverflowDropNewest, "OverflowHold, OverflowDropOldest or OverflowDropNewest"},
		{"TopicAlias", s.TopicAlias > AliasAuto, "AliasOff, AliasReuse or AliasAuto"},
		{"Ack", s.Ack > AckManual, "AckOnTake or AckManual"},
	} {
		if c.bad {
			return faulty(c.field, "is none of its values: write %s", c.write).config()
		}
	}
	return nil
}

// checkStore: a store without a session on the server's side would resend to nobody.
func (s *settings) checkStore() error {
	switch {
	case s.Store == nil:
	case s.Session == SessionClient:
		s.Session = SessionDurable
	case s.Session == SessionConnection:
		return faulty("Session", "is SessionConnection, and Store keeps a session that outlives connections: write SessionDurable, or leave out Store").config()
	}
	return nil
}

func (s *settings) checkTimes() error {
	if s.KeepAlive > 0 {
		if f := secondsFault("KeepAlive", s.KeepAlive, time.Second, 65_535*time.Second); f != nil {
			return f.config()
		}
	}
	if f := secondsFault("SessionExpiry", s.SessionExpiry, 0, SessionExpiryNever); f != nil {
		return f.config()
	}
	if s.Session == SessionConnection && s.SessionExpiry != 0 {
		return faulty("SessionExpiry", "is set, and a session of SessionConnection ends with its connection: leave it zero").config()
	}
	if f := s.negative(); f != nil {
		return f.config()
	}
	if b := &s.Backoff; b.Max != 0 && b.Min > b.Max {
		return faulty("Backoff.Min", "is %v, longer than Max, %v: lower it, or leave Max zero", b.Min, b.Max).config()
	}
	return nil
}

// negative looks for a duration that is.
func (s *settings) negative() *fault {
	for _, c := range []struct {
		field string
		d     time.Duration
	}{
		{"PingTimeout", s.PingTimeout}, {"ConnectTimeout", s.ConnectTimeout}, {"WriteTimeout", s.WriteTimeout},
		{"StallAfter", s.StallAfter}, {"Backoff.Min", s.Backoff.Min}, {"Backoff.Max", s.Backoff.Max},
		{"Backoff.Stable", s.Backoff.Stable},
	} {
		if c.d < 0 {
			return faulty(c.field, "is negative: write a duration, or zero for the default")
		}
	}
	return nil
}

func (s *settings) checkNumbers() error {
	for _, c := range []struct {
		field   string
		n, most int
	}{
		{"ReceiveMaximum", s.ReceiveMaximum, 65_535}, {"MaxPacketSize", s.MaxPacketSize, largestPacket},
		{"TopicAliasMaximum", s.TopicAliasMaximum, 65_535}, {"MaxInFlight", s.MaxInFlight, 65_535},
	} {
		if c.n < 0 || c.n > c.most {
			return faulty(c.field, "is %d: write 1 to %d, or zero for the default", c.n, c.most).config()
		}
	}
	if s.SubscribeBatch < 0 {
		return faulty("SubscribeBatch", "is negative: write a number of filters, or zero for no bound").config()
	}
	return nil
}

func (s *settings) checkBounds() error {
	for _, c := range []struct {
		field string
		b     Bounds
	}{{"Outbox", s.Outbox}, {"Inbox", s.Inbox}, {"InboxHard", s.InboxHard}} {
		if f := c.b.fault(); f != nil {
			return f.in(c.field).config()
		}
	}
	return nil
}

func (s *settings) checkTexts() error {
	for _, f := range []*fault{
		textFault("ClientID", s.ClientID), textFault("Username", s.Username), binaryFault("Password", s.Password),
		userPropertiesFault(s.UserProperties),
	} {
		if f != nil {
			return f.config()
		}
	}
	return nil
}

func (s *settings) checkWill() error {
	if s.Will == nil {
		return nil
	}
	return s.Will.fault().in("Will").config()
}

func (s *settings) checkSubscriptions() error { return subscriptionsFault(s.Subscriptions).config() }
