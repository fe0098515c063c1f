package mqtt_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestStoreThatFails(t *testing.T) {
	both(t, "B234 a message that is lost leaves nothing behind, whatever became of it during the write", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s := idle(t, stored(v, d))
		synctest.Wait()
		gate := d.slow()
		del := s.async(mqtt.AtLeastOnce, "m")
		synctest.Wait()
		s.connected(false) // and it gets its identifier
		synctest.Wait()
		d.fail(errors.New("disk full"))
		gate <- struct{}{}
		requireOnly(t, outcomeOf(t, del), mqtt.ErrNotSent)
		d.fail(nil)
		close(gate)
		elapse(5 * time.Second)
		require.Zero(t, d.count("mn"))
		s.reborn(d) // which reads it
	})
}

func TestStoreThatHangs(t *testing.T) {
	bubble(t, "Contract20 what is taken back while it hangs takes no memory", func(t *testing.T) {
		d := newDisk()
		cfg := stored(mqtt.V5, d)
		cfg.LatestOnly = true
		s := idle(t, cfg)
		synctest.Wait()
		gate := d.slow()
		s.async(mqtt.AtLeastOnce, "kept from the beginning")
		synctest.Wait()
		first := s.asyncMessage(mqtt.Message{Topic: "other", QoS: mqtt.ExactlyOnce, Payload: []byte("first")})
		payload := strings.Repeat("x", 10_000)
		before := heap()
		for range 1000 {
			s.async(mqtt.AtLeastOnce, payload)
		}
		last := s.async(mqtt.AtLeastOnce, "last")
		synctest.Wait()
		require.Less(t, heap(), before+5<<20)
		close(gate)
		<-first.Stored()
		<-last.Stored()
		elapse(time.Millisecond)
		require.Equal(t, 2, d.count("m"))
		s, _ = s.reborn(d)
		conn := s.connected(false)
		expectPayload(t, conn, "first")
		expectPayload(t, conn, "last")
		quiet(t, conn)
	})
	bubble(t, "nor does what is given its identifier again and again", func(t *testing.T) {
		d := newDisk()
		s, conn := up(t, stored(mqtt.V5, d))
		synctest.Wait()
		gate := d.slow()
		for i := range 100 {
			s.async(mqtt.AtLeastOnce, numbered(i))
		}
		for range 30 {
			conn.Close()
			conn = s.resume()
			synctest.Wait()
		}
		writes := d.writes
		close(gate)
		for i := range 100 {
			require.False(t, expectPayload(t, conn, numbered(i)).Dup)
		}
		require.LessOrEqual(t, d.writes-writes, 2)
		require.Equal(t, 200, d.count("mn"))
		s, _ = s.reborn(d)
		conn = s.connected(true)
		for i := range 100 {
			require.True(t, expectPayload(t, conn, numbered(i)).Dup)
		}
	})
}

// heap is what of it is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
