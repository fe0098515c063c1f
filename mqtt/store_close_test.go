package mqtt_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestStoreClose(t *testing.T) {
	both(t, "Contract18 Close writes the acknowledgements that were given, when the store has what they say", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		cfg := stored(v, d)
		cfg.Ack = mqtt.AckManual
		s, conn := up(t, cfg)
		messages := s.client.Messages()
		send(t, conn, incoming(2, 7, "m"), incoming(1, 8, "n"))
		m, n := <-messages, <-messages
		synctest.Wait()
		gate := d.slow()
		require.NoError(t, m.Ack())
		require.NoError(t, n.Ack())
		synctest.Wait()
		done := s.closes(time.Minute)
		quiet(t, conn)
		close(gate)
		expectNow[*codec.PubRec](t, conn)
		expectNow[*codec.PubAck](t, conn)
		expectNow[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-done)
	})
	for name, failing := range map[string]bool{"fails": true, "hangs": false} {
		both(t, "Contract18 nor does Close wait for ever for a store that "+name, func(t *testing.T, v mqtt.Version) {
			d := newDisk()
			cfg := stored(v, d)
			cfg.Ack = mqtt.AckManual
			s, conn := up(t, cfg)
			send(t, conn, incoming(2, 7, "m"))
			m := <-s.client.Messages()
			synctest.Wait()
			if failing {
				d.fail(errors.New("disk full"))
			} else {
				defer close(d.slow())
			}
			require.NoError(t, m.Ack())
			synctest.Wait()
			start := time.Now()
			err := s.client.Close(closing(t, 5*time.Second))
			require.LessOrEqual(t, time.Since(start), 5*time.Second+200*time.Millisecond)
			require.Equal(t, 1, leftUndone(t, err).Unacknowledged)
			require.Empty(t, leftUndone(t, err).Hook)
			<-s.client.Done()
		})
	}
	for name, polls := range map[string]bool{"": false, ", however often others ask": true} {
		for state, open := range map[string]bool{"a message is open": true, "its last word alone is left": false} {
			bubble(t, "Contract18 Close keeps to its context when the store hangs and "+state+name, func(t *testing.T) {
				d := newDisk()
				s, conn := up(t, stored(mqtt.V5, d))
				go serve(t.Context(), conn)
				synctest.Wait()
				defer close(d.slow())
				if open {
					s.async(mqtt.AtLeastOnce, "m")
				} else {
					_, err := s.client.Subscribe(soon(t), mqtt.Subscription{Filter: "f"})
					require.NoError(t, err)
				}
				var asking sync.WaitGroup
				defer asking.Wait()
				if polls {
					asking.Go(func() {
						for !closed(s.client.Done()) {
							s.client.Stats()
							elapse(20 * time.Millisecond)
						}
					})
				}
				start := time.Now()
				err := s.client.Close(closing(t, 3*time.Second))
				require.LessOrEqual(t, time.Since(start), 3*time.Second+200*time.Millisecond)
				require.Equal(t, open, err != nil)
				if open {
					require.Empty(t, leftUndone(t, err).Hook)
				}
				<-s.client.Done()
			})
		}
	}
	bubble(t, "Contract18 Abort doesn't wait for a store that hangs, nor blames one that keeps to its context", func(t *testing.T) {
		d := newDisk()
		s, conn := up(t, stored(mqtt.V5, d))
		go serve(t.Context(), conn)
		synctest.Wait()
		defer close(d.slow())
		s.async(mqtt.AtLeastOnce, "m")
		synctest.Wait()
		start := time.Now()
		u := leftUndone(t, s.client.Abort())
		require.LessOrEqual(t, time.Since(start), 100*time.Millisecond)
		require.Empty(t, u.Hook)
		require.Equal(t, 1, u.Uncertain)
		<-s.client.Done()
	})
	bubble(t, "Contract18 who asks while the last is written has an answer, though something else waits before", func(t *testing.T) {
		d := newDisk()
		s, conn := up(t, stored(mqtt.V5, d))
		early := s.declare("early")
		grant(t, conn)
		synctest.Wait()
		gate := d.slow()
		s.async(mqtt.AtLeastOnce, "m")
		synctest.Wait()
		send(t, conn, &codec.Disconnect{Code: codec.SessionTakenOver})
		synctest.Wait()
		s.async(mqtt.AtMostOnce, "lies in the channel")
		flushed := later(func() error { return s.client.Flush(context.Background()) })
		shut := later(func() error { return early.Close(context.Background()) })
		synctest.Wait()
		close(gate)
		require.ErrorIs(t, within(t, time.Minute, flushed), codec.SessionTakenOver)
		require.NoError(t, within(t, time.Minute, shut))
		<-s.client.Done()
	})
	bubble(t, "Contract1 what is taken back while the last is written has one outcome, and the client ends", func(t *testing.T) {
		d := newDisk()
		s, conn := up(t, stored(mqtt.V5, d))
		gate := d.slow()
		s.async(mqtt.AtLeastOnce, "m")
		synctest.Wait()
		send(t, conn, &codec.Disconnect{Code: codec.SessionTakenOver})
		synctest.Wait()
		del := s.async(mqtt.AtLeastOnce, "lies in the channel")
		require.NoError(t, del.Withdraw(soon(t)))
		close(gate)
		<-s.client.Done()
		require.ErrorIs(t, del.Wait(t.Context()), mqtt.ErrNotSent)
	})
	bubble(t, "Contract18 a withdrawal that the store never heard of is counted once, as kept", func(t *testing.T) {
		d := newDisk()
		s := idle(t, stored(mqtt.V5, d))
		del := s.async(mqtt.AtLeastOnce, "m")
		<-del.Stored()
		defer close(d.slow())
		require.NoError(t, del.Withdraw(soon(t)))
		synctest.Wait()
		u := leftUndone(t, s.client.Close(closing(t, time.Second)))
		require.Equal(t, []int{0, 1}, []int{u.NotSent, u.Kept})
		requireOnly(t, outcomeOf(t, del), mqtt.ErrKept)
		require.ErrorIs(t, outcomeOf(t, del), mqtt.ErrWithdrawn)
		stats := s.client.Stats().Out
		require.EqualValues(t, []uint64{1, 0, 1}, []uint64{stats.Admitted, stats.NotSent, stats.Kept})
	})
}
