package hostile_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// Each fault of each packet is a connection of its own. After it, all must go well on the next one.
func TestPackets(t *testing.T) {
	for _, v := range versions {
		for _, p := range lawful(v) {
			all := trials(v, p)
			name := fmt.Sprintf("B313 %v: %s, %d ways", v, p.name, len(all))
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, v)
					for _, c := range all {
						if p.first == tConnAck {
							r.greet(c)
						} else {
							r.try(c)
						}
					}
				})
			})
		}
	}
}

// try sends a trial on a connection that is up, and looks what comes of it.
func (r *rig) try(c trial) {
	r.Helper()
	synctest.Wait()
	r.downs()
	require.NoError(r, r.line.conn.SendBytes(c.bytes), c.name)
	synctest.Wait()
	switch {
	case c.end == none:
		if downs := r.downs(); len(downs) > 0 {
			r.Errorf("%s (% X): the connection ended with %v", c.name, c.bytes, downs)
			r.next()
		}
	default:
		select {
		case <-r.line.over:
		default:
			r.Errorf("%s (% X): the connection goes on", c.name, c.bytes)
			r.next()
			return
		}
		l := r.line
		r.next()
		if err := r.judge(c, l.said, r.downs()); err != nil {
			r.Errorf("%s (% X): %v", c.name, c.bytes, err)
		}
	}
	if err := r.works(); err != nil {
		r.Fatalf("%s (% X): afterwards: %v", c.name, c.bytes, err)
	}
}

// greet answers a CONNECT with a trial.
func (r *rig) greet(c trial) {
	r.Helper()
	r.line.conn.Close()
	conn := r.dialled()
	synctest.Wait()
	r.downs()
	require.NoError(r, conn.SendBytes(c.bytes), c.name)
	l := newLine(conn)
	synctest.Wait()
	up := r.client.State() == mqtt.StateConnected
	downs := r.downs()
	conn.Close()
	<-l.over
	switch {
	case c.end == none && !up:
		r.Errorf("%s (% X): no connection, but %v", c.name, c.bytes, downs)
	case c.end != none && up:
		r.Errorf("%s (% X): a connection", c.name, c.bytes)
	case c.end != none:
		if err := r.judge(c, l.said, downs); err != nil {
			r.Errorf("%s (% X): %v", c.name, c.bytes, err)
		}
	}
	r.accept()
	if err := r.works(); err != nil {
		r.Fatalf("%s (% X): afterwards: %v", c.name, c.bytes, err)
	}
}
