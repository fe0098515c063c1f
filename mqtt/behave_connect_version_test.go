package mqtt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// refuseVersion takes the next connection, whose CONNECT has to be of version v, and refuses that.
func (s *scene) refuseVersion(v codec.Version) {
	s.Helper()
	conn := s.dialled()
	require.Equal(s, v, mqtttest.Expect[*codec.Connect](s, conn).Version)
	require.NoError(s, conn.Send(&codec.ConnAck{Code: codec.UnsupportedProtocolVersion}))
	conn.ExpectClosed(s)
}

// acceptVersion takes the next connection, whose CONNECT has to be of version v.
func (s *scene) acceptVersion(v codec.Version) *mqtttest.Conn {
	s.Helper()
	conn := s.dialled()
	require.Equal(s, v, conn.Handshake(s).Version)
	return conn
}

func TestVersionAuto(t *testing.T) { // §3.1.2.2
	bubble(t, "VersionAuto begins with 5.0 and stays there", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		done := s.connecting()
		s.acceptVersion(codec.V5)
		require.NoError(t, <-done)
	})
	bubble(t, "VersionAuto: 5.0, then 3.1.1, then 3.1, each at once after a refusal", func(t *testing.T) {
		s := idle(t, mqtt.Config{ClientID: "c"})
		done, start := s.connecting(), time.Now()
		s.refuseVersion(codec.V5)
		s.refuseVersion(codec.V311)
		s.acceptVersion(codec.V31)
		require.NoError(t, <-done)
		require.Zero(t, time.Since(start))
		ack, _ := s.client.ConnAck()
		require.Equal(t, mqtt.V31, ack.Version)
		require.Equal(t, []string{"Connected"}, s.told(), "finding the version is no outage")
	})
	bubble(t, "a CONNACK of 3.x to a CONNECT of 5.0, 20 02 00 01, refuses the version", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](t, conn)
		require.NoError(t, conn.SendBytes([]byte{0x20, 2, 0, 1}))
		s.acceptVersion(codec.V311)
		require.NoError(t, <-done)
	})
	for _, code := range []codec.ReasonCode{codec.NotAuthorized, codec.ServerUnavailable, codec.ProtocolError, codec.MalformedPacket} {
		bubble(t, "another refusal is none of the version: "+code.String(), func(t *testing.T) {
			s := idle(t, mqtt.Config{})
			done := s.connecting()
			s.refuse(code)
			require.ErrorIs(t, <-done, code)
			s.noDial(time.Hour)
		})
	}
	bubble(t, "a server that closes without CONNACK has not refused the version, and the error says to try V311", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true})
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](t, conn)
		conn.Close()
		require.ErrorContains(t, awaitEvent[mqtt.EventReconnecting](s).Err, "V311")
		s.acceptVersion(codec.V5)
		require.NoError(t, <-done)
	})
	bubble(t, "the advice is not given to a client that speaks 3.1.1 already", func(t *testing.T) {
		s := idle(t, mqtt.Config{Version: mqtt.V311})
		done := s.connecting()
		s.dialled().Close()
		err := <-done
		require.Error(t, err)
		require.False(t, strings.Contains(err.Error(), "V311"), "%v", err)
	})
	bubble(t, "a version that worked is where the next connection begins", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		done := s.connecting()
		s.refuseVersion(codec.V5)
		conn := s.acceptVersion(codec.V311)
		require.NoError(t, <-done)
		conn.Close()
		s.acceptVersion(codec.V311)
	})
	bubble(t, "a version that never worked is not: the next attempt begins with 5.0 again", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true})
		done := s.connecting()
		s.refuseVersion(codec.V5)
		s.dialled().Close()
		s.acceptVersion(codec.V5)
		require.NoError(t, <-done)
	})
	bubble(t, "each server has its own version", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtt://old", "mqtt://new"}})
		done := s.connecting()
		s.refuseVersion(codec.V5)
		old := s.acceptVersion(codec.V311)
		require.NoError(t, <-done)
		old.Close()
		old = s.dialled()
		require.Equal(t, codec.V311, mqtttest.Expect[*codec.Connect](t, old).Version)
		old.Close() // before CONNACK, so the other server has its turn
		s.acceptVersion(codec.V5)
	})
	bubble(t, "a server that refuses each version is asked for 5.0 again the next time", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true})
		done := s.connecting()
		for _, v := range []codec.Version{codec.V5, codec.V311, codec.V31} {
			s.refuseVersion(v)
		}
		s.acceptVersion(codec.V5)
		require.NoError(t, <-done)
	})
}

func TestVersionFloor(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  mqtt.Config
		down []codec.Version
	}{
		{"explicit 5.0", mqtt.Config{Version: mqtt.V5}, []codec.Version{codec.V5}},
		{"explicit 3.1.1", mqtt.Config{Version: mqtt.V311}, []codec.Version{codec.V311}},
		{"user properties need 5.0", mqtt.Config{UserProperties: []mqtt.UserProperty{{Key: "a"}}}, []codec.Version{codec.V5}},
		{"a password alone needs 5.0", mqtt.Config{Password: []byte("p")}, []codec.Version{codec.V5}},
		{"an empty id needs 3.1.1", mqtt.Config{NoClientID: true}, []codec.Version{codec.V5, codec.V311}},
		{"an id of 24 characters needs 3.1.1", mqtt.Config{ClientID: strings.Repeat("c", 24)}, []codec.Version{codec.V5, codec.V311}},
		{"nothing", mqtt.Config{}, []codec.Version{codec.V5, codec.V311, codec.V31}},
		{
			"user properties and Lenient", mqtt.Config{UserProperties: []mqtt.UserProperty{{Key: "a"}}, Lenient: true},
			[]codec.Version{codec.V5, codec.V311, codec.V31},
		},
	} {
		bubble(t, "never below what Config needs: "+c.name, func(t *testing.T) {
			s := idle(t, c.cfg)
			done := s.connecting()
			for _, v := range c.down {
				s.refuseVersion(v)
			}
			require.ErrorIs(t, <-done, codec.UnsupportedProtocolVersion)
			s.noDial(time.Hour)
		})
	}
}
