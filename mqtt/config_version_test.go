package mqtt

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestB258FieldsThatNeedV5(t *testing.T) {
	for field, c := range map[string]Config{
		"SessionExpiry":              {SessionExpiry: time.Second},
		"TopicAliasMaximum":          {TopicAliasMaximum: 1},
		"RequestResponseInformation": {RequestResponseInformation: true},
		"RequestProblemInformation":  {RequestProblemInformation: new(false)},
		"Authenticator":              {Authenticator: named("X")},
		"UserProperties":             {UserProperties: []UserProperty{{"k", "v"}}},
		"Will.Properties":            {Will: &Will{Topic: "w", Properties: &WillProperties{WillDelayInterval: time.Second}}},
		"Subscriptions[1]":           {Subscriptions: []Subscription{{Filter: "a"}, {Filter: "a", NoLocal: true}}},
	} {
		t.Run(field, func(t *testing.T) {
			s, err := c.settle()
			require.NoError(t, err)
			require.Equal(t, V5, s.lowest, "never below what Config needs")

			for _, old := range []Version{V311, V31} {
				c.Version = old
				_, err = c.settle()
				requireConfig(t, field, err)

				lenient := c
				lenient.Lenient = true
				s, err = lenient.settle()
				require.NoError(t, err)
				require.Equal(t, old, s.lowest)
			}
			c.Version, c.Lenient = VersionAuto, true
			s, err = c.settle()
			require.NoError(t, err)
			require.Equal(t, V31, s.lowest, "lenient")
		})
	}
}

func TestB027PasswordWithoutUsername(t *testing.T) {
	for _, c := range []Config{{Password: []byte("p")}, {Password: []byte{}}, {Servers: []string{"mqtt://a", "mqtt://:p@b"}}} {
		// With a colon the URL of the last one gives an empty user name, which 3.x can carry.
		for _, lenient := range []bool{false, true} {
			c.Lenient = lenient
			c.Version = VersionAuto
			s, err := c.settle()
			require.NoError(t, err)
			if len(c.Servers) == 0 {
				require.Equal(t, V5, s.lowest)
				c.Version = V311
				_, err = c.settle()
				requireConfig(t, "Password", err)
			} else {
				require.True(t, s.servers[1].HasUsername)
				require.Equal(t, V31, s.lowest)
			}
			c.Version = V5
			_, err = c.settle()
			require.NoError(t, err)
		}
	}
}

func TestTheLowestVersion(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		want   Version
	}{
		{"zero value", Config{}, V31},
		{"explicit", Config{Version: V5}, V5},
		{"explicit", Config{Version: V311}, V311},
		{"no id", Config{NoClientID: true}, V311},
		{"long id", Config{ClientID: "123456789012345678901234"}, V311},
		{"long id, lenient", Config{ClientID: "123456789012345678901234", Lenient: true}, V31},
		{"durable", Config{Session: SessionDurable, ClientID: "c"}, V31},
		{"user name and password", Config{Username: "u", Password: []byte("p")}, V31},
		{"properties that are the default", Config{
			RequestProblemInformation: new(true), Will: &Will{Topic: "w", Properties: &WillProperties{}}, UserProperties: []UserProperty{},
		}, V31},
		{"what every version keeps to", Config{ReceiveMaximum: 1, MaxPacketSize: 1000, KeepAlive: time.Hour, MaxInFlight: 1}, V31},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := c.config.settle()
			require.NoError(t, err)
			require.Equal(t, c.want, s.lowest)
		})
	}
}
