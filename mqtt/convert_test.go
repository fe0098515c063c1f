package mqtt

import (
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestB260UserPropertiesKeepOrderAndDuplicates(t *testing.T) {
	list := []UserProperty{{"b", "1"}, {"a", ""}, {"b", "1"}, {"", "x"}}
	require.Equal(t, list, publicUserProperties(codecUserProperties(list)))
	require.Nil(t, codecUserProperties([]UserProperty{}))
	require.Nil(t, publicUserProperties(nil))
}

func TestPublishPropertiesThereAndBack(t *testing.T) {
	p := &PublishProperties{
		PayloadFormatIndicator: 1, MessageExpiryInterval: new(time.Hour), ResponseTopic: "r", CorrelationData: []byte{1, 2},
		ContentType: "t", UserProperties: []UserProperty{{"k", "v"}},
	}
	packet := codecPublishProperties(p)
	require.Equal(t, &codec.PublishProperties{
		PayloadFormatIndicator: 1, MessageExpiryInterval: new(uint32(3600)), ResponseTopic: "r", CorrelationData: []byte{1, 2},
		ContentType: "t", UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}},
	}, packet)
	back := publicPublishProperties(packet)
	require.Equal(t, p, back)

	packet.CorrelationData[0] = 9
	require.Equal(t, []byte{1, 2}, back.CorrelationData, "what is received is the application's own")

	require.Equal(t, uint16(7), codecPublishProperties(&PublishProperties{TopicAlias: 7}).TopicAlias)
	for _, none := range []*PublishProperties{nil, {}} {
		require.Nil(t, codecPublishProperties(none))
	}
	for _, none := range []*codec.PublishProperties{nil, {}, {SubscriptionIdentifiers: []uint32{1}}, {TopicAlias: 7}} {
		require.Nil(t, publicPublishProperties(none), "what has its own place, or is resolved, is no property")
	}
}

func TestAnExpiryThatHasRunOutIsNotNone(t *testing.T) {
	p := publicPublishProperties(&codec.PublishProperties{MessageExpiryInterval: new(uint32(0))})
	require.Equal(t, new(time.Duration(0)), p.MessageExpiryInterval)
}

func TestReceivedPayloadIsCutToItsLength(t *testing.T) {
	slab := []byte("onetwo")
	m := publicMessage(&codec.Publish{Topic: "t", QoS: codec.ExactlyOnce, Retain: true, Payload: slab[:3]})
	require.Equal(t, Message{Topic: "t", QoS: ExactlyOnce, Retain: true, Payload: []byte("one")}, m)
	require.Equal(t, len(m.Payload), cap(m.Payload))
	m.Payload = append(m.Payload, "TWO"...)
	require.Equal(t, "onetwo", string(slab))
}

func TestB025WillUnchanged(t *testing.T) {
	require.Nil(t, codecWill(nil))
	require.Equal(t, &codec.Will{Topic: "w"}, codecWill(&Will{Topic: "w"}))
	will := codecWill(&Will{
		Topic: "w", Payload: []byte("bye"), QoS: AtLeastOnce, Retain: true,
		Properties: &WillProperties{
			WillDelayInterval: SessionExpiryNever, PayloadFormatIndicator: 1, MessageExpiryInterval: new(time.Duration(0)),
			ContentType: "t", ResponseTopic: "r", CorrelationData: []byte{1}, UserProperties: []UserProperty{{"k", "v"}},
		},
	})
	require.Equal(t, &codec.Will{
		Topic: "w", Payload: []byte("bye"), QoS: codec.AtLeastOnce, Retain: true,
		Properties: &codec.WillProperties{
			WillDelayInterval: 0xFFFFFFFF, PayloadFormatIndicator: 1, MessageExpiryInterval: new(uint32(0)), ContentType: "t",
			ResponseTopic: "r", CorrelationData: []byte{1}, UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}},
		},
	}, will)
}

func TestB207DisconnectAsGiven(t *testing.T) {
	require.Equal(t, &codec.Disconnect{}, codecDisconnect(&Disconnect{}))
	require.Equal(t, &codec.Disconnect{Code: codec.DisconnectWithWill}, codecDisconnect(&Disconnect{Code: codec.DisconnectWithWill}))
	require.Equal(t,
		&codec.Disconnect{Code: codec.ImplementationSpecificError, Properties: &codec.DisconnectProperties{
			SessionExpiryInterval: new(uint32(0)), ReasonString: "r", UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}},
		}},
		codecDisconnect(&Disconnect{
			Code: codec.ImplementationSpecificError, SessionExpiry: new(time.Duration(0)), ReasonString: "r",
			UserProperties: []UserProperty{{"k", "v"}},
		}))
}
