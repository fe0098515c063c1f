package mqtt

import (
	"crypto/tls"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/netx"
)

func TestDefaultsAreFilledIn(t *testing.T) {
	s, err := Config{}.settle()
	require.NoError(t, err)
	require.Equal(t, Config{
		Servers:  []string{"mqtt://localhost:1883"},
		ClientID: s.ClientID,

		KeepAlive:      time.Minute,
		PingTimeout:    30 * time.Second,
		ConnectTimeout: 30 * time.Second,
		WriteTimeout:   20 * time.Second,
		SessionExpiry:  5 * time.Minute,
		StallAfter:     30 * time.Second,
		Backoff:        Backoff{Min: time.Second, Max: time.Minute, Stable: 30 * time.Second},

		ReceiveMaximum: 256,
		MaxPacketSize:  1_048_576,
		MaxInFlight:    1000,
		Outbox:         Bounds{16_384, 67_108_864},
		Inbox:          Bounds{1024, 8_388_608},
		InboxHard:      Bounds{65_535, 67_108_864},
		Overflow:       OverflowHold,
		Ack:            AckOnTake,
	}, s.Config)
}

func TestDefaultsThatDependOnOtherFields(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		ping   time.Duration
		expiry time.Duration
	}{
		{"short keep alive", Config{KeepAlive: 4 * time.Second}, 5 * time.Second, 5 * time.Minute},
		{"long keep alive", Config{KeepAlive: time.Hour}, 30 * time.Minute, 5 * time.Minute},
		{"no keep alive", Config{KeepAlive: -1}, 5 * time.Second, 5 * time.Minute},
		{"ping timeout given", Config{PingTimeout: time.Millisecond}, time.Millisecond, 5 * time.Minute},
		{"session of a connection", Config{Session: SessionConnection}, 30 * time.Second, 0},
		{"durable session", Config{Session: SessionDurable, ClientID: "c"}, 30 * time.Second, SessionExpiryNever},
		{"expiry given", Config{SessionExpiry: time.Second}, 30 * time.Second, time.Second},
		{"expiry of a durable session given", Config{Session: SessionDurable, ClientID: "c", SessionExpiry: time.Hour}, 30 * time.Second, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := c.config.settle()
			require.NoError(t, err)
			require.Equal(t, c.ping, s.PingTimeout)
			require.Equal(t, c.expiry, s.SessionExpiry)
		})
	}
}

func TestHalfABoundHasTheOthersDefault(t *testing.T) {
	s, err := Config{Outbox: Bounds{Messages: 1}, Inbox: Bounds{Bytes: 1}}.settle()
	require.NoError(t, err)
	require.Equal(t, Bounds{1, 67_108_864}, s.Outbox)
	require.Equal(t, Bounds{1024, 1}, s.Inbox)
}

func fullConfig() Config {
	return Config{
		Servers:                   []string{"mqtts://h"},
		TLS:                       &tls.Config{ServerName: "h", MinVersion: tls.VersionTLS13},
		Password:                  []byte("p"),
		Proxy:                     netx.Proxy{URL: "https://p", TLS: &tls.Config{ServerName: "p"}, Header: http.Header{"A": {"b"}}},
		UserProperties:            []UserProperty{{"k", "v"}},
		RequestProblemInformation: new(false),
		Trace:                     &Trace{DNSStart: func(StageInfo) {}},
		Subscriptions:             []Subscription{{Filter: "a", UserProperties: []UserProperty{{"k", "v"}}}},
		Will: &Will{Topic: "w", Payload: []byte("bye"), Properties: &WillProperties{
			MessageExpiryInterval: new(time.Second), CorrelationData: []byte("c"), UserProperties: []UserProperty{{"k", "v"}},
		}},
	}
}

// spoil writes to all that c refers to.
func spoil(c Config) {
	c.Servers[0] = "spoilt"
	c.TLS.ServerName = "spoilt"
	c.Password[0] = 'x'
	c.Proxy.TLS.ServerName = "spoilt"
	c.Proxy.Header["A"][0] = "spoilt"
	c.UserProperties[0].Key = "spoilt"
	*c.RequestProblemInformation = true
	c.Trace.DNSStart = nil
	c.Subscriptions[0].UserProperties[0].Key = "spoilt"
	c.Subscriptions[0].Filter = "spoilt"
	c.Will.Payload[0] = 'x'
	*c.Will.Properties.MessageExpiryInterval = time.Hour
	c.Will.Properties.CorrelationData[0] = 'x'
	c.Will.Properties.UserProperties[0].Key = "spoilt"
	c.Will.Properties.ContentType = "spoilt"
	c.Will.Topic = "spoilt"
}

func TestB042SettingsAreACopy(t *testing.T) {
	given := fullConfig()
	s, err := given.settle()
	require.NoError(t, err)
	spoil(given)

	want := fullConfig()
	require.Equal(t, want.Servers, s.Servers)
	require.Equal(t, "p", string(s.servers[0].Password))
	require.Equal(t, "h", s.TLS.ServerName)
	require.Equal(t, "p", s.Proxy.TLS.ServerName)
	require.Equal(t, want.Proxy.Header, s.Proxy.Header)
	require.Equal(t, want.UserProperties, s.UserProperties)
	require.False(t, *s.RequestProblemInformation)
	require.NotNil(t, s.Trace.DNSStart)
	require.Equal(t, want.Subscriptions, s.Subscriptions)
	require.Equal(t, want.Will, s.Will)
}

func TestB042TheCallersConfigIsNotWrittenTo(t *testing.T) {
	given := fullConfig()
	s, err := given.settle()
	require.NoError(t, err)
	spoil(s.Config)

	want := fullConfig()
	require.Equal(t, want.TLS.ServerName, given.TLS.ServerName)
	require.Equal(t, want.Proxy.TLS.ServerName, given.Proxy.TLS.ServerName)
	given.Proxy.TLS, want.Proxy.TLS = nil, nil
	require.NotNil(t, given.Trace.DNSStart)
	given.TLS, want.TLS, given.Trace, want.Trace = nil, nil, nil, nil // they hold functions, which can't be compared
	require.Equal(t, want, given)
}

func TestB042OneConfigForManyClients(t *testing.T) {
	given := fullConfig()
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			s, err := given.settle()
			if err == nil {
				ids[i] = s.ClientID
			}
		})
	}
	wg.Wait()
	for i, id := range ids {
		require.NotEmpty(t, id)
		require.NotContains(t, ids[:i], id)
	}
}
