package codec

import "slices"

// vectors5 are packets of 5.0.
func vectors5() []vector {
	return slices.Concat(connectVectors(), connAckVectors(), publishVectors(), subscribeVectors(), endVectors())
}

var kv = []UserProperty{{"k", "v"}}

func connectVectors() []vector {
	return []vector{
		{name: "5-CONNECT-min", d: client5,
			bytes: "10 0F 00 04 4D 51 54 54 05 02 00 3C 00 00 02 63 31",
			want:  &Connect{Version: V5, CleanStart: true, KeepAlive: 60, ClientID: "c1"}},
		{name: "5-CONNECT-resume", d: client5,
			bytes: "10 17 00 04 4D 51 54 54 05 00 00 1E 08 11 00 00 0E 10 21 00 0A 00 02 63 31",
			want: &Connect{Version: V5, KeepAlive: 30, ClientID: "c1",
				Properties: &ConnectProperties{SessionExpiryInterval: new(uint32(3600)), ReceiveMaximum: 10}}},
		{name: "5-CONNECT-props", d: client5,
			bytes: "10 2A 00 04 4D 51 54 54 05 02 00 3C 1B 11 00 00 0E 10 21 00 0A 27 00 01 00 00 22 00 05 19 01 17 00 26 00 01 6B 00 01 76 00 02 63 31",
			want: &Connect{Version: V5, CleanStart: true, KeepAlive: 60, ClientID: "c1", Properties: &ConnectProperties{
				SessionExpiryInterval: new(uint32(3600)), ReceiveMaximum: 10, MaximumPacketSize: 65536, TopicAliasMaximum: 5,
				RequestResponseInformation: true, RequestProblemInformation: new(false), UserProperties: kv}}},
		{name: "5-CONNECT-will", d: client5,
			bytes: "10 4B 00 04 4D 51 54 54 05 EE 00 3C 00 00 02 63 31 2B 18 00 00 00 05 01 01 02 00 00 00 3C 03 00 0A 74 65 78 74 2F 70 6C 61 69 6E 08 00 03 72 2F 74 09 00 02 01 02 26 00 01 6B 00 01 76 00 03 77 2F 74 00 03 62 79 65 00 01 75 00 01 70",
			want: &Connect{Version: V5, CleanStart: true, KeepAlive: 60, ClientID: "c1",
				Will: &Will{Topic: "w/t", Payload: []byte("bye"), QoS: AtLeastOnce, Retain: true, Properties: &WillProperties{
					WillDelayInterval: 5, PayloadFormatIndicator: 1, MessageExpiryInterval: new(uint32(60)),
					ContentType: "text/plain", ResponseTopic: "r/t", CorrelationData: []byte{1, 2}, UserProperties: kv}},
				HasUsername: true, Username: "u", HasPassword: true, Password: []byte("p")}},
		{name: "5-CONNECT-password-only", d: client5,
			bytes: "10 14 00 04 4D 51 54 54 05 42 00 3C 00 00 02 63 31 00 03 74 6F 6B",
			want: &Connect{Version: V5, CleanStart: true, KeepAlive: 60, ClientID: "c1",
				HasPassword: true, Password: []byte("tok")}},
		{name: "5-CONNECT-auth", d: client5,
			bytes: "10 18 00 04 4D 51 54 54 05 02 00 3C 09 15 00 01 58 16 00 02 01 02 00 02 63 31",
			want: &Connect{Version: V5, CleanStart: true, KeepAlive: 60, ClientID: "c1",
				Properties: &ConnectProperties{AuthenticationMethod: "X", AuthenticationData: []byte{1, 2}}}},
	}
}

func connAckVectors() []vector {
	return []vector{
		{name: "5-CONNACK-min", d: server5, bytes: "20 03 00 00 00", want: &ConnAck{}},
		{name: "5-CONNACK-resumed", d: server5, bytes: "20 03 01 00 00", want: &ConnAck{SessionPresent: true}},
		{name: "5-CONNACK-limits", d: server5,
			bytes: "20 29 00 00 26 11 00 00 00 78 21 00 14 24 01 25 00 27 00 00 04 00 12 00 06 61 75 74 6F 2D 31 22 00 03 28 01 29 01 2A 00 13 00 1E",
			again: "20 29 00 00 26 11 00 00 00 78 21 00 14 24 01 25 00 27 00 00 04 00 22 00 03 28 01 29 01 2A 00 13 00 1E 12 00 06 61 75 74 6F 2D 31",
			want: &ConnAck{Properties: &ConnAckProperties{
				SessionExpiryInterval: new(uint32(120)), ReceiveMaximum: 20, MaximumQoS: new(AtLeastOnce),
				RetainAvailable: new(false), MaximumPacketSize: 1024, AssignedClientIdentifier: "auto-1", TopicAliasMaximum: 3,
				WildcardSubscriptionAvailable: new(true), SubscriptionIdentifiersAvailable: new(true),
				SharedSubscriptionAvailable: new(false), ServerKeepAlive: new(uint16(30))}}},
		{name: "5-CONNACK-info", d: server5,
			bytes: "20 1C 00 00 19 1A 00 02 72 2F 15 00 01 58 16 00 01 03 1F 00 02 6F 6B 26 00 01 6B 00 01 76",
			again: "20 1C 00 00 19 1F 00 02 6F 6B 26 00 01 6B 00 01 76 1A 00 02 72 2F 15 00 01 58 16 00 01 03",
			want: &ConnAck{Properties: &ConnAckProperties{ResponseInformation: "r/", AuthenticationMethod: "X",
				AuthenticationData: []byte{3}, ReasonString: "ok", UserProperties: kv}}},
		{name: "5-CONNACK-refused", d: server5, bytes: "20 08 00 87 05 1F 00 02 6E 6F",
			want: &ConnAck{Code: NotAuthorized, ReturnCode: 0x87, Properties: &ConnAckProperties{ReasonString: "no"}}},
		{name: "5-CONNACK-moved", d: server5, bytes: "20 0C 00 9D 09 1C 00 06 68 3A 31 38 38 33",
			want: &ConnAck{Code: ServerMoved, ReturnCode: 0x9D, Properties: &ConnAckProperties{ServerReference: "h:1883"}}},
	}
}

func publishVectors() []vector {
	hi := []byte("hi")
	return []vector{
		{name: "5-PUBLISH-q0", d: client5, bytes: "30 08 00 03 61 2F 62 00 68 69",
			want: &Publish{Topic: "a/b", Payload: hi}},
		{name: "5-PUBLISH-q1", d: client5, bytes: "32 0A 00 03 61 2F 62 00 0A 00 68 69",
			want: &Publish{QoS: AtLeastOnce, Topic: "a/b", PacketID: 10, Payload: hi}},
		{name: "5-PUBLISH-q2-dup", d: client5, bytes: "3C 0A 00 03 61 2F 62 00 0B 00 68 69",
			want: &Publish{Dup: true, QoS: ExactlyOnce, Topic: "a/b", PacketID: 11, Payload: hi}},
		{name: "5-PUBLISH-props", d: client5,
			bytes: "32 3A 00 03 61 2F 62 00 0A 30 01 01 02 00 00 00 3C 23 00 01 08 00 03 72 2F 74 09 00 02 01 02 26 00 01 6B 00 01 76 26 00 01 6B 00 01 77 03 00 0A 74 65 78 74 2F 70 6C 61 69 6E 68 69",
			again: "32 3A 00 03 61 2F 62 00 0A 30 01 01 08 00 03 72 2F 74 09 00 02 01 02 03 00 0A 74 65 78 74 2F 70 6C 61 69 6E 26 00 01 6B 00 01 76 26 00 01 6B 00 01 77 02 00 00 00 3C 23 00 01 68 69",
			want: &Publish{QoS: AtLeastOnce, Topic: "a/b", PacketID: 10, Payload: hi, Properties: &PublishProperties{
				PayloadFormatIndicator: 1, MessageExpiryInterval: new(uint32(60)), TopicAlias: 1, ResponseTopic: "r/t",
				CorrelationData: []byte{1, 2}, ContentType: "text/plain",
				UserProperties: []UserProperty{{"k", "v"}, {"k", "w"}}}}},
		{name: "5-PUBLISH-alias", d: client5, bytes: "30 08 00 00 03 23 00 01 68 69",
			want: &Publish{Payload: hi, Properties: &PublishProperties{TopicAlias: 1}}},
		{name: "5-PUBLISH-subids", d: server5, bytes: "30 0D 00 03 61 2F 62 05 0B 01 0B AC 02 68 69",
			want: &Publish{Topic: "a/b", Payload: hi, Properties: &PublishProperties{SubscriptionIdentifiers: []uint32{1, 300}}}},
		{name: "5-PUBACK-short", d: server5, bytes: "40 02 00 0A", want: &PubAck{PacketID: 10}},
		{name: "5-PUBACK-reason", d: server5, bytes: "40 03 00 0A 10", want: &PubAck{PacketID: 10, Code: NoMatchingSubscribers}},
		{name: "5-PUBACK-full", d: server5, bytes: "40 12 00 0A 97 0E 1F 00 04 66 75 6C 6C 26 00 01 6B 00 01 76",
			want: &PubAck{PacketID: 10, Code: QuotaExceeded,
				Properties: &ReasonProperties{ReasonString: "full", UserProperties: kv}}},
		{name: "5-PUBREC-short", d: server5, bytes: "50 02 00 0B", want: &PubRec{PacketID: 11}},
		{name: "5-PUBREC-refused", d: server5, bytes: "50 04 00 0B 87 00", again: "50 03 00 0B 87",
			want: &PubRec{PacketID: 11, Code: NotAuthorized}},
		{name: "5-PUBREL", d: server5, bytes: "62 02 00 0B", want: &PubRel{PacketID: 11}},
		{name: "5-PUBREL-unknown", d: server5, bytes: "62 03 00 0B 92", want: &PubRel{PacketID: 11, Code: PacketIdentifierNotFound}},
		{name: "5-PUBCOMP", d: server5, bytes: "70 02 00 0B", want: &PubComp{PacketID: 11}},
		{name: "5-PUBCOMP-unknown", d: server5, bytes: "70 04 00 0B 92 00", again: "70 03 00 0B 92",
			want: &PubComp{PacketID: 11, Code: PacketIdentifierNotFound}},
	}
}

func subscribeVectors() []vector {
	return []vector{
		{name: "5-SUBSCRIBE", d: client5,
			bytes: "82 19 00 0C 0A 0B AC 02 26 00 01 6B 00 01 76 00 03 61 2F 62 01 00 03 63 2F 23 2E",
			want: &Subscribe{PacketID: 12, Properties: &SubscribeProperties{SubscriptionIdentifier: 300, UserProperties: kv},
				Subscriptions: []Subscription{{Filter: "a/b", QoS: AtLeastOnce},
					{Filter: "c/#", QoS: ExactlyOnce, NoLocal: true, RetainAsPublished: true, RetainHandling: 2}}}},
		{name: "5-SUBSCRIBE-shared", d: client5,
			bytes: "82 10 00 0E 00 00 0A 24 73 68 61 72 65 2F 67 2F 61 11",
			want: &Subscribe{PacketID: 14, Subscriptions: []Subscription{
				{Filter: "$share/g/a", QoS: AtLeastOnce, RetainHandling: 1}}}},
		{name: "5-SUBACK", d: server5, bytes: "90 0C 00 0C 07 1F 00 04 70 61 72 74 01 87",
			want: &SubAck{PacketID: 12, Properties: &ReasonProperties{ReasonString: "part"},
				Codes: []ReasonCode{GrantedQoS1, NotAuthorized}}},
		{name: "5-UNSUBSCRIBE", d: client5, bytes: "A2 0D 00 0D 00 00 03 61 2F 62 00 03 63 2F 23",
			want: &Unsubscribe{PacketID: 13, Filters: []string{"a/b", "c/#"}}},
		{name: "5-UNSUBACK", d: server5, bytes: "B0 05 00 0D 00 00 11",
			want: &UnsubAck{PacketID: 13, Codes: []ReasonCode{Success, NoSubscriptionExisted}}},
	}
}

func endVectors() []vector {
	return []vector{
		{name: "5-PINGREQ", d: client5, bytes: "C0 00", want: &PingReq{}},
		{name: "5-PINGRESP", d: server5, bytes: "D0 00", want: &PingResp{}},
		{name: "5-DISCONNECT-normal", d: client5, bytes: "E0 00", want: &Disconnect{}},
		{name: "5-DISCONNECT-will", d: client5, bytes: "E0 01 04", want: &Disconnect{Code: DisconnectWithWill}},
		{name: "5-DISCONNECT-expiry", d: client5, bytes: "E0 07 00 05 11 00 00 00 00",
			want: &Disconnect{Properties: &DisconnectProperties{SessionExpiryInterval: new(uint32(0))}}},
		{name: "5-DISCONNECT-error", d: client5, bytes: "E0 08 82 06 1F 00 03 62 61 64",
			want: &Disconnect{Code: ProtocolError, Properties: &DisconnectProperties{ReasonString: "bad"}}},
		{name: "5-DISCONNECT-moved", d: server5,
			bytes: "E0 17 9C 15 1C 00 12 68 32 3A 31 38 38 33 20 5B 3A 3A 31 5D 3A 31 38 38 34",
			want: &Disconnect{Code: UseAnotherServer,
				Properties: &DisconnectProperties{ServerReference: "h2:1883 [::1]:1884"}}},
		{name: "5-AUTH-continue", d: client5, bytes: "F0 0B 18 09 15 00 01 58 16 00 02 0A 0B",
			want: &Auth{Code: ContinueAuthentication, AuthenticationMethod: "X", AuthenticationData: []byte{10, 11}}},
		{name: "5-AUTH-again", d: client5, bytes: "F0 06 19 04 15 00 01 58",
			want: &Auth{Code: ReAuthenticate, AuthenticationMethod: "X"}},
		{name: "5-AUTH-done", d: server5, bytes: "F0 06 00 04 15 00 01 58", want: &Auth{AuthenticationMethod: "X"}},
	}
}
