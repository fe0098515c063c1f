package mqtt

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt/actor"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/stretchr/testify/require"
)

func TestTheProcessesGetTheDefaults(t *testing.T) {
	s, err := Config{ClientID: "c"}.settle()
	require.NoError(t, err)
	got := s.actorConfig()
	require.Nil(t, got.Log)
	require.Nil(t, got.Sent)
	require.Nil(t, got.Received)
	require.Equal(t, codec.V5, got.Version)
	require.Equal(t, codec.V31, got.MinVersion)
	require.Equal(t, actor.SessionClient, got.Session)
	require.Equal(t, actor.OutboxWait, got.OutboxFull)
	require.Equal(t, actor.OfflineQueue, got.Offline)
	require.Equal(t, uint32(300), got.SessionExpiry)
	require.Equal(t, time.Minute, got.KeepAlive)
	require.Equal(t, actor.Bounds{Messages: 16_384, Bytes: 64 << 20}, got.Outbox)
	require.Equal(t, "mqtt://localhost:1883", got.Servers[0].Name())
	require.Equal(t, codec.Connect{
		ClientID: "c", KeepAlive: 60, Properties: &codec.ConnectProperties{MaximumPacketSize: 1 << 20},
	}, got.Connect)
}

func TestTheProcessesGetWhatConfigSays(t *testing.T) {
	s, err := Config{
		Version: V311, Lenient: true, ClientID: "c", KeepAlive: -1, Session: SessionDurable, SessionExpiry: time.Hour,
		OnSessionLost: LostFail, OutboxFull: OutboxDropOldest, Offline: OfflineReject, NoOfflineQoS0: true,
		Overflow: OverflowDropNewest, Ack: AckManual, ReceiveMaximum: 2, MaxPacketSize: 3, TopicAliasMaximum: 4, TopicAlias: AliasAuto, MaxInFlight: 5,
		RetryFirst: true, NoResubscribe: true, SubscribeBatch: 6, AwaitResubscribe: true, RequestResponseInformation: true,
		RequestProblemInformation: new(false), UserProperties: []UserProperty{{"k", "v"}}, Will: &Will{Topic: "w"},
		Subscriptions: []Subscription{{Filter: "a"}},
	}.settle()
	require.NoError(t, err)
	got := s.actorConfig()
	require.Equal(t, codec.V311, got.Version)
	require.Equal(t, codec.V311, got.MinVersion)
	require.Equal(t, actor.SessionDurable, got.Session)
	require.Equal(t, uint32(3600), got.SessionExpiry)
	require.Equal(t, actor.OutboxDropOldest, got.OutboxFull)
	require.Equal(t, actor.OfflineReject, got.Offline)
	require.Equal(t, actor.OverflowDropNewest, got.Overflow)
	require.Equal(t, actor.AckManual, got.Ack)
	require.Equal(t, actor.AliasAuto, got.TopicAlias)
	require.Equal(t, [...]int{2, 3, 4, 5, 6}, [...]int{
		got.ReceiveMaximum, int(got.MaxPacketSize), int(got.AliasMaximum), got.MaxInFlight, got.SubscribeBatch,
	})
	for name, set := range map[string]bool{
		"lenient": got.Lenient, "lost": got.LostFail, "offline": got.NoOfflineQoS0, "retry": got.RetryFirst,
		"resubscribe": got.NoResubscribe, "await": got.AwaitResub, "claimed": got.Claimed,
	} {
		require.True(t, set, name)
	}
	require.Zero(t, got.KeepAlive)
	require.Equal(t, codec.Connect{
		ClientID: "c", Will: &codec.Will{Topic: "w"},
		Properties: &codec.ConnectProperties{
			MaximumPacketSize: 3, TopicAliasMaximum: 4, RequestResponseInformation: true,
			RequestProblemInformation: new(false), UserProperties: []codec.UserProperty{{Key: "k", Value: "v"}},
		},
	}, got.Connect)
}

func TestB026CredentialsOfEachServer(t *testing.T) {
	s, err := Config{Servers: []string{"mqtt://a", "mqtt://u:p@b"}, Version: V5}.settle()
	require.NoError(t, err)
	var connect codec.Connect
	servers := s.actorConfig().Servers
	servers[1].Credentials(&connect)
	require.Equal(t, codec.Connect{Username: "u", HasUsername: true, Password: []byte("p"), HasPassword: true}, connect)
	servers[0].Credentials(&connect)
	require.Equal(t, codec.Connect{}, connect)
}

func TestRetryIsAskedWithPublicErrors(t *testing.T) {
	s, err := Config{Backoff: Backoff{Retry: func(attempt int, err error) (time.Duration, bool) {
		_, public := errors.AsType[*ProtocolError](err)
		return time.Duration(attempt), public
	}}}.settle()
	require.NoError(t, err)
	delay, again := s.actorConfig().Delay(3, &actor.ProtocolError{})
	require.True(t, again)
	require.Equal(t, time.Duration(3), delay)
}

func TestB062DelaysAreRandomByHalf(t *testing.T) {
	s, err := Config{}.settle()
	require.NoError(t, err)
	seen := map[time.Duration]bool{}
	for range 100 {
		delay, again := s.delay(1, nil)
		require.True(t, again)
		require.GreaterOrEqual(t, delay, 500*time.Millisecond)
		require.LessOrEqual(t, delay, time.Second)
		seen[delay] = true
	}
	require.Greater(t, len(seen), 50)
}

func TestRecordsGoToTheLogger(t *testing.T) {
	var out bytes.Buffer
	s, err := Config{Logger: slog.New(slog.NewTextHandler(&out, nil))}.settle()
	require.NoError(t, err)
	tell := s.actorConfig().Log
	tell(actor.Record{Level: int(slog.LevelWarn), Text: "hello", Args: []any{"a", 1}})
	tell(actor.Record{Level: int(slog.LevelDebug), Text: "not this"})
	require.Contains(t, out.String(), "level=WARN msg=hello a=1\n")
	require.NotContains(t, out.String(), "not this")
}
