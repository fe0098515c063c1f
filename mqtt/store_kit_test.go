package mqtt_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// disk is a store that a test can slow down, break, and pull the plug of.
type disk struct {
	mu      sync.Mutex
	records map[string][]byte
	taken   bool
	broken  error                // what Write fails with
	gate    chan struct{}        // Write takes one of it, if there is one
	lag     func() time.Duration // how long a Write takes; nil: no time
	flaky   func() error         // what else it fails with; nil: nothing
	writes  int
	crashed bool
	deaf    bool // Write doesn't hear of its context
}

func newDisk() *disk { return &disk{records: make(map[string][]byte)} }

var errDead = errors.New("the process is dead")

func (d *disk) Load(context.Context) iter.Seq2[mqtt.StoreRecord, error] {
	return func(yield func(mqtt.StoreRecord, error) bool) {
		d.mu.Lock()
		taken, records := d.taken, maps.Clone(d.records)
		d.taken = true
		d.mu.Unlock()
		if taken {
			yield(mqtt.StoreRecord{}, mqtt.ErrStoreInUse)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(records)) {
			if !yield(mqtt.StoreRecord{Key: []byte(key), Value: records[key]}, nil) {
				return
			}
		}
	}
}

func (d *disk) Write(ctx context.Context, records []mqtt.StoreRecord) error {
	d.mu.Lock()
	gate, lag, flaky := d.gate, d.lag, d.flaky
	d.mu.Unlock()
	if lag != nil {
		elapse(lag())
	}
	if flaky != nil {
		if err := flaky(); err != nil {
			return err
		}
	}
	if gate != nil {
		select {
		case <-gate:
		case <-until(ctx, d.deaf):
			return ctx.Err()
		}
	}
	if d.write(records) {
		<-ctx.Done() // the dead hear nothing, and so do nothing more
		return errDead
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.broken
}

func (d *disk) write(records []mqtt.StoreRecord) (dead bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.crashed || d.broken != nil {
		return d.crashed
	}
	d.writes++
	for _, r := range records {
		if r.Value == nil {
			delete(d.records, string(r.Key))
		} else {
			d.records[string(r.Key)] = bytes.Clone(r.Value)
		}
	}
	return false
}

func until(ctx context.Context, deaf bool) <-chan struct{} {
	if deaf {
		return nil
	}
	return ctx.Done()
}

func (d *disk) Release() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = false
	return nil
}

// crash gives what is on the disk when its process dies here: that one's later writes come to nothing.
func (d *disk) crash() *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crashed = true
	return &disk{records: maps.Clone(d.records), lag: d.lag, flaky: d.flaky}
}

func (d *disk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
}

// slow makes each Write wait for a send on what it gives; closed, it lets all pass.
func (d *disk) slow() chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gate = make(chan struct{})
	return d.gate
}

// count says how many records begin with one of the kinds.
func (d *disk) count(kinds string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key := range d.records {
		if bytes.IndexByte([]byte(kinds), key[0]) >= 0 {
			n++
		}
	}
	return n
}

// written counts the writes that succeeded.
func (d *disk) written() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}

// ghosts counts the messages that were withdrawn after they left, and whose identifiers wait for an answer.
func (d *disk) ghosts() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, value := range d.records {
		if key[0] == 'n' && value[2]&1 != 0 {
			n++
		}
	}
	return n
}

// stored is a client with a store.
func stored(v mqtt.Version, store mqtt.Store) mqtt.Config {
	return mqtt.Config{Version: v, ClientID: "c", Store: store}
}

// reborn is another process with the store of one that has crashed, whose connection is gone.
func (s *scene) reborn(d *disk) (*scene, *disk) {
	s.Helper()
	next := d.crash()
	s.client.Abort()
	cfg := s.cfg
	cfg.Store = next
	return idle(s.T, cfg), next
}

// connected brings a client up whose server has its session, or has none.
func (s *scene) connected(present bool) *mqtttest.Conn {
	s.Helper()
	return s.connect(codec.ConnAck{SessionPresent: present})
}

// noRecords fails the test when the store has anything of the kinds, once nothing moves any more.
func noRecords(t *testing.T, d *disk, kinds string) {
	t.Helper()
	elapse(50 * time.Millisecond) // of the bubble: every process has come to rest, and nothing waits for company
	require.Zero(t, d.count(kinds))
}
