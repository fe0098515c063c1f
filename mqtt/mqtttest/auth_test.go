package mqtttest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// asking wants one answer, which has to be "yes", for the method X, and notes what it was asked.
func asking(heard *[]string) func(string, string) mqtttest.AuthStep {
	return func(clientID, method string) mqtttest.AuthStep {
		if method != "X" {
			return nil
		}
		asked := false
		return func(data []byte) ([]byte, codec.ReasonCode) {
			*heard = append(*heard, fmt.Sprintf("%s %s", clientID, data))
			switch {
			case !asked:
				asked = true
				return []byte("well?"), codec.ContinueAuthentication
			case string(data) == "yes":
				return []byte("proof"), codec.Success
			}
			return nil, codec.NotAuthorized
		}
	}
}

// by is CONNECT with a method.
func by(method string) *codec.Connect {
	return &codec.Connect{ClientID: "me", Properties: &codec.ConnectProperties{AuthenticationMethod: method, AuthenticationData: []byte("hello")}}
}

func auth(code codec.ReasonCode, data string) *codec.Auth {
	return &codec.Auth{Code: code, AuthenticationMethod: "X", AuthenticationData: []byte(data)}
}

// admitted is a client that has authenticated.
func admitted(t *testing.T, b *mqtttest.Broker) *client {
	c := dial(t, b, codec.V5)
	c.send(by("X"))
	require.Equal(t, auth(codec.ContinueAuthentication, "well?"), expect[*codec.Auth](c))
	c.send(auth(codec.ContinueAuthentication, "yes"))
	ack := expect[*codec.ConnAck](c)
	require.Equal(t, codec.Success, ack.Code)
	require.Equal(t, "X", ack.Properties.AuthenticationMethod)
	require.Equal(t, "proof", string(ack.Properties.AuthenticationData))
	return c
}

func TestEnhancedAuthentication(t *testing.T) { // §4.12
	var heard []string
	b := broker(t, mqtttest.BrokerConfig{Enhanced: asking(&heard)})
	c := admitted(t, b)
	for range 2 {
		c.send(auth(codec.ReAuthenticate, "again"))
		require.Equal(t, auth(codec.ContinueAuthentication, "well?"), expect[*codec.Auth](c))
		c.send(&codec.PingReq{})
		expect[*codec.PingResp](c)
		c.send(auth(codec.ContinueAuthentication, "yes"))
		require.Equal(t, auth(codec.Success, "proof"), expect[*codec.Auth](c))
	}
	require.Equal(t, []string{"me hello", "me yes", "me again", "me yes", "me again", "me yes"}, heard)
	require.Empty(t, b.Violations())
	_, ack := connect(t, b, codec.V5, "other")
	require.Empty(t, ack.Properties.AuthenticationMethod, "no method, no exchange")
}

func TestEnhancedAuthenticationRefused(t *testing.T) {
	var heard []string
	b := broker(t, mqtttest.BrokerConfig{Enhanced: asking(&heard)})
	c := dial(t, b, codec.V5)
	c.send(by("Y"))
	require.Equal(t, codec.BadAuthenticationMethod, expect[*codec.ConnAck](c).Code)
	c.closed()
	c = dial(t, b, codec.V5)
	c.send(by("X"))
	expect[*codec.Auth](c)
	c.send(auth(codec.ContinueAuthentication, "no"))
	require.Equal(t, codec.NotAuthorized, expect[*codec.ConnAck](c).Code)
	c.closed()
	require.Equal(t, 2, b.Stats().Refused)
	require.Zero(t, b.Stats().Sessions)
	c = admitted(t, b)
	c.send(auth(codec.ReAuthenticate, ""))
	expect[*codec.Auth](c)
	c.send(auth(codec.ContinueAuthentication, "no"))
	require.Equal(t, codec.NotAuthorized, expect[*codec.Disconnect](c).Code)
	c.closed()
	require.Empty(t, b.Violations())
}

func TestEnhancedAuthenticationOutOfTurn(t *testing.T) {
	for name, p := range map[string]codec.Packet{
		"PINGREQ": &codec.PingReq{}, "PUBLISH": publish(0, 0, "a", ""), "AUTH 0x19": auth(codec.ReAuthenticate, ""),
		"another method": &codec.Auth{Code: codec.ContinueAuthentication, AuthenticationMethod: "Y"}, "CONNECT": by("X"),
	} {
		t.Run("before CONNACK: "+name, func(t *testing.T) {
			var heard []string
			b := broker(t, mqtttest.BrokerConfig{Enhanced: asking(&heard)})
			c := dial(t, b, codec.V5)
			c.send(by("X"))
			expect[*codec.Auth](c)
			c.send(p)
			c.closed()
			require.Len(t, b.Violations(), 1)
			require.Equal(t, []string{"me hello"}, heard)
		})
	}
	for name, p := range map[string]codec.Packet{
		"AUTH 0x18": auth(codec.ContinueAuthentication, ""), "another method": &codec.Auth{Code: codec.ReAuthenticate, AuthenticationMethod: "Y"},
	} {
		t.Run("after it: "+name, func(t *testing.T) {
			var heard []string
			b := broker(t, mqtttest.BrokerConfig{Enhanced: asking(&heard)})
			c := admitted(t, b)
			c.send(p)
			require.Equal(t, codec.ProtocolError, expect[*codec.Disconnect](c).Code)
			c.closed()
			require.Len(t, b.Violations(), 1)
		})
	}
	t.Run("a goodbye before CONNACK is none", func(t *testing.T) {
		var heard []string
		b := broker(t, mqtttest.BrokerConfig{Enhanced: asking(&heard)})
		c := dial(t, b, codec.V5)
		c.send(by("X"))
		expect[*codec.Auth](c)
		c.send(&codec.Disconnect{Code: codec.UnspecifiedError})
		c.closed()
		require.Empty(t, b.Violations())
	})
}
