package mqtt_test

import (
	"errors"
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
}
