package main

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/sluicemq/sluice/mqtt"
)

// The flood in short, in one process with its server: what lives on the heap has a bound by Config, whatever the collector and
// the server do.
func TestFlood(t *testing.T) {
	for _, v := range []mqtt.Version{mqtt.V311, mqtt.V5} {
		t.Run(v.String(), func(t *testing.T) {
			f := flood{version: v, loose: 100_000, sure: 20_000, window: 5000}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			before := alive()
			c, err := f.begin(ctx, local(t))
			if err != nil {
				t.Fatal(err)
			}
			defer c.client.Abort()
			window := f.window
			if v == mqtt.V5 {
				window = min(window, floodConfig(v).ReceiveMaximum)
			}
			// One message is taken for each that is published, until the server has sent all that it can before more is acknowledged;
			// but for a few, whose acknowledgements are on their way.
			for c.client.Stats().In.Received+10 < f.loose+uint64(window)+c.tookSure {
				if err := errors.Join(c.publish(ctx), c.take(ctx)); err != nil {
					t.Fatal(err)
				}
			}
			in := c.client.Stats().In
			if most := int(in.Received - in.Taken - in.Dropped); most > floodConfig(v).Inbox.Messages+window {
				t.Errorf("%d messages wait", most)
			}
			if got, most := alive()-before, roomOf(floodConfig(v))+runtimeAndBuffers; got > most {
				t.Errorf("%s live on the heap, and %s may", mebibytes(got), mebibytes(most))
			} else {
				t.Logf("%s live on the heap; %d messages dropped, %d published", mebibytes(got), in.Dropped, c.published)
			}
			if in.Dropped == 0 {
				t.Error("nothing was dropped: this was no flood")
			}
			if err := c.finish(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// alive is how much lives on the heap.
func alive() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// local is the address of a server that ends with the test.
func local(t *testing.T) string {
	return everywhere(t).Address
}

// everywhere is a server over every transport in this process.
func everywhere(t *testing.T) places {
	where, all, err := open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ended := serveAll(all) // who counts goroutines from now on, counts these among those that were there
	t.Cleanup(func() {
		closeAll(all)
		ended()
	})
	return where
}
