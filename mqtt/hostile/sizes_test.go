package hostile_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// taken is how many bytes of memory f takes in passing.
func taken(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A length that is announced is no length that is there.
func TestLengths(t *testing.T) {
	for _, v := range versions {
		for _, p := range lawful(v) {
			t.Run(fmt.Sprintf("B314 %v: %s of 268,435,455 bytes, of which one comes", v, p.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, v)
					c := trial{p.name, []byte{p.first, 0xFF, 0xFF, 0xFF, 0x7F, 0}, fault, []byte{0x95}}
					require.Less(t, taken(func() {
						if p.first == tConnAck {
							r.greet(c)
						} else {
							r.try(c)
						}
					}), uint64(1<<20), "with a connection that works")
				})
			})
		}
		t.Run(fmt.Sprintf("B314 %v: one byte more than Maximum Packet Size", v), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const most = 700
				r := newRig(t, v, func(c *mqtt.Config) { c.MaxPacketSize = most })
				at := func(size int) []byte {
					p := lawful(v)[1]
					p.fields = slices.Clone(p.fields)
					last := len(p.fields) - 1
					for len(p.wire()) < size {
						p.fields[last].bytes = bytes.Repeat([]byte("~"), len(p.fields[last].bytes)+1)
					}
					return p.wire()
				}
				r.try(trial{"exactly", at(most), none, nil})
				r.try(trial{"one more", at(most + 1), fault, []byte{0x95}})
			})
		})
	}
}

// What is decoded takes a small multiple of what came, whatever it consists of.
func TestMuch(t *testing.T) {
	const size = 1 << 20
	fill := func(p property) field { // as one property that has all in its value
		one := slices.Concat(p.id, p.value)
		many := bytes.Repeat(one, (size-100)/len(one))
		return field{kind: block, props: []property{{many[:1], many[1:]}}}
	}
	for _, p := range lawful(mqtt.V5) {
		at := slices.IndexFunc(p.fields, func(f field) bool { return f.kind == block })
		if at < 0 || p.first == tAuth {
			continue
		}
		for name, more := range map[string]property{"empty User Properties": pair("", ""), "Subscription Identifiers": prop(0x0B, 1)} {
			if more.id[0] == 0x0B && p.first&0xF0 != tPublish {
				continue
			}
			t.Run(fmt.Sprintf("B314 %s with a megabyte of %s", p.name, name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, mqtt.V5, func(c *mqtt.Config) { c.MaxPacketSize = size })
					r.server.Prepare(func(p *mqtttest.PipeConn) { p.Out().SetSize(size) })
					r.next()
					c := trial{p.name, p.with(at, fill(more).wire()), none, nil}
					took := taken(func() {
						switch p.first {
						case tConnAck:
							r.greet(c)
						case tDisconnect:
							c.end = refused
							r.try(c)
						default:
							r.try(c)
						}
					})
					require.Less(t, took, uint64(40*size))
				})
			})
		}
	}
}

// More than Receive Maximum without an answer is more than the server was told it might send (§3.3.4).
func TestQuota(t *testing.T) {
	for qos := codec.AtLeastOnce; qos <= codec.ExactlyOnce; qos++ {
		t.Run(fmt.Sprintf("B313 5.0: more messages of QoS %d than Receive Maximum", qos), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const most = 3
				r := newRig(t, mqtt.V5, func(c *mqtt.Config) { c.ReceiveMaximum, c.Ack = most, mqtt.AckManual })
				for i := range most + 1 {
					synctest.Wait()
					require.Empty(t, r.downs(), "after %d", i)
					require.NoError(t, r.line.conn.Send(&codec.Publish{Topic: "t", QoS: qos, PacketID: uint16(1 + i)}))
				}
				l := r.line
				<-l.over
				l.conn.Close()
				synctest.Wait()
				require.NoError(t, r.judge(trial{end: fault, codes: []byte{0x93}}, l.said, r.downs()))
				r.accept()
			})
		})
	}
}
