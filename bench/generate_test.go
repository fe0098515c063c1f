package main

import (
	"math/rand/v2"
	"reflect"
	"strings"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// generator makes lawful packets of one version, every field filled now and then. Dialect.From is who sends the last one.
type generator struct {
	*rand.Rand
	codec.Dialect
}

func (g *generator) packet(kind codec.Type) codec.Packet {
	g.From = g.side(kind)
	switch kind {
	case codec.TypeConnect:
		return g.connect()
	case codec.TypeConnAck:
		return g.connAck()
	case codec.TypePublish:
		return g.publish()
	case codec.TypePubAck:
		return &codec.PubAck{PacketID: g.id(), Code: g.code(kind), Properties: g.reason()}
	case codec.TypePubRec:
		return &codec.PubRec{PacketID: g.id(), Code: g.code(kind), Properties: g.reason()}
	case codec.TypePubRel:
		return &codec.PubRel{PacketID: g.id(), Code: g.code(kind), Properties: g.reason()}
	case codec.TypePubComp:
		return &codec.PubComp{PacketID: g.id(), Code: g.code(kind), Properties: g.reason()}
	case codec.TypeSubscribe:
		return &codec.Subscribe{PacketID: g.id(), Properties: g.subscribeProperties(), Subscriptions: list(g, g.subscription)}
	case codec.TypeSubAck:
		return &codec.SubAck{PacketID: g.id(), Properties: g.reason(), Codes: list(g, g.grant)}
	case codec.TypeUnsubscribe:
		return &codec.Unsubscribe{PacketID: g.id(), UserProperties: g.users(), Filters: list(g, g.filter)}
	case codec.TypeUnsubAck:
		return g.unsubAck()
	case codec.TypePingReq:
		return &codec.PingReq{}
	case codec.TypePingResp:
		return &codec.PingResp{}
	case codec.TypeDisconnect:
		return g.disconnect()
	}
	return g.auth()
}

// side is one that may send the packet.
func (g *generator) side(kind codec.Type) codec.Side {
	switch kind {
	case codec.TypeConnect, codec.TypeSubscribe, codec.TypeUnsubscribe, codec.TypePingReq:
		return codec.FromClient
	case codec.TypeConnAck, codec.TypeSubAck, codec.TypeUnsubAck, codec.TypePingResp:
		return codec.FromServer
	case codec.TypeDisconnect:
		if g.Version != codec.V5 {
			return codec.FromClient
		}
	}
	return codec.Side(g.IntN(2))
}

func (g *generator) connect() *codec.Connect {
	p := &codec.Connect{
		Version: g.Version, CleanStart: g.some(), KeepAlive: g.number16(), ClientID: g.text(),
		HasUsername: g.some(), Properties: g.connectProperties(),
	}
	p.HasPassword = g.some() && (p.HasUsername || g.Version == codec.V5)
	if p.HasUsername {
		p.Username = g.text()
	}
	if p.HasPassword {
		p.Password = g.bytes()
	}
	if p.ClientID == "" && (g.Version == codec.V31 || g.Version == codec.V311 && !p.CleanStart) {
		p.ClientID = "c"
	}
	if g.some() {
		p.Will = &codec.Will{Topic: g.topic(), Payload: g.bytes(), QoS: g.qos(), Retain: g.some(), Properties: g.willProperties()}
		if p.Will.Properties != nil && p.Will.Properties.PayloadFormatIndicator == 1 {
			p.Will.Payload = []byte(g.text())
		}
	}
	return p
}

func (g *generator) connAck() *codec.ConnAck {
	p := &codec.ConnAck{Code: g.code(codec.TypeConnAck), Properties: g.connAckProperties()}
	p.ReturnCode = byte(p.Code)
	if g.Version != codec.V5 {
		p.ReturnCode = byte(g.IntN(6))
		p.Code = []codec.ReasonCode{
			codec.Success, codec.UnsupportedProtocolVersion, codec.ClientIdentifierNotValid, codec.ServerUnavailable,
			codec.BadUserNameOrPassword, codec.NotAuthorized,
		}[p.ReturnCode]
	}
	p.SessionPresent = p.Code == codec.Success && g.Version != codec.V31 && g.some()
	return p
}

func (g *generator) publish() *codec.Publish {
	p := &codec.Publish{QoS: g.qos(), Retain: g.some(), Topic: g.topic(), Properties: g.publishProperties(), Payload: g.bytes()}
	if p.QoS != codec.AtMostOnce {
		p.PacketID, p.Dup = g.id(), g.some()
	}
	if p.Properties != nil && p.Properties.TopicAlias != 0 && g.some() {
		p.Topic = ""
	}
	return p
}

func (g *generator) subscription() codec.Subscription {
	s := codec.Subscription{Filter: g.filter(), QoS: g.qos()}
	if g.Version == codec.V5 {
		s.NoLocal = g.some() && !strings.HasPrefix(s.Filter, "$share/")
		s.RetainAsPublished, s.RetainHandling = g.some(), byte(g.IntN(3))
	}
	return s
}

func (g *generator) grant() codec.ReasonCode {
	switch g.Version {
	case codec.V31:
		return codec.ReasonCode(g.qos())
	case codec.V311:
		return pick(g, codec.GrantedQoS0, codec.GrantedQoS1, codec.GrantedQoS2, codec.UnspecifiedError)
	}
	return g.code(codec.TypeSubAck)
}

func (g *generator) unsubAck() *codec.UnsubAck {
	p := &codec.UnsubAck{PacketID: g.id(), Properties: g.reason()}
	if g.Version == codec.V5 {
		p.Codes = list(g, func() codec.ReasonCode { return g.code(codec.TypeUnsubAck) })
	}
	return p
}

func (g *generator) disconnect() *codec.Disconnect {
	return &codec.Disconnect{Code: g.code(codec.TypeDisconnect), Properties: g.disconnectProperties()}
}

func (g *generator) auth() *codec.Auth {
	return &codec.Auth{
		Code: g.code(codec.TypeAuth), AuthenticationMethod: g.word(), AuthenticationData: g.data(),
		ReasonString: g.text(), UserProperties: g.users(),
	}
}

// code is one that the packet may carry from whoever sends it.
func (g *generator) code(kind codec.Type) codec.ReasonCode {
	if g.Version != codec.V5 {
		return codec.Success
	}
	for {
		if c := codec.ReasonCode(g.IntN(256)); c.AllowedIn(kind, g.From) {
			return c
		}
	}
}

// some is true half of the time.
func (g *generator) some() bool { return g.IntN(2) == 0 }

// rarely is true often enough that each run has it.
func (g *generator) rarely() bool { return g.IntN(16) == 0 }

func (g *generator) id() uint16     { return uint16(1 + g.IntN(0xFFFF)) }
func (g *generator) qos() codec.QoS { return codec.QoS(g.IntN(3)) }

// number16 and number32 have as many small values as large ones, and zero.
func (g *generator) number16() uint16 { return uint16(g.Uint32() >> g.IntN(32)) }
func (g *generator) number32() uint32 { return uint32(g.Uint64() >> (32 + g.IntN(33))) }

// text has characters of each length in UTF-8, control characters and U+FEFF; it may be empty.
func (g *generator) text() string {
	alphabet := []rune("aZ0 /$-_\x01\x7f\u00e9\u07ff\u0800\ufeff\uffff\U00010000\U0010ffff")
	text := make([]rune, g.IntN(12))
	for i := range text {
		text[i] = alphabet[g.IntN(len(alphabet))]
	}
	return string(text)
}

// word is a text that isn't empty.
func (g *generator) word() string { return "w" + g.text() }

// bytes may be empty, and now and then needs a length of two or three bytes.
func (g *generator) bytes() []byte {
	size := g.IntN(40)
	if g.rarely() {
		size = g.IntN(40_000)
	}
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return b
}

// data is nil or has at least a byte.
func (g *generator) data() []byte {
	if g.some() {
		return nil
	}
	return append(g.bytes(), 0)
}

func (g *generator) topic() string { return g.word() }

func (g *generator) filter() string {
	f := pick(g, "#", "+", "+/+/#", "$SYS/#", g.word(), g.word()+"/+/x", g.word()+"/#")
	if g.some() {
		return "$share/" + pick(g, "s", "group-7") + "/" + f
	}
	return f
}

func pick[T any](g *generator, choices ...T) T { return choices[g.IntN(len(choices))] }

// list has one to four of what one gives.
func list[T any](g *generator, one func() T) []T {
	values := make([]T, 1+g.IntN(4))
	for i := range values {
		values[i] = one()
	}
	return values
}

// orNil is what the decoder makes of properties without a property.
func orNil[T any](properties T) *T {
	if reflect.ValueOf(properties).IsZero() {
		return nil
	}
	return &properties
}
