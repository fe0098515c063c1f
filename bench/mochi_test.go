package main

import (
	"bytes"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// theirCalls are the functions for each packet.
var theirCalls = map[codec.Type]struct {
	encode func(*packets.Packet, *bytes.Buffer) error
	decode func(*packets.Packet, []byte) error
}{
	codec.TypeConnect:     {(*packets.Packet).ConnectEncode, (*packets.Packet).ConnectDecode},
	codec.TypeConnAck:     {(*packets.Packet).ConnackEncode, (*packets.Packet).ConnackDecode},
	codec.TypePublish:     {(*packets.Packet).PublishEncode, (*packets.Packet).PublishDecode},
	codec.TypePubAck:      {(*packets.Packet).PubackEncode, (*packets.Packet).PubackDecode},
	codec.TypePubRec:      {(*packets.Packet).PubrecEncode, (*packets.Packet).PubrecDecode},
	codec.TypePubRel:      {(*packets.Packet).PubrelEncode, (*packets.Packet).PubrelDecode},
	codec.TypePubComp:     {(*packets.Packet).PubcompEncode, (*packets.Packet).PubcompDecode},
	codec.TypeSubscribe:   {(*packets.Packet).SubscribeEncode, (*packets.Packet).SubscribeDecode},
	codec.TypeSubAck:      {(*packets.Packet).SubackEncode, (*packets.Packet).SubackDecode},
	codec.TypeUnsubscribe: {(*packets.Packet).UnsubscribeEncode, (*packets.Packet).UnsubscribeDecode},
	codec.TypeUnsubAck:    {(*packets.Packet).UnsubackEncode, (*packets.Packet).UnsubackDecode},
	codec.TypePingReq:     {(*packets.Packet).PingreqEncode, (*packets.Packet).PingreqDecode},
	codec.TypePingResp:    {(*packets.Packet).PingrespEncode, (*packets.Packet).PingrespDecode},
	codec.TypeDisconnect:  {(*packets.Packet).DisconnectEncode, (*packets.Packet).DisconnectDecode},
	codec.TypeAuth:        {(*packets.Packet).AuthEncode, (*packets.Packet).AuthDecode},
}

// theirs is the same packet as a value of theirs.
func theirs(packet codec.Packet, v version) packets.Packet {
	t := packets.Packet{ProtocolVersion: byte(v), FixedHeader: packets.FixedHeader{Type: byte(packet.Type())}}
	switch p := packet.(type) {
	case *codec.Connect:
		t.Connect, t.Properties = theirConnect(p, v), theirConnectProperties(p.Properties)
	case *codec.ConnAck:
		t.SessionPresent, t.ReasonCode, t.Properties = p.SessionPresent, p.ReturnCode, theirConnAckProperties(p.Properties)
	case *codec.Publish:
		t.FixedHeader.Dup, t.FixedHeader.Qos, t.FixedHeader.Retain = p.Dup, byte(p.QoS), p.Retain
		t.TopicName, t.PacketID, t.Payload, t.Properties = p.Topic, p.PacketID, p.Payload, theirPublishProperties(p.Properties)
	case *codec.PubAck:
		t.PacketID, t.ReasonCode, t.Properties = p.PacketID, byte(p.Code), theirReason(p.Properties)
	case *codec.PubRec:
		t.PacketID, t.ReasonCode, t.Properties = p.PacketID, byte(p.Code), theirReason(p.Properties)
	case *codec.PubRel:
		t.FixedHeader.Qos = 1 // theirs for the flags 0010
		t.PacketID, t.ReasonCode, t.Properties = p.PacketID, byte(p.Code), theirReason(p.Properties)
	case *codec.PubComp:
		t.PacketID, t.ReasonCode, t.Properties = p.PacketID, byte(p.Code), theirReason(p.Properties)
	case *codec.Subscribe:
		t.FixedHeader.Qos = 1
		t.PacketID = p.PacketID
		theirSubscriptions(&t, p)
	case *codec.SubAck:
		t.PacketID, t.ReasonCodes, t.Properties = p.PacketID, theirCodes(p.Codes), theirReason(p.Properties)
	case *codec.Unsubscribe:
		t.FixedHeader.Qos = 1
		t.PacketID, t.Properties.User = p.PacketID, theirUsers(p.UserProperties)
		for _, filter := range p.Filters {
			t.Filters = append(t.Filters, packets.Subscription{Filter: filter})
		}
	case *codec.UnsubAck:
		t.PacketID, t.ReasonCodes, t.Properties = p.PacketID, theirCodes(p.Codes), theirReason(p.Properties)
	case *codec.Disconnect:
		t.ReasonCode, t.Properties = byte(p.Code), theirDisconnectProperties(p.Properties)
	case *codec.Auth:
		t.ReasonCode = byte(p.Code)
		t.Properties = packets.Properties{
			AuthenticationMethod: p.AuthenticationMethod, AuthenticationData: p.AuthenticationData,
			ReasonString: p.ReasonString, User: theirUsers(p.UserProperties),
		}
	}
	return t
}

func theirConnect(p *codec.Connect, v version) packets.ConnectParams {
	t := packets.ConnectParams{
		ProtocolName: []byte("MQTT"), Clean: p.CleanStart, Keepalive: p.KeepAlive, ClientIdentifier: p.ClientID,
		UsernameFlag: p.HasUsername, Username: []byte(p.Username), PasswordFlag: p.HasPassword, Password: p.Password,
	}
	if v == codec.V31 {
		t.ProtocolName = []byte("MQIsdp")
	}
	if w := p.Will; w != nil {
		t.WillFlag, t.WillTopic, t.WillPayload, t.WillQos, t.WillRetain = true, w.Topic, w.Payload, byte(w.QoS), w.Retain
		t.WillProperties = theirWillProperties(w.Properties)
	}
	return t
}

func theirSubscriptions(t *packets.Packet, p *codec.Subscribe) {
	identifier := uint32(0)
	if p.Properties != nil {
		identifier = p.Properties.SubscriptionIdentifier
		t.Properties.User = theirUsers(p.Properties.UserProperties)
	}
	if identifier != 0 {
		t.Properties.SubscriptionIdentifier = []int{int(identifier)}
	}
	for _, s := range p.Subscriptions {
		t.Filters = append(t.Filters, packets.Subscription{
			Filter: s.Filter, Qos: byte(s.QoS), NoLocal: s.NoLocal, RetainAsPublished: s.RetainAsPublished,
			RetainHandling: s.RetainHandling, Identifier: int(identifier),
		})
	}
}

func theirCodes(codes []codec.ReasonCode) (t []byte) {
	for _, c := range codes {
		t = append(t, byte(c))
	}
	return t
}
