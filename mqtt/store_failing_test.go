package mqtt_test

import (
	"errors"
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
