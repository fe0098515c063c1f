package mqtttest_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// TestCuts cuts the connection around each packet of a QoS 2 publish and of a QoS 2 delivery.
func TestCuts(t *testing.T) {
	type state struct {
		received, held, inFlight int
		last                     codec.Type // that the client gets
	}
	for _, tc := range []struct {
		from          codec.Side
		kind          codec.Type
		n             int
		before, after state
	}{
		{codec.FromClient, codec.TypePublish, 1, state{0, 0, 0, codec.TypeSubAck}, state{0, 1, 0, codec.TypeSubAck}},
		{codec.FromServer, codec.TypePubRec, 1, state{0, 1, 0, codec.TypeSubAck}, state{0, 1, 0, codec.TypePubRec}},
		{codec.FromClient, codec.TypePubRel, 1, state{0, 1, 0, codec.TypePubRec}, state{1, 0, 1, codec.TypePubRec}},
		{codec.FromServer, codec.TypePublish, 1, state{1, 0, 1, codec.TypePubRec}, state{1, 0, 1, codec.TypePublish}},
		{codec.FromServer, codec.TypePubComp, 1, state{1, 0, 1, codec.TypePublish}, state{1, 0, 1, codec.TypePubComp}},
		{codec.FromClient, codec.TypePubRec, 1, state{1, 0, 1, codec.TypePubComp}, state{1, 0, 1, codec.TypePubComp}},
		{codec.FromServer, codec.TypePubRel, 1, state{1, 0, 1, codec.TypePubComp}, state{1, 0, 1, codec.TypePubRel}},
		{codec.FromClient, codec.TypePubComp, 1, state{1, 0, 1, codec.TypePubRel}, state{1, 0, 0, codec.TypePubRel}},
		{codec.FromServer, 0, 3, state{0, 1, 0, codec.TypeSubAck}, state{0, 1, 0, codec.TypePubRec}},
	} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v of %v/after=%v", tc.kind, tc.from, after), func(t *testing.T) {
				overVersions(t, func(t *testing.T, v codec.Version) {
					b := broker(t)
					want := tc.before
					if after {
						want = tc.after
						b.CutAfter(tc.from, tc.kind, tc.n)
					} else {
						b.CutBefore(tc.from, tc.kind, tc.n)
					}
					last := exchange(t, b, v)
					st := b.Stats()
					require.Equal(t, want, state{st.Received, st.Held, st.InFlight, last})
					require.Zero(t, st.Open)
					require.Equal(t, 1, st.Sessions)
				})
			})
		}
	}
}

// exchange has a client send itself a QoS 2 message, and answer all that comes, until the connection is cut.
func exchange(t *testing.T, b *mqtttest.Broker, v codec.Version) (last codec.Type) {
	c, _ := connect(t, b, v, "me", durable)
	c.subscribe("a", 2)
	last = codec.TypeSubAck
	var owed uint16
	c.send(publish(2, 9, "a", "x"))
	for {
		p, err := c.read()
		if err != nil {
			break
		}
		last = p.Type()
		var answer codec.Packet
		switch p := p.(type) {
		case *codec.PubRec:
			answer = &codec.PubRel{PacketID: p.PacketID}
		case *codec.Publish:
			owed = p.PacketID
		case *codec.PubComp:
			answer = &codec.PubRec{PacketID: owed}
		case *codec.PubRel:
			answer = &codec.PubComp{PacketID: p.PacketID}
		}
		if answer != nil {
			bytes, err := answer.Append(nil, v)
			require.NoError(t, err)
			c.conn.Write(bytes)
		}
	}
	c.conn.Close()
	synctest.Wait()
	return last
}

func TestTheFirstOfTwoCutsCounts(t *testing.T) {
	b := broker(t)
	b.CutAfter(codec.FromClient, codec.TypePublish, 2)
	b.CutBefore(codec.FromClient, 0, 3)
	c, _ := connect(t, b, codec.V5, "me")
	c.send(publish(0, 0, "a", "1"), publish(0, 0, "a", "2"))
	c.closed()
	require.Equal(t, []string{"1", "2"}, payloads(b))
	c, _ = connect(t, b, codec.V5, "me")
	c.send(publish(0, 0, "a", "3"))
	c.ping()
}

func TestRefuse(t *testing.T) { // §3.2.2.2
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		for code, on3 := range map[codec.ReasonCode]codec.ReasonCode{
			codec.NotAuthorized: codec.NotAuthorized, codec.BadUserNameOrPassword: codec.BadUserNameOrPassword,
			codec.Banned: codec.ServerUnavailable,
		} {
			b.Refuse(code)
			c := dial(t, b, v)
			c.send(&codec.Connect{ClientID: "me", CleanStart: true})
			want := code
			if v != codec.V5 {
				want = on3
			}
			require.Equal(t, want, expect[*codec.ConnAck](c).Code)
			c.closed()
		}
		b.Refuse(codec.Success)
		connect(t, b, v, "me")
		require.Equal(t, mqtttest.BrokerStats{Connections: 1, Refused: 3, Open: 1, Sessions: 1}, b.Stats())
	})
}

func TestConnectsThatAreRefused(t *testing.T) { // §3.1.4
	for _, tc := range []struct {
		name    string
		config  mqtttest.BrokerConfig
		version codec.Version
		connect codec.Connect
		want    codec.ReasonCode
	}{
		{"version", mqtttest.BrokerConfig{Versions: []codec.Version{codec.V311}}, codec.V5, codec.Connect{}, codec.UnsupportedProtocolVersion},
		{"version on 3.1", mqtttest.BrokerConfig{Versions: []codec.Version{codec.V311}}, codec.V31, codec.Connect{ClientID: "me"}, codec.UnsupportedProtocolVersion},
		{"enhanced authentication (§4.12)", mqtttest.BrokerConfig{}, codec.V5,
			codec.Connect{Properties: &codec.ConnectProperties{AuthenticationMethod: "x"}}, codec.BadAuthenticationMethod},
		{"password", mqtttest.BrokerConfig{Authenticate: func(p *codec.Connect) codec.ReasonCode {
			if p.Username == "u" && string(p.Password) == "p" {
				return codec.Success
			}
			return codec.BadUserNameOrPassword
		}}, codec.V5, codec.Connect{HasUsername: true, Username: "u"}, codec.BadUserNameOrPassword},
		{"will QoS (§3.2.2.3.4)", mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{MaximumQoS: new(codec.AtMostOnce)}}, codec.V5,
			codec.Connect{Will: &codec.Will{Topic: "a", QoS: 1}}, codec.QoSNotSupported},
		{"will retain (§3.2.2.3.5)", mqtttest.BrokerConfig{Announce: codec.ConnAckProperties{RetainAvailable: new(false)}}, codec.V5,
			codec.Connect{Will: &codec.Will{Topic: "a", Retain: true}}, codec.RetainNotSupported},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := broker(t, tc.config)
			c := dial(t, b, tc.version)
			c.send(&tc.connect)
			require.Equal(t, tc.want, expect[*codec.ConnAck](c).Code)
			c.closed()
			require.Zero(t, b.Connections())
		})
	}
}

func TestConnectWithoutIdentifier(t *testing.T) { // §3.1.3.1
	b := broker(t)
	_, ack := connect(t, b, codec.V5, "")
	require.Equal(t, "assigned-1", ack.Properties.AssignedClientIdentifier)
	connect(t, b, codec.V311, "")
	require.Equal(t, 2, b.Stats().Sessions)
	c := dial(t, b, codec.V311)
	_, err := c.conn.Write([]byte("\x10\x0C\x00\x04MQTT\x04\x00\x00\x00\x00\x00"))
	require.NoError(t, err)
	require.Equal(t, codec.ClientIdentifierNotValid, expect[*codec.ConnAck](c).Code)
	c.closed()
}

func TestGarbageBeforeConnectIsNotAnswered(t *testing.T) { // §3.1.4
	for _, bytes := range []string{"\xC0\x00", "GET / HTTP/1.1\r\n\r\n", "\x10\x0E\x00\x04MQTT\x07\x02\x00\x3C\x00\x02c1"} {
		b := broker(t)
		c := dial(t, b, codec.V5)
		_, err := c.conn.Write([]byte(bytes))
		require.NoError(t, err)
		c.closed()
		require.Len(t, b.Violations(), 1)
	}
}

func TestSilent(t *testing.T) {
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, _ := connect(t, b, v, "me")
		c.subscribe("#", 0)
		b.Silent(true)
		c.send(&codec.PingReq{}, publish(1, 1, "a", "x"))
		require.NoError(t, b.Publish(*publish(0, 0, "a", "x")))
		c.nothing()
		other := dial(t, b, v)
		other.send(&codec.Connect{ClientID: "other", CleanStart: true})
		other.nothing()
		b.Silent(false)
		c.ping()
		require.Empty(t, b.Received())
		other.send(&codec.PingReq{})
		other.closed()
	})
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := broker(t)
		c, _ := connect(t, b, codec.V5, "me")
		start := time.Now()
		b.Delay(time.Second)
		c.send(&codec.PingReq{})
		time.Sleep(600 * time.Millisecond)
		c.send(publish(1, 1, "a", "x"))
		expect[*codec.PingResp](c)
		require.Equal(t, time.Second, time.Since(start))
		expect[*codec.PubAck](c)
		require.Equal(t, 1600*time.Millisecond, time.Since(start))
		c.send(&codec.PingReq{})
		synctest.Wait()
		b.Delay(0)
		c.send(publish(1, 2, "a", "x"))
		expect[*codec.PingResp](c)
		expect[*codec.PubAck](c)
		require.Equal(t, 2600*time.Millisecond, time.Since(start), "the order stays")
		b.Delay(time.Hour)
		c.send(&codec.PingReq{})
		synctest.Wait()
		b.Drop("me")
		c.closed()
		require.Equal(t, 2600*time.Millisecond, time.Since(start), "what waits is lost")
	})
}

func TestDrop(t *testing.T) {
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		one, _ := connect(t, b, v, "one")
		two, _ := connect(t, b, v, "two")
		three, _ := connect(t, b, v, "three")
		require.Equal(t, 1, b.Drop("two", "nobody"))
		two.closed()
		one.ping()
		require.Equal(t, 2, b.Drop())
		one.closed()
		three.closed()
		require.Zero(t, b.Drop())
	})
}

func TestDisconnectByTheBroker(t *testing.T) { // §3.14
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		c, _ := connect(t, b, v, "me")
		require.Equal(t, 1, b.Disconnect(codec.Disconnect{Code: codec.ServerMoved,
			Properties: &codec.DisconnectProperties{ServerReference: "other:1883"}}))
		if v == codec.V5 {
			d := expect[*codec.Disconnect](c)
			require.Equal(t, codec.ServerMoved, d.Code)
			require.Equal(t, "other:1883", d.Properties.ServerReference)
		}
		c.closed()
	})
}

func TestOnPacket(t *testing.T) {
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t)
		var seen []string
		b.OnPacket(func(id string, from codec.Side, p codec.Packet) mqtttest.Action {
			seen = append(seen, fmt.Sprint(id, " ", from, " ", p.Type()))
			switch p := p.(type) {
			case *codec.Publish:
				p.Topic += "/changed"
			case *codec.PingReq:
				return mqtttest.ActionDrop
			case *codec.PubAck:
				return mqtttest.ActionCutBefore
			}
			return mqtttest.ActionPass
		})
		c, _ := connect(t, b, v, "me")
		c.send(&codec.PingReq{})
		c.send(publish(1, 1, "a", "x"))
		c.closed()
		require.Equal(t, []string{" client CONNECT", "me server CONNACK", "me client PINGREQ", "me client PUBLISH", "me server PUBACK"}, seen)
		require.Equal(t, "a/changed", b.Received()[0].Message.Topic)
		b.OnPacket(nil)
		c, _ = connect(t, b, v, "me")
		c.ping()
	})
}

func TestAuthorizePublish(t *testing.T) { // §3.4.2.1, §3.5.2.1
	overVersions(t, func(t *testing.T, v codec.Version) {
		b := broker(t, mqtttest.BrokerConfig{Authorize: func(_, topic string, publish bool) codec.ReasonCode {
			if publish && topic == "secret" {
				return codec.NotAuthorized
			}
			return codec.Success
		}})
		c, _ := connect(t, b, v, "me")
		want := codec.Success
		if v == codec.V5 {
			want = codec.NotAuthorized
		}
		c.send(publish(0, 0, "secret", "x"), publish(1, 1, "secret", "x"), publish(2, 2, "secret", "x"))
		require.Equal(t, want, expect[*codec.PubAck](c).Code)
		require.Equal(t, want, expect[*codec.PubRec](c).Code)
		c.send(&codec.PubRel{PacketID: 2}, publish(0, 0, "open", "y"))
		expect[*codec.PubComp](c)
		require.Equal(t, []string{"y"}, payloads(b))
	})
}
