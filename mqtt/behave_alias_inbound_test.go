package mqtt_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestAliasesFromTheServer(t *testing.T) {
	bubble(t, "B241 given a topic, used, given another, used", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{TopicAliasMaximum: 1})
		reply(t, conn, by(1, "t1", "a"), by(1, "", "b"), by(1, "t2", "c"), by(1, "", "d"))
		for _, want := range []string{"t1", "t1", "t2", "t2"} {
			m := s.next()
			require.Equal(t, want, m.Topic)
			require.Nil(t, m.Properties, "an alias means nothing to the application")
		}
	})
	bubble(t, "B241 every alias up to the maximum that was announced (MQTT-3.3.2-10)", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{TopicAliasMaximum: 65535})
		reply(t, conn, by(1, "first", ""), by(65535, "last", ""), by(1, "", ""), by(65535, "", ""))
		for _, want := range []string{"first", "last", "first", "last"} {
			require.Equal(t, want, s.next().Topic)
		}
	})
	for _, c := range []struct {
		name    string
		offered int
		bytes   string
		code    codec.ReasonCode
		section string
	}{
		{"B242 alias 0", 5, "30 07 00 01 61 03 23 00 00", codec.TopicAliasInvalid, "3.3.2.3.4"},
		{"B242 alias 0 without a topic", 5, "30 06 00 00 03 23 00 00", codec.TopicAliasInvalid, "3.3.2.3.4"},
		{"B242 an alias above the maximum", 5, "30 07 00 01 61 03 23 00 06", codec.TopicAliasInvalid, "3.3.2.3.4"},
		{"B242 an alias above the maximum without a topic", 5, "30 06 00 00 03 23 00 06", codec.TopicAliasInvalid, "3.3.2.3.4"},
		{"B242 an alias that has no topic", 5, "30 06 00 00 03 23 00 05", codec.ProtocolError, "3.3.4"},
		{"B242 an alias that has no topic, at QoS 2", 5, "34 08 00 00 00 07 03 23 00 05", codec.ProtocolError, "3.3.4"},
		{"B242 neither topic nor alias", 5, "30 03 00 00 00", codec.ProtocolError, "3.3.2.1"},
		{"B250 none are offered, and one is given", 0, "30 07 00 01 61 03 23 00 01", codec.TopicAliasInvalid, "3.3.2.3.4"},
		{"B250 none are offered, and one is used", 0, "30 06 00 00 03 23 00 01", codec.TopicAliasInvalid, "3.3.2.3.4"},
	} {
		bubble(t, fmt.Sprintf("%s: DISCONNECT 0x%02X, and a new connection", c.name, byte(c.code)), func(t *testing.T) {
			s, conn := listening(t, mqtt.Config{TopicAliasMaximum: c.offered})
			require.NoError(t, conn.SendBytes(raw(t, c.bytes)))
			expectExpelled(t, conn, mqtt.V5, c.code)
			conn.Close()
			down := awaitEvent[mqtt.EventDisconnected](s)
			fault := as[*mqtt.ProtocolError](t, down.Err)
			require.Equal(t, c.code, fault.Code)
			require.Equal(t, c.section, fault.Section)
			conn = s.accept()
			s.none()
			reply(t, conn, incoming(codec.AtMostOnce, 0, "works again"))
			require.Equal(t, "works again", string(s.next().Payload))
		})
	}
	bubble(t, "B248 what an alias meant is dropped with the connection", func(t *testing.T) {
		s, conn := listening(t, mqtt.Config{TopicAliasMaximum: 5})
		reply(t, conn, by(1, "t1", ""))
		require.Equal(t, "t1", s.next().Topic)
		conn.Close()
		conn = s.accept()
		reply(t, conn, by(1, "", ""))
		expectExpelled(t, conn, mqtt.V5, codec.ProtocolError)
		s.none()
	})
	bubble(t, "B249 QoS 2 by its alias alone keeps its topic, though the alias gets another before PUBREL", func(t *testing.T) {
		for _, order := range []string{"taken before", "taken behind"} {
			s, conn := listening(t, mqtt.Config{TopicAliasMaximum: 5, Ack: mqtt.AckManual})
			p := by(1, "", "exactly once")
			p.QoS, p.PacketID = codec.ExactlyOnce, 7
			reply(t, conn, by(1, "t1", "gives"), p)
			require.Equal(t, "t1", s.next().Topic)
			taken := func() {
				m := s.next()
				require.Equal(t, "t1", m.Topic)
				require.Equal(t, "exactly once", string(m.Payload))
				m.Ack()
				expectRec(t, conn, 7)
			}
			if order == "taken before" {
				taken()
			}
			reply(t, conn, by(1, "t2", "takes"))
			synctest.Wait()
			if order == "taken behind" {
				taken()
			}
			require.Equal(t, "t2", s.next().Topic)
			reply(t, conn, &codec.PubRel{PacketID: 7})
			expectComp(t, conn, 7)
			s.none()
		}
	})
	bubble(t, "B249 QoS 2 sent again on the next connection, where the alias means another topic: delivered once", func(t *testing.T) {
		cfg := keptSession(mqtt.V5)
		cfg.TopicAliasMaximum = 5
		s, conn := listening(t, cfg)
		p := by(1, "", "exactly once")
		p.QoS, p.PacketID = codec.ExactlyOnce, 7
		reply(t, conn, by(1, "t1", "gives"), p)
		s.next()
		require.Equal(t, "t1", s.next().Topic)
		expectRec(t, conn, 7)
		conn.Close()
		conn = s.resume()
		p.Dup = true
		reply(t, conn, by(1, "t2", "gives"), p)
		expectRec(t, conn, 7)
		require.Equal(t, "t2", s.next().Topic)
		reply(t, conn, &codec.PubRel{PacketID: 7})
		expectComp(t, conn, 7)
		s.none()
	})
}
