package hostile_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// behind is what follows a packet that was begun.
type behind struct {
	name string
	do   func(r *rig)
	told func(err error) bool // whether that is why the connection ended
}

var behinds = []behind{
	{"the end", func(r *rig) { r.line.conn.Close() }, func(err error) bool { return errors.Is(err, io.EOF) }},
	{"a reset", func(r *rig) { r.line.conn.Reset() }, network},
	{"silence", func(r *rig) {
		if r.client.State() == mqtt.StateConnected {
			time.Sleep(80 * time.Second) // until PingTimeout, and the next dial
		} else {
			time.Sleep(32 * time.Second) // until ConnectTimeout, likewise
		}
	}, func(err error) bool {
		return errors.Is(err, mqtt.ErrNoPingResp) || strings.Contains(err.Error(), "ConnectTimeout")
	}},
	{"the next packet, and the end", func(r *rig) {
		r.line.conn.SendBytes([]byte{tPubAck, 2, 0x7F, 9})
		synctest.Wait()
		r.line.conn.Close()
	}, func(err error) bool { return network(err) || broken(err) || refusal(err) }}, // it may have become whole
}

// network says that an error is the connection's own.
func network(err error) bool {
	_, internal := errors.AsType[*mqtt.InternalError](err)
	return !internal && !broken(err) && !refusal(err)
}

func refusal(err error) bool {
	_, ok := errors.AsType[*mqtt.ReasonError](err)
	return ok
}

// broken says that a rule was.
func broken(err error) bool {
	fault, ok := errors.AsType[*mqtt.ProtocolError](err)
	return ok && sectionForm.MatchString(fault.Section)
}

// A packet is cut after each of its bytes. Half a packet is no fault of the protocol's by itself: the connection just ends.
func TestCuts(t *testing.T) {
	for _, v := range versions {
		for _, b := range behinds {
			t.Run(fmt.Sprintf("B313 %v: half a packet, then %s", v, b.name), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, v)
					for _, p := range lawful(v) {
						wire := p.wire()
						for n := 1; n < len(wire); n++ {
							r.cut(p, wire[:n:n], b)
						}
					}
				})
			})
		}
	}
}

func (r *rig) cut(p packet, part []byte, b behind) {
	r.Helper()
	if p.first == tConnAck {
		r.line.conn.Close()
		r.line = newLine(r.dialled())
	}
	synctest.Wait()
	r.downs()
	r.line.mute.Store(true)
	require.NoError(r, r.line.conn.SendBytes(part))
	b.do(r)
	r.next()
	downs := r.downs()
	if len(downs) != 1 || !b.told(downs[0]) {
		r.Errorf("%s, % X: ended with %v", p.name, part, downs)
	}
	if len(part)%5 == 1 { // the next connection is up in any case, and publishes after each fifth
		if err := r.works(); err != nil {
			r.Fatalf("%s, % X: afterwards: %v", p.name, part, err)
		}
	}
}

// Bytes come as the network likes: one at a time, or all at once.
func TestPieces(t *testing.T) {
	for _, v := range versions {
		t.Run(fmt.Sprintf("B313 %v: each packet in pieces of one byte", v), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, v)
				for _, p := range lawful(v)[1:] {
					all := trials(v, p)
					for i := 0; i < len(all); i += 7 {
						r.line.conn.Pipe().Out().Chunk(1)
						r.try(all[i])
					}
				}
			})
		})
		t.Run(fmt.Sprintf("B313 %v: all that is lawful in one piece", v), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, v)
				var b []byte
				for _, p := range lawful(v)[1:] {
					if p.first != tDisconnect && p.first != tAuth {
						b = append(b, p.wire()...)
					}
				}
				r.try(trial{"all", slices.Repeat(b, 50), none, nil})
			})
		})
	}
}
