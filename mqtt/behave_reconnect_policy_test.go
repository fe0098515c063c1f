package mqtt_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// flaky is a Broker whose link dies around the first four packets of a kind, and a client of it. acks counts the answers of
// another kind that left, by Packet Identifier; read it when nothing moves.
func flaky(t *testing.T, v mqtt.Version, kind, ack codec.Type, how mqtttest.Action) (c *mqtt.Client, b *mqtttest.Broker, acks map[uint16]int) {
	t.Helper()
	b = mqtttest.NewBroker(mqtttest.BrokerConfig{})
	t.Cleanup(b.Close)
	acks = map[uint16]int{}
	left := 4
	b.OnPacket(func(_ string, from codec.Side, p codec.Packet) mqtttest.Action {
		switch {
		case from == codec.FromClient && p.Type() == kind && left > 0:
			left--
			return how
		case from == codec.FromServer && p.Type() == ack:
			acks[packetID(p)]++
		}
		return mqtttest.ActionPass
	})
	c, err := mqtt.New(mqtt.Config{Version: v, Dialer: b, Session: mqtt.SessionDurable, ClientID: "c"})
	require.NoError(t, err)
	t.Cleanup(func() { c.Abort() })
	require.NoError(t, c.Connect(t.Context()))
	return c, b, acks
}

func packetID(p codec.Packet) uint16 {
	switch p := p.(type) {
	case *codec.SubAck:
		return p.PacketID
	case *codec.PubAck:
		return p.PacketID
	case *codec.PubComp:
		return p.PacketID
	}
	return 0
}

var cuts = map[string]mqtttest.Action{"before": mqtttest.ActionCutBefore, "after": mqtttest.ActionCutAfter}

func TestFlakyLink(t *testing.T) {
	for where, how := range cuts {
		both(t, "B059 the link dies "+where+" the first four SUBSCRIBEs: one acked SUBSCRIBE for each packet id", func(t *testing.T, v mqtt.Version) {
			client, b, acks := flaky(t, v, codec.TypeSubscribe, codec.TypeSubAck, how)
			grants, err := client.Subscribe(t.Context(), mqtt.Subscription{Filter: "a/b", QoS: mqtt.AtLeastOnce})
			require.NoError(t, err)
			require.Equal(t, mqtt.AtLeastOnce, grants[0].QoS)
			elapse(time.Minute)
			require.Equal(t, 5, b.Connections())
			require.Len(t, acks, 1, "SUBACKs by packet id")
			for id, n := range acks {
				require.Equal(t, 1, n, "SUBACKs with packet id %d", id)
			}
			require.Len(t, b.Subscriptions("c"), 1)
			require.Empty(t, b.Violations())
		})
		for qos, ack := range map[mqtt.QoS]codec.Type{mqtt.AtLeastOnce: codec.TypePubAck, mqtt.ExactlyOnce: codec.TypePubComp} {
			both(t, "B060 the link dies "+where+" the first four PUBLISHes of QoS "+qos.String()+": each id acked once, one completion", func(t *testing.T, v mqtt.Version) {
				client, b, acks := flaky(t, v, codec.TypePublish, ack, how)
				d, err := client.PublishAsync(t.Context(), message(qos, "hi"))
				require.NoError(t, err)
				require.NoError(t, d.Wait(t.Context()))
				require.NoError(t, client.Flush(t.Context()))
				elapse(time.Minute)
				require.Equal(t, 5, b.Connections())
				require.Len(t, acks, 1)
				for id, n := range acks {
					require.Equal(t, 1, n, "acknowledgements with packet id %d", id)
				}
				out := client.Stats().Out
				require.Equal(t, [2]uint64{1, 1}, [2]uint64{out.Admitted, out.Done})
				require.Empty(t, b.Violations())
				if qos == mqtt.ExactlyOnce {
					require.Len(t, b.Received(), 1)
				}
			})
		}
	}
}

func TestReconnectPolicy(t *testing.T) {
	for _, code := range []codec.ReasonCode{
		codec.UnsupportedProtocolVersion, codec.ClientIdentifierNotValid, codec.BadUserNameOrPassword, codec.NotAuthorized, codec.Banned,
	} {
		bubble(t, "B063 permanent refusals end the client: "+code.String(), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Version: mqtt.V5})
			conn.Close()
			s.refuse(code)
			require.ErrorIs(t, s.ended(), code)
			s.noDial(time.Hour)
		})
	}
	for _, code := range []codec.ReasonCode{codec.ServerUnavailable, codec.ServerBusy, codec.QuotaExceeded, codec.ConnectionRateExceeded} {
		bubble(t, "B063 passing refusals don't: "+code.String(), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{Version: mqtt.V5})
			conn.Close()
			s.refuse(code)
			s.works(s.accept())
		})
	}
	bubble(t, "B063 a maximum of attempts ends the client", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{Attempts: 3}})
		s.server.RefuseDials(errUnreachable)
		conn.Close()
		elapse(time.Minute)
		require.ErrorIs(t, s.ended(), errUnreachable)
		require.Equal(t, 1+3, s.server.Dials())
		require.Equal(t, mqtt.StateClosed, s.client.State())
	})
	bubble(t, "B063 a maximum of time, by Retry, ends the client", func(t *testing.T) {
		start := time.Now()
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{Retry: func(int, error) (time.Duration, bool) {
			return time.Minute, time.Since(start) < 10*time.Minute
		}}})
		s.server.RefuseDials(errUnreachable)
		conn.Close()
		elapse(time.Hour)
		require.ErrorIs(t, s.ended(), errUnreachable)
		require.Equal(t, 1+10, s.server.Dials())
	})
	bubble(t, "B064 session taken over: the client reports it, ends, and doesn't fight", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		require.NoError(t, conn.Send(&codec.Disconnect{Code: codec.SessionTakenOver}))
		conn.Close()
		require.ErrorIs(t, s.ended(), codec.SessionTakenOver)
		require.Equal(t, []string{"Connected", "Offline", "Disconnected", "Closed"}, s.told())
		s.noDial(time.Hour)
	})
	bubble(t, "B064 with a Retry that says so it comes back", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{Retry: func(int, error) (time.Duration, bool) { return time.Hour, true }}})
		require.NoError(t, conn.Send(&codec.Disconnect{Code: codec.SessionTakenOver}))
		conn.Close()
		took, _ := s.gap()
		require.Equal(t, time.Hour, took)
	})
	for _, code := range []codec.ReasonCode{codec.UseAnotherServer, codec.ServerMoved} {
		bubble(t, "B065 the server reference of a DISCONNECT is exposed: "+code.String(), func(t *testing.T) {
			s, conn := up(t, mqtt.Config{})
			require.NoError(t, conn.Send(&codec.Disconnect{Code: code, Properties: &codec.DisconnectProperties{ServerReference: "other:1883"}}))
			conn.Close()
			refusal := as[*mqtt.ReasonError](t, awaitEvent[mqtt.EventDisconnected](s).Err)
			require.Equal(t, [3]any{"DISCONNECT", code, "other:1883"}, [3]any{refusal.Packet, refusal.Code, refusal.ServerReference})
		})
		bubble(t, "B065 the server reference of a CONNACK is exposed: "+code.String(), func(t *testing.T) {
			s := idle(t, mqtt.Config{})
			done := s.connecting()
			s.dialled().Handshake(t, codec.ConnAck{Code: code, Properties: &codec.ConnAckProperties{ServerReference: "other:1883"}})
			require.Equal(t, "other:1883", as[*mqtt.ReasonError](t, <-done).ServerReference)
		})
	}
	bubble(t, "B069 Reconnect keeps the session: not clean, and what is in flight is sent again", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		done := later(func() error { return s.client.Publish(t.Context(), message(mqtt.AtLeastOnce, "hi")) })
		p := mqtttest.Expect[*codec.Publish](t, conn)
		again := later(func() error { return s.client.Reconnect(t.Context()) })
		mqtttest.Expect[*codec.Disconnect](t, conn)
		conn.Close()
		conn = s.dialled()
		require.False(t, conn.Handshake(t, codec.ConnAck{SessionPresent: true}).CleanStart)
		require.NoError(t, <-again)
		resent := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, [2]any{p.PacketID, true}, [2]any{resent.PacketID, resent.Dup})
		require.NoError(t, conn.Send(&codec.PubAck{PacketID: p.PacketID}))
		require.NoError(t, <-done)
	})
	both(t, "B070 Reconnect while offline: no stale DISCONNECT behind the next CONNECT", func(t *testing.T, v mqtt.Version) {
		s, conn := up(t, mqtt.Config{Version: v})
		s.server.HoldDials(true)
		conn.Close()
		synctest.Wait()
		for range 3 {
			later(func() error { return s.client.Reconnect(closing(t, time.Second)) })
			elapse(2 * time.Second)
		}
		s.server.HoldDials(false)
		conn = s.accept()
		conn.ExpectNothing(t, 10*time.Second)
		s.works(conn)
	})
	bubble(t, "B070 Close while offline: the next client's first packet behind CONNECT is its own", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{Session: mqtt.SessionDurable, ClientID: "c"})
		conn.Close()
		synctest.Wait()
		require.NoError(t, s.client.Close(closing(t, time.Minute)))
		s, conn = up(t, s.cfg)
		conn.ExpectNothing(t, 10*time.Second)
		s.works(conn)
	})
}
