package mqtt

import (
	"context"
	"crypto/tls"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// actorConfig is what the processes need of s. Tell is left to the client.
func (s *settings) actorConfig() actor.Config {
	first := V5
	if s.Version != VersionAuto {
		first = s.Version
	}
	return actor.Config{
		Version: codec.Version(first), MinVersion: codec.Version(s.lowest),
		Connect:       s.connect(),
		Session:       actor.SessionClient + actor.SessionKind(s.Session),
		SessionExpiry: onWire(s.SessionExpiry),
		LostFail:      s.OnSessionLost == LostFail,
		Lenient:       s.Lenient,

		KeepAlive: s.KeepAlive, PingTimeout: s.PingTimeout,
		ConnectTimeout: s.ConnectTimeout, WriteTimeout: s.WriteTimeout,
		RetryFirst: s.RetryFirst, Stable: s.Backoff.Stable, Delay: s.delay,

		Servers: s.targets(), Among: s.among(), Redirects: redirectsInARow, Before: s.before(), UserCode: s.userCode(),

		Authenticate: s.authenticate(), AuthMethod: s.authMethod,

		ReceiveMaximum: s.ReceiveMaximum, MaxPacketSize: uint32(s.MaxPacketSize), AliasMaximum: uint16(s.TopicAliasMaximum),
		TopicAlias: actor.AliasMode(s.TopicAlias), MaxInFlight: s.MaxInFlight,
		Outbox: actor.Bounds(s.Outbox), OutboxFull: actor.OutboxWait + actor.OutboxPolicy(s.OutboxFull),
		Offline: actor.OfflineQueue + actor.OfflinePolicy(s.Offline), NoOfflineQoS0: s.NoOfflineQoS0, LatestOnly: s.LatestOnly,
		Inbox: actor.Bounds(s.Inbox), InboxHard: actor.Bounds(s.InboxHard), Overflow: actor.Overflow(s.Overflow),
		StallAfter: s.StallAfter, Ack: actor.AckMode(s.Ack), Claimed: len(s.Subscriptions) > 0,
		NoResubscribe: s.NoResubscribe, SubscribeBatch: s.SubscribeBatch, AwaitResub: s.AwaitResubscribe,

		Log: s.log(), Warnings: s.warnings(), Sent: s.Trace.sent(), Received: s.Trace.received(),
	}
}

// connect is what all CONNECT packets have in common; what a session, a server and the room here add is the attempt's.
func (s *settings) connect() codec.Connect {
	return codec.Connect{
		ClientID: s.ClientID, KeepAlive: uint16(s.KeepAlive / time.Second), Will: codecWill(s.Will),
		Properties: &codec.ConnectProperties{
			MaximumPacketSize: uint32(s.MaxPacketSize), TopicAliasMaximum: uint16(s.TopicAliasMaximum),
			RequestResponseInformation: s.RequestResponseInformation,
			RequestProblemInformation:  s.RequestProblemInformation,
			UserProperties:             codecUserProperties(s.UserProperties),
		},
	}
}

// among chooses among servers that are equally good; nil for their order.
func (s *settings) among() func(n int) int {
	if !s.ShuffleServers {
		return nil
	}
	return rand.IntN
}

// userCode names what an attempt may wait for. Without any it is the dialling that does.
func (s *settings) userCode() string {
	var names []string
	if s.BeforeConnect != nil {
		names = append(names, "a BeforeConnect")
	}
	if s.Dialer != nil || s.BeforeConnect == nil && s.Authenticator == nil {
		names = append(names, "a Dialer")
	}
	if s.Authenticator != nil {
		names = append(names, "an Authenticator")
	}
	return strings.Join(names, " or ")
}

// delay says how long to wait before an attempt in a row, and whether there is to be one.
func (s *settings) delay(attempt int, err error) (time.Duration, bool) {
	return s.Backoff.next(attempt, publicError(err), rand.Float64)
}

// log hands records to the Logger; nil when there is none, so that nothing is formatted for it.
func (s *settings) log() func(actor.Record) {
	if s.Logger == nil {
		return nil
	}
	return func(r actor.Record) { s.Logger.Log(context.Background(), slog.Level(r.Level), r.Text, r.Args...) }
}

// warnings are about what is allowed and shouldn't be.
func (s *settings) warnings() (all []actor.Record) {
	if unverified(s.TLS) && slices.ContainsFunc(s.servers, func(server *netx.Server) bool { return server.Secure() }) {
		all = append(all, notVerified("TLS.InsecureSkipVerify"))
	}
	if unverified(s.Proxy.TLS) {
		all = append(all, actor.Record{Level: int(slog.LevelWarn), Args: []any{"field", "Proxy.TLS.InsecureSkipVerify"},
			Text: "the proxy's certificate is not verified: anyone on the way can read its password; RootCAs can trust one authority instead"})
	}
	return all
}

// unverified says that nobody looks at the certificates of the other side.
func unverified(c *tls.Config) bool {
	return c != nil && c.InsecureSkipVerify && c.VerifyConnection == nil && c.VerifyPeerCertificate == nil
}

func notVerified(field string) actor.Record {
	return actor.Record{Level: int(slog.LevelWarn), Args: []any{"field", field},
		Text: "server certificates are not verified: anyone on the way can read and change everything; RootCAs can trust one authority instead"}
}

// sent hands packets that leave to the trace; nil when nobody is told.
func (t *Trace) sent() func(actor.PacketInfo) {
	if t == nil || t.PacketSent == nil {
		return nil
	}
	return func(p actor.PacketInfo) { t.PacketSent(publicPacketInfo(p)) }
}

// received hands packets that came to the trace; nil when nobody is told.
func (t *Trace) received() func(actor.PacketInfo) {
	if t == nil || t.PacketReceived == nil {
		return nil
	}
	return func(p actor.PacketInfo) { t.PacketReceived(publicPacketInfo(p)) }
}

func publicPacketInfo(p actor.PacketInfo) PacketInfo {
	return PacketInfo{
		Type: p.Type.String(), Size: p.Size, PacketID: p.PacketID, Topic: p.Topic, QoS: QoS(p.QoS),
		Retain: p.Retain, Dup: p.Dup, Code: p.Code,
	}
}
