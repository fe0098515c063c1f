package codec

import "slices"

// vectors3 are packets of 3.1 and 3.1.1.
func vectors3() []vector {
	return slices.Concat(connectVectors3(), publishVectors3(), subscribeVectors3())
}

func connectVectors3() []vector {
	return []vector{
		{name: "31-CONNECT", d: client31,
			bytes: "10 10 00 06 4D 51 49 73 64 70 03 02 00 3C 00 02 63 31",
			want:  &Connect{Version: V31, CleanStart: true, KeepAlive: 60, ClientID: "c1"}},
		{name: "311-CONNECT-min", d: client311,
			bytes: "10 0E 00 04 4D 51 54 54 04 02 00 3C 00 02 63 31",
			want:  &Connect{Version: V311, CleanStart: true, KeepAlive: 60, ClientID: "c1"}},
		{name: "311-CONNECT-empty-id", d: client311,
			bytes: "10 0C 00 04 4D 51 54 54 04 02 00 00 00 00",
			want:  &Connect{Version: V311, CleanStart: true}},
		{name: "311-CONNECT-full", d: client311,
			bytes: "10 1E 00 04 4D 51 54 54 04 EC 00 0A 00 02 63 31 00 03 77 2F 74 00 03 62 79 65 00 01 75 00 01 70",
			want: &Connect{Version: V311, KeepAlive: 10, ClientID: "c1",
				Will:        &Will{Topic: "w/t", Payload: []byte("bye"), QoS: AtLeastOnce, Retain: true},
				HasUsername: true, Username: "u", HasPassword: true, Password: []byte("p")}},
		{name: "311-CONNACK-new", d: server311, bytes: "20 02 00 00", want: &ConnAck{}},
		{name: "311-CONNACK-resumed", d: server311, bytes: "20 02 01 00", want: &ConnAck{SessionPresent: true}},
		{name: "311-CONNACK-refused", d: server311, bytes: "20 02 00 05", want: &ConnAck{Code: NotAuthorized, ReturnCode: 5}},
	}
}

func publishVectors3() []vector {
	hi := []byte("hi")
	return []vector{
		{name: "311-PUBLISH-q0", d: client311, bytes: "30 07 00 03 61 2F 62 68 69",
			want: &Publish{Topic: "a/b", Payload: hi}},
		{name: "311-PUBLISH-q0-clear", d: client311, bytes: "31 05 00 03 61 2F 62",
			want: &Publish{Retain: true, Topic: "a/b", Payload: []byte{}}},
		{name: "311-PUBLISH-q1", d: client311, bytes: "32 09 00 03 61 2F 62 00 0A 68 69",
			want: &Publish{QoS: AtLeastOnce, Topic: "a/b", PacketID: 10, Payload: hi}},
		{name: "311-PUBLISH-q1-dup-retain", d: client311, bytes: "3B 09 00 03 61 2F 62 00 0A 68 69",
			want: &Publish{Dup: true, QoS: AtLeastOnce, Retain: true, Topic: "a/b", PacketID: 10, Payload: hi}},
		{name: "311-PUBLISH-q2", d: client311, bytes: "34 09 00 03 61 2F 62 00 0B 68 69",
			want: &Publish{QoS: ExactlyOnce, Topic: "a/b", PacketID: 11, Payload: hi}},
		{name: "311-PUBLISH-q2-dup", d: client311, bytes: "3C 09 00 03 61 2F 62 00 0B 68 69",
			want: &Publish{Dup: true, QoS: ExactlyOnce, Topic: "a/b", PacketID: 11, Payload: hi}},
		{name: "311-PUBACK", d: server311, bytes: "40 02 00 0A", want: &PubAck{PacketID: 10}},
		{name: "311-PUBREC", d: server311, bytes: "50 02 00 0B", want: &PubRec{PacketID: 11}},
		{name: "311-PUBREL", d: server311, bytes: "62 02 00 0B", want: &PubRel{PacketID: 11}},
		{name: "311-PUBCOMP", d: server311, bytes: "70 02 00 0B", want: &PubComp{PacketID: 11}},
	}
}

func subscribeVectors3() []vector {
	return []vector{
		{name: "311-SUBSCRIBE", d: client311, bytes: "82 0E 00 0C 00 03 61 2F 62 01 00 03 63 2F 23 02",
			want: &Subscribe{PacketID: 12, Subscriptions: []Subscription{
				{Filter: "a/b", QoS: AtLeastOnce}, {Filter: "c/#", QoS: ExactlyOnce}}}},
		{name: "311-SUBACK", d: server311, bytes: "90 04 00 0C 01 80",
			want: &SubAck{PacketID: 12, Codes: []ReasonCode{GrantedQoS1, UnspecifiedError}}},
		{name: "311-UNSUBSCRIBE", d: client311, bytes: "A2 0C 00 0D 00 03 61 2F 62 00 03 63 2F 23",
			want: &Unsubscribe{PacketID: 13, Filters: []string{"a/b", "c/#"}}},
		{name: "311-UNSUBACK", d: server311, bytes: "B0 02 00 0D", want: &UnsubAck{PacketID: 13}},
		{name: "311-PINGREQ", d: client311, bytes: "C0 00", want: &PingReq{}},
		{name: "311-PINGRESP", d: server311, bytes: "D0 00", want: &PingResp{}},
		{name: "311-DISCONNECT", d: client311, bytes: "E0 00", want: &Disconnect{}},
	}
}
