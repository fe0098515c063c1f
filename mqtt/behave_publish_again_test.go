package mqtt_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestExpiryOfWhatIsQueuedAgain(t *testing.T) {
	// alarmed lets an expiry pass while the message is with the writer, so that no alarm of its admission is left for it.
	alarmed := func(t *testing.T, s *scene) {
		t.Helper()
		early := s.asyncMessage(expiring(mqtt.AtMostOnce, "early", time.Second))
		elapse(time.Second)
		require.ErrorIs(t, outcomeOf(t, early), mqtt.ErrExpired)
	}
	for _, q := range []mqtt.QoS{mqtt.AtMostOnce, mqtt.AtLeastOnce, mqtt.ExactlyOnce} {
		bubble(t, "B089 of which not a byte left before its connection was lost: it expires in time, QoS "+q.String(), func(t *testing.T) {
			s := idle(t, keptSession(mqtt.V5))
			s.async(mqtt.AtMostOnce, "blocks the writer")
			start := time.Now()
			d := s.asyncMessage(expiring(q, "never", 10*time.Second))
			done := s.connecting()
			conn := s.stuckAccept(false)
			require.NoError(t, <-done)
			synctest.Wait()
			require.EqualValues(t, min(q, 1), s.client.Stats().Out.InFlight, "all is with the writer")
			alarmed(t, s)
			s.server.HoldDials(true)
			conn.Reset()
			elapse(time.Until(start.Add(10 * time.Second)))
			require.True(t, isClosed(d.Done()))
			requireOnly(t, outcomeOf(t, d), mqtt.ErrNotSent)
			require.ErrorIs(t, outcomeOf(t, d), mqtt.ErrExpired)
		})
	}
	bubble(t, "B089 that left on a session which is lost: it expires in time, and is uncertain", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Session: mqtt.SessionConnection})
		start := time.Now()
		d := s.asyncMessage(expiring(mqtt.AtLeastOnce, "once", 10*time.Second))
		expectPayload(t, conn, "once")
		stuck(conn, 1)
		s.async(mqtt.AtMostOnce, "blocks the writer")
		synctest.Wait()
		alarmed(t, s)
		s.server.HoldDials(true)
		conn.Reset()
		elapse(time.Until(start.Add(10 * time.Second)))
		require.True(t, isClosed(d.Done()))
		requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
		require.ErrorIs(t, outcomeOf(t, d), mqtt.ErrExpired)
		s.server.HoldDials(false)
		conn = s.accept()
		expectPayload(t, conn, "blocks the writer")
		quiet(t, conn)
	})
}

func TestReleaseOfWhatWasWithdrawn(t *testing.T) {
	both(t, "B126 withdrawn when its PUBREL waits to be sent again: the PUBREL still leaves, and its identifier becomes free", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, keptSession(v))
		var sent []*codec.Publish
		var all []*mqtt.Delivery
		for _, payload := range []string{strings.Repeat("fills a buffer ", 10_000), "sent", "released"} {
			d, p := s.inFlight(conn, mqtt.ExactlyOnce, payload)
			sent, all = append(sent, p), append(all, d)
		}
		reply(t, conn, &codec.PubRec{PacketID: sent[2].PacketID})
		expectRelease(t, conn, sent[2].PacketID)
		conn.Close()
		conn = s.stuckAccept(true)
		synctest.Wait()
		for _, d := range all[1:] {
			require.NoError(t, d.Withdraw(t.Context()))
			requireOnly(t, outcomeOf(t, d), mqtt.ErrUncertain)
		}
		unstuck(conn)
		p := expectPayload(t, conn, string(sent[0].Payload))
		require.Equal(t, [2]any{sent[0].PacketID, true}, [2]any{p.PacketID, p.Dup})
		expectRelease(t, conn, sent[2].PacketID)
		quiet(t, conn)
		reply(t, conn, &codec.PubComp{PacketID: sent[2].PacketID})
		finish(t, conn, p)
		require.NoError(t, outcomeOf(t, all[0]))
		conn.Close()
		quiet(t, s.resume())
	})
}

// stuckAccept takes the next connection, and has the server stop reading before it accepts: of what the client then sends one
// byte leaves.
func (s *scene) stuckAccept(present bool) *mqtttest.Conn {
	s.Helper()
	conn := s.dialled()
	mqtttest.Expect[*codec.Connect](s, conn)
	stuck(conn, 1)
	reply(s, conn, &codec.ConnAck{SessionPresent: present})
	return conn
}

func TestAliasOfWhatWaited(t *testing.T) {
	bubble(t, "B247 published with an alias and no connection: leaves with its topic alone", func(t *testing.T) {
		for _, most := range []uint16{0, 10} {
			s := idle(t, keptSession(mqtt.V5))
			aliased := func(payload string, q mqtt.QoS) {
				m := message(q, payload)
				m.Properties = &mqtt.PublishProperties{TopicAlias: 3}
				s.asyncMessage(m)
			}
			aliased("m0", mqtt.AtMostOnce)
			aliased("m1", mqtt.AtLeastOnce)
			conn := s.connect(announcing(codec.ConnAckProperties{TopicAliasMaximum: most}))
			for _, want := range []string{"m0", "m1"} {
				p := expectPayload(t, conn, want)
				require.Equal(t, "a/b", p.Topic)
				require.True(t, p.Properties == nil || p.Properties.TopicAlias == 0)
			}
			if most > 0 {
				aliased("m2", mqtt.AtLeastOnce)
				require.EqualValues(t, 3, expectPayload(t, conn, "m2").Properties.TopicAlias)
			}
		}
	})
}
