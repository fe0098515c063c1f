package app

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestFruitless(t *testing.T) {
	up, why := mqtt.Event(mqtt.EventConnected{}), errors.New("why")
	down, own := mqtt.Event(mqtt.EventDisconnected{Err: why}), mqtt.Event(mqtt.EventDisconnected{Err: mqtt.ErrClosed})
	type step struct {
		event  mqtt.Event
		oldest time.Duration // minutes
	}
	for _, c := range []struct {
		name  string
		steps []step // a minute from one to the next
		ends  int
	}{
		{"the same message each time", []step{{up, 0}, {down, 1}, {up, 2}, {down, 3}, {up, 4}, {down, 5}}, 1},
		{"nothing is under way", []step{{up, 0}, {down, 0}, {up, 0}, {down, 0}, {up, 0}, {down, 0}}, 0},
		{"another one", []step{{up, 0}, {down, 9}, {up, 9}, {down, 11}, {up, 0}, {down, 1}, {up, 2}, {down, 3}}, 0},
		{"others that had waited behind it", []step{{up, 0}, {down, 9}, {up, 9}, {down, 10}, {up, 10}, {down, 11}, {up, 11}, {down, 12}}, 0},
		{"none is left, then the next", []step{{up, 0}, {down, 1}, {up, 2}, {down, 3}, {up, 0}, {down, 0}, {up, 0}, {down, 1}, {up, 2}, {down, 3}}, 0},
		{"our own end", []step{{up, 0}, {down, 1}, {up, 2}, {down, 3}, {up, 4}, {own, 5}}, 0},
		{"attempts that fail", []step{{up, 0}, {down, 1}, {down, 2}, {down, 3}, {up, 4}, {down, 5}}, 0},
		{"it is told once", []step{{up, 0}, {down, 1}, {up, 2}, {down, 3}, {up, 4}, {down, 5}, {up, 6}, {down, 7}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []error
				now := step{}
				f := Fruitless{Most: 3, Oldest: func() time.Duration { return now.oldest * time.Minute }, End: func(err error) { got = append(got, err) }}
				for _, now = range c.steps {
					time.Sleep(time.Minute)
					f.Hear(now.event)
				}
				require.Len(t, got, c.ends)
				for _, err := range got {
					require.ErrorIs(t, err, why)
					require.ErrorContains(t, err, "3 connections in a row")
				}
			})
		})
	}
}
