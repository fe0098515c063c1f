package mqtt

import (
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestB010ConnAckWithNothingSaid(t *testing.T) {
	s, err := Config{KeepAlive: 7 * time.Second, SessionExpiry: time.Hour}.settle()
	require.NoError(t, err)
	silent := ConnAck{
		Version: V5, ClientID: "c", SessionPresent: true, SessionExpiry: time.Hour, KeepAlive: 7 * time.Second,
		ReceiveMaximum: 65_535, MaximumQoS: ExactlyOnce, RetainAvailable: true, MaximumPacketSize: 268_435_460,
		WildcardSubscriptionAvailable: true, SubscriptionIdentifiersAvailable: true, SharedSubscriptionAvailable: true,
	}
	require.Equal(t, silent, s.connAck(codec.V5, "c", &codec.ConnAck{SessionPresent: true}))
	require.Equal(t, silent, s.connAck(codec.V5, "c", &codec.ConnAck{SessionPresent: true, Properties: &codec.ConnAckProperties{}}))
}

func TestB010ConnAckWithAllSaid(t *testing.T) {
	s, err := Config{}.settle()
	require.NoError(t, err)
	ack := &codec.ConnAck{Properties: &codec.ConnAckProperties{
		SessionExpiryInterval: new(uint32(0)), ReceiveMaximum: 20, MaximumQoS: new(codec.AtLeastOnce), RetainAvailable: new(false),
		MaximumPacketSize: 1024, AssignedClientIdentifier: "auto-1", TopicAliasMaximum: 3, ReasonString: "ok",
		UserProperties:                []codec.UserProperty{{Key: "k", Value: "v"}},
		WildcardSubscriptionAvailable: new(false), SubscriptionIdentifiersAvailable: new(false),
		SharedSubscriptionAvailable: new(false), ServerKeepAlive: new(uint16(0)), ResponseInformation: "r/",
		ServerReference: "h:1883",
	}}
	require.Equal(t, ConnAck{
		Version: V5, ClientID: "auto-1", AssignedClientIdentifier: "auto-1", ReceiveMaximum: 20, MaximumQoS: AtLeastOnce,
		MaximumPacketSize: 1024, TopicAliasMaximum: 3, ReasonString: "ok", UserProperties: []UserProperty{{"k", "v"}},
		ResponseInformation: "r/", ServerReference: "h:1883",
	}, s.connAck(codec.V5, "", ack))

	ack.Properties.ServerKeepAlive = new(uint16(30))
	ack.Properties.SessionExpiryInterval = new(uint32(0xFFFFFFFF))
	got := s.connAck(codec.V5, "", ack)
	require.Equal(t, 30*time.Second, got.KeepAlive, "B253")
	require.Equal(t, SessionExpiryNever, got.SessionExpiry)
	require.Equal(t, "ours", s.connAck(codec.V5, "ours", ack).ClientID, "it was sent, so there was nothing to assign (§3.2.2.3.7)")
}

func TestConnAckOf3x(t *testing.T) {
	s, err := Config{KeepAlive: -1, ClientID: "c"}.settle()
	require.NoError(t, err)
	want := ConnAck{
		Version: V311, ClientID: "c", SessionPresent: true, ReceiveMaximum: 65_535, MaximumQoS: ExactlyOnce,
		RetainAvailable: true, MaximumPacketSize: 268_435_460, WildcardSubscriptionAvailable: true,
	}
	require.Equal(t, want, s.connAck(codec.V311, "c", &codec.ConnAck{SessionPresent: true}))

	s, err = Config{KeepAlive: -1, ClientID: "c", Session: SessionDurable}.settle()
	require.NoError(t, err)
	want.SessionExpiry = SessionExpiryNever
	require.Equal(t, want, s.connAck(codec.V311, "c", &codec.ConnAck{SessionPresent: true}))
}
