package replay

import (
	"cmp"
	"context"
	"io"
	"time"

	"github.com/sluicemq/sluice/mqtt"

	"github.com/sluicemq/sluice/cmd/mqtt/internal/belt"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/ndjson"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/remap"
	"github.com/sluicemq/sluice/cmd/mqtt/internal/tape"
)

// deck plays files one after the other: it gives the messages that are wanted, as they are going to be published.
type deck struct {
	paths []string
	stdin io.Reader
	edit  edit

	now   *tape.Reader // nil: the next path's turn
	next  int          // in paths
	first time.Time    // of the first message of all
}

// edit is what becomes of each message.
type edit struct {
	from, to moment
	maps     remap.Maps
	qos      int // of all; -1: their own
	drop     bool
	plain    bool // without properties
}

// rewind begins again.
func (d *deck) rewind() {
	d.close()
	d.next, d.first = 0, time.Time{}
}

func (d *deck) close() {
	if d.now != nil {
		d.now.Close()
		d.now = nil
	}
}

// message gives the next message, or io.EOF.
func (d *deck) message(ctx context.Context) (*ndjson.Record, error) {
	for {
		if d.now == nil {
			if d.next == len(d.paths) {
				return nil, io.EOF
			}
			var err error
			if d.now, err = tape.Open(ctx, d.paths[d.next], d.stdin); err != nil {
				return nil, err
			}
			d.next++
		}
		m, err := d.now.Next()
		if err == io.EOF {
			d.close()
			continue
		}
		if err != nil {
			return nil, cmp.Or(context.Cause(ctx), err)
		}
		if !d.wanted(m.Time) {
			continue
		}
		if err := d.edit.change(&m.Message); err != nil {
			return nil, d.now.Wrong(err)
		}
		return m, nil
	}
}

// wanted says whether a message is between --from and --to. One without a time is, where neither is given.
func (d *deck) wanted(at time.Time) bool {
	if at.IsZero() {
		return !d.edit.from.given && !d.edit.to.given
	}
	if d.first.IsZero() {
		d.first = at
	}
	return (!d.edit.from.given || !at.Before(d.edit.from.in(d.first))) && (!d.edit.to.given || at.Before(d.edit.to.in(d.first)))
}

func (e *edit) change(m *mqtt.Message) (err error) {
	if m.Topic, err = e.maps.Topic(m.Topic); err != nil {
		return err
	}
	if e.qos >= 0 {
		m.QoS = mqtt.QoS(e.qos)
	}
	if e.drop {
		m.Retain = false
	}
	if e.plain {
		m.Properties = nil
	}
	belt.Again(m)
	return nil
}
