package mqtt_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestStorePublish(t *testing.T) {
	both(t, "Contract19 nothing leaves before it is kept", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		synctest.Wait()
		gate := d.slow()
		for q := mqtt.AtLeastOnce; q <= mqtt.ExactlyOnce; q++ {
			del := s.async(q, "m")
			quiet(t, conn)
			select {
			case <-del.Stored():
				t.Fatal("told as stored, and it isn't")
			default:
			}
			gate <- struct{}{}
			<-del.Stored()
			p := expectPayload(t, conn, "m")
			require.False(t, p.Dup)
			if q == mqtt.AtLeastOnce {
				reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
				require.NoError(t, outcomeOf(t, del))
				gate <- struct{}{} // its removal
				continue
			}
			reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
			quiet(t, conn)
			gate <- struct{}{}
			expectRelease(t, conn, p.PacketID)
			reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
			require.NoError(t, outcomeOf(t, del))
			gate <- struct{}{}
		}
		close(gate)
		noRecords(t, d, "mn")
	})
	both(t, "Contract19 whoever publishes one at a time waits for one write each, and what is done is soon forgotten", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		synctest.Wait()
		before := d.written()
		for i := range 10 {
			del := s.async(mqtt.AtLeastOnce, numbered(i))
			p := expectPayload(t, conn, numbered(i))
			require.Equal(t, 2, d.count("mn"), "this one alone")
			reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
			require.NoError(t, outcomeOf(t, del))
		}
		synctest.Wait()
		require.Equal(t, before+10, d.written())
		noRecords(t, d, "mn")
		require.Equal(t, before+11, d.written())
	})
	both(t, "Contract19 what gathers meanwhile is kept with one write", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		synctest.Wait()
		gate := d.slow()
		for i := range 100 {
			s.async(mqtt.AtLeastOnce, numbered(i))
		}
		synctest.Wait()
		before := d.written()
		close(gate)
		for i := range 100 {
			expectPayload(t, conn, numbered(i))
		}
		require.LessOrEqual(t, d.written()-before, 2)
	})
	both(t, "Contract8 QoS 0 and SUBSCRIBE don't pass what is being kept", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		synctest.Wait()
		gate := d.slow()
		s.async(mqtt.AtLeastOnce, "1")
		s.async(mqtt.AtMostOnce, "2")
		s.declare("f")
		s.async(mqtt.AtMostOnce, "3")
		quiet(t, conn)
		close(gate)
		expectPayload(t, conn, "1")
		expectPayload(t, conn, "2")
		grant(t, conn)
		expectPayload(t, conn, "3")
	})
	both(t, "Contract1 kept: the client ends, and the next one goes on", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		cfg := stored(v, d)
		cfg.Backoff.Min = time.Minute // no attempt is under way at the end
		s, conn := up(t, cfg)
		sent := s.async(mqtt.ExactlyOnce, "sent")
		id := expectPayload(t, conn, "sent").PacketID
		conn.Close()
		synctest.Wait()
		waiting, loose := s.async(mqtt.AtLeastOnce, "waiting"), s.async(mqtt.AtMostOnce, "loose")
		blocked := later(func() error { return s.client.Publish(soon(t), message(mqtt.AtLeastOnce, "blocked")) })
		synctest.Wait()
		err := s.client.Close(closing(t, time.Second))
		u, ok := errors.AsType[*mqtt.UnfinishedError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, 3, u.Kept)
		require.Equal(t, 1, u.NotSent)
		requireOnly(t, outcomeOf(t, sent), mqtt.ErrKept)
		requireOnly(t, outcomeOf(t, waiting), mqtt.ErrKept)
		requireOnly(t, <-blocked, mqtt.ErrKept)
		require.ErrorIs(t, outcomeOf(t, waiting), mqtt.ErrClosed)
		requireOnly(t, outcomeOf(t, loose), mqtt.ErrNotSent)
		stats := s.client.Stats().Out
		require.EqualValues(t, 3, stats.Kept)
		require.Equal(t, stats.Admitted, stats.Done+stats.Refused+stats.NotSent+stats.Uncertain+stats.Kept)

		s = idle(t, s.cfg)
		conn = s.connected(true)
		p := expectPayload(t, conn, "sent")
		require.True(t, p.Dup)
		require.Equal(t, id, p.PacketID)
		require.False(t, expectPayload(t, conn, "waiting").Dup)
		require.False(t, expectPayload(t, conn, "blocked").Dup)
		quiet(t, conn)
	})
	both(t, "B223 after a crash each exchange goes on where it was, in order", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		_, one := s.inFlight(conn, mqtt.AtLeastOnce, "one")
		_, two := s.inFlight(conn, mqtt.ExactlyOnce, "two")
		_, three := s.inFlight(conn, mqtt.ExactlyOnce, "three")
		reply(t, conn, &codec.PubRec{PacketID: two.PacketID})
		expectRelease(t, conn, two.PacketID)
		synctest.Wait()
		s, d = s.reborn(d)
		conn = s.connected(true)
		one.Dup, three.Dup = true, true
		require.Equal(t, one, expectPayload(t, conn, "one"))
		expectRelease(t, conn, two.PacketID)
		require.Equal(t, three, expectPayload(t, conn, "three"))
		next, p := s.inFlight(conn, mqtt.AtLeastOnce, "next")
		require.NotContains(t, []uint16{one.PacketID, two.PacketID, three.PacketID}, p.PacketID)
		reply(t, conn, &codec.PubAck{PacketID: one.PacketID}, &codec.PubComp{PacketID: two.PacketID}, &codec.PubRec{PacketID: three.PacketID})
		expectRelease(t, conn, three.PacketID)
		reply(t, conn, &codec.PubComp{PacketID: three.PacketID}, &codec.PubAck{PacketID: p.PacketID})
		require.NoError(t, outcomeOf(t, next))
		require.NoError(t, s.client.Flush(soon(t)))
		noRecords(t, d, "mn")
	})
	both(t, "Contract6 after a crash, and the session lost: QoS 1 as new, QoS 2 that left is uncertain", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		s.inFlight(conn, mqtt.AtLeastOnce, "one")
		s.inFlight(conn, mqtt.ExactlyOnce, "two")
		conn.Close()
		synctest.Wait()
		s.async(mqtt.ExactlyOnce, "three")
		synctest.Wait()
		s, d = s.reborn(d)
		conn = s.connected(false)
		require.False(t, expectPayload(t, conn, "one").Dup)
		require.False(t, expectPayload(t, conn, "three").Dup)
		quiet(t, conn)
		require.Contains(t, events(s.client), mqtt.Event(mqtt.EventSessionLost{Republished: 1, Uncertain: 1}))
		synctest.Wait()
		s, _ = s.reborn(d) // and again: what was published as new is in flight like any other
		conn = s.connected(true)
		require.True(t, expectPayload(t, conn, "one").Dup)
		require.True(t, expectPayload(t, conn, "three").Dup)
	})
	both(t, "Contract2 withdrawn from the store too, before it is told", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s := idle(t, stored(v, d))
		del := s.async(mqtt.AtLeastOnce, "m")
		<-del.Stored()
		gate := d.slow()
		require.NoError(t, del.Withdraw(soon(t)))
		openDelivery(t, del)
		gate <- struct{}{}
		err := outcomeOf(t, del)
		requireOnly(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, err, mqtt.ErrWithdrawn)
		require.Zero(t, d.count("mn"))
		short := closing(t, time.Second)
		done := later(func() error { return s.client.Publish(short, message(mqtt.ExactlyOnce, "n")) })
		gate <- struct{}{}
		pending(t, done)
		<-short.Done()
		gate <- struct{}{}
		err = <-done
		requireOnly(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Zero(t, d.count("mn"))
		close(gate)
	})
	both(t, "Contract2 withdrawn before the store had it: told at once", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s := idle(t, stored(v, d))
		synctest.Wait()
		gate := d.slow()
		first := s.async(mqtt.AtLeastOnce, "first")
		synctest.Wait()
		second := s.async(mqtt.AtLeastOnce, "second")
		synctest.Wait()
		require.NoError(t, second.Withdraw(soon(t)))
		requireOnly(t, outcomeOf(t, second), mqtt.ErrNotSent)
		close(gate)
		<-first.Stored()
		s, _ = s.reborn(d)
		conn := s.connected(false)
		expectPayload(t, conn, "first")
		quiet(t, conn)
	})
	both(t, "Contract2 the identifier of a message that was withdrawn after it left stays taken over a crash", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		del, p := s.inFlight(conn, mqtt.ExactlyOnce, "gone")
		require.NoError(t, del.Withdraw(soon(t)))
		requireOnly(t, outcomeOf(t, del), mqtt.ErrUncertain)
		synctest.Wait()
		s, d = s.reborn(d)
		conn = s.connected(true)
		quiet(t, conn) // it isn't sent again
		for range 3 {
			_, next := s.inFlight(conn, mqtt.ExactlyOnce, "next")
			require.NotEqual(t, p.PacketID, next.PacketID)
		}
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
		elapse(50 * time.Millisecond)
		require.Equal(t, 6, d.count("mn"), "three messages in flight")
	})
	both(t, "Contract2 over while it is published again: only the waiting ends", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		ctx := closing(t, 10*time.Second)
		done := later(func() error { return s.client.Publish(ctx, message(mqtt.AtLeastOnce, "m")) })
		expectPayload(t, conn, "m")
		synctest.Wait()
		gate := d.slow()
		conn.Close()
		conn = s.accept(codec.ConnAck{SessionPresent: false})
		<-ctx.Done()
		inFlight, ok := errors.AsType[*mqtt.InFlightError](<-done)
		require.True(t, ok)
		close(gate)
		reply(t, conn, &codec.PubAck{PacketID: expectPayload(t, conn, "m").PacketID})
		require.NoError(t, outcomeOf(t, inFlight.Delivery))
	})
	both(t, "Contract4 expiry goes on counting while no process runs", func(t *testing.T, v mqtt.Version) {
		if v != mqtt.V5 {
			return
		}
		d := newDisk()
		s := idle(t, stored(v, d))
		for _, life := range []time.Duration{10 * time.Second, time.Minute} {
			m := message(mqtt.AtLeastOnce, life.String())
			m.Properties = &mqtt.PublishProperties{MessageExpiryInterval: new(life)}
			del, err := s.client.PublishAsync(soon(t), m)
			require.NoError(t, err)
			<-del.Stored()
		}
		next := d.crash()
		s.client.Abort()
		time.Sleep(20 * time.Second)
		cfg := s.cfg
		cfg.Store = next
		s = idle(t, cfg)
		conn := s.connected(false)
		require.EqualValues(t, 40, *expectPayload(t, conn, "1m0s").Properties.MessageExpiryInterval)
		quiet(t, conn)
		require.Equal(t, 2, next.count("mn"))
	})
	bubble(t, "Contract4 it expires while the store has not said that it may leave", func(t *testing.T) {
		d := newDisk()
		s, conn := up(t, stored(mqtt.V5, d))
		synctest.Wait()
		gate := d.slow()
		m := message(mqtt.AtLeastOnce, "m")
		m.Properties = &mqtt.PublishProperties{MessageExpiryInterval: new(time.Second)}
		del := s.asyncMessage(m)
		s.async(mqtt.AtLeastOnce, "n")
		elapse(10 * time.Second)
		close(gate)
		expectPayload(t, conn, "n")
		quiet(t, conn)
		requireOnly(t, outcomeOf(t, del), mqtt.ErrNotSent)
		require.ErrorIs(t, outcomeOf(t, del), mqtt.ErrExpired)
		require.Equal(t, 2, d.count("mn"))
	})
	both(t, "B108 what the store does not take fails, and is never sent", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		synctest.Wait()
		full := errors.New("disk full")
		d.fail(full)
		err := s.client.Publish(soon(t), message(mqtt.AtLeastOnce, "m"))
		requireOnly(t, err, mqtt.ErrNotSent)
		require.ErrorIs(t, err, full)
		failure, ok := errors.AsType[*mqtt.StoreError](err)
		require.True(t, ok)
		require.ErrorIs(t, failure, full)
		quiet(t, conn)
		require.NoError(t, s.client.Publish(soon(t), message(mqtt.AtMostOnce, "loose")))
		expectPayload(t, conn, "loose")
		d.fail(nil)
		del := s.async(mqtt.AtLeastOnce, "n")
		p := mqtttest.Expect[*codec.Publish](t, conn)
		require.Equal(t, "n", string(p.Payload))
		reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		require.NoError(t, outcomeOf(t, del))
		noRecords(t, d, "mn")
	})
	both(t, "B234 what is known of older messages is kept as soon as the store works again, and nothing goes on before", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		del, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
		synctest.Wait()
		d.fail(errors.New("disk full"))
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		conn.ExpectNothing(t, 10*time.Second)
		openDelivery(t, del)
		d.fail(nil)
		require.Equal(t, p.PacketID, mqtttest.Expect[*codec.PubRel](t, conn).PacketID)
		reply(t, conn, &codec.PubComp{PacketID: p.PacketID})
		require.NoError(t, outcomeOf(t, del))
		noRecords(t, d, "mn")
	})
	both(t, "a window that is smaller than what waits: identifiers are given as it opens", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		cfg := stored(v, d)
		cfg.MaxInFlight = 3
		s, conn := up(t, cfg)
		for i := range 10 {
			s.async(mqtt.QoS(1+i%2), numbered(i))
		}
		for i := range 10 {
			p := expectPayload(t, conn, numbered(i))
			if i < 2 {
				continue
			}
			if i == 2 {
				quiet(t, conn)
			}
			answer := codec.Packet(&codec.PubAck{PacketID: p.PacketID - 2})
			if (i-2)%2 == 1 {
				answer = &codec.PubRec{PacketID: p.PacketID - 2, Code: codec.Success}
			}
			reply(t, conn, answer)
			if (i-2)%2 == 1 {
				expectRelease(t, conn, p.PacketID-2)
				reply(t, conn, &codec.PubComp{PacketID: p.PacketID - 2})
			}
		}
	})
}

func TestStoreThatDoesNotReturn(t *testing.T) {
	for name, ignores := range map[string]bool{"and keeps to its context": false, "whatever its context says": true} {
		bubble(t, "Contract18 Close keeps to its own context, "+name, func(t *testing.T) {
			d := newDisk()
			s, conn := up(t, stored(mqtt.V5, d))
			go serve(t.Context(), conn)
			synctest.Wait()
			gate := d.slow()
			d.deaf = ignores
			del := s.async(mqtt.AtLeastOnce, "m")
			start := time.Now()
			err := s.client.Close(closing(t, time.Second))
			require.LessOrEqual(t, time.Since(start), time.Second+200*time.Millisecond)
			u, ok := errors.AsType[*mqtt.UnfinishedError](err)
			require.True(t, ok, "%v", err)
			if ignores {
				require.Contains(t, u.Hook, "Store")
			} else {
				require.Equal(t, 1, u.Uncertain)
				requireOnly(t, outcomeOf(t, del), mqtt.ErrUncertain)
			}
			close(gate)
			<-s.client.Done()
		})
	}
}
