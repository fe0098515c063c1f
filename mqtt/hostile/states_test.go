package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// fromClients are packets that a server never sends.
func fromClients(v mqtt.Version) []packet {
	name, props := "MQTT", []byte{0}
	if v == mqtt.V31 {
		name = "MQIsdp"
	}
	if v != mqtt.V5 {
		props = nil
	}
	raw := func(parts ...[]byte) []field {
		var b []byte
		for _, p := range parts {
			b = append(b, p...)
		}
		return []field{{kind: payload, bytes: b}}
	}
	all := []packet{
		{"CONNECT", tConnect, raw(text(name), []byte{byte(v), 2, 0, 60}, props, text("c")), 1},
		{"SUBSCRIBE", tSubscribe | 2, raw([]byte{0, 1}, props, text("a"), []byte{0}), 1},
		{"UNSUBSCRIBE", tUnsubscribe | 2, raw([]byte{0, 1}, props, text("a")), 1},
		{"PINGREQ", tPingReq, nil, 0},
	}
	if v != mqtt.V5 {
		all = append(all, packet{"DISCONNECT", tDisconnect, nil, 0})
	}
	return all
}

func TestOutOfPlace(t *testing.T) {
	for _, v := range versions {
		run := func(name string, f func(r *rig)) {
			t.Run(fmt.Sprintf("%s (%v)", name, v), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { f(newRig(t, v)) })
			})
		}
		run("B316 before CONNACK", func(r *rig) {
			for _, p := range lawful(v)[1:] {
				r.greet(trial{p.name, p.wire(), fault, []byte{0x82}})
				r.greet(trial{p.name + " with CONNACK behind", append(p.wire(), lawful(v)[0].wire()...), fault, []byte{0x82}})
			}
			for _, p := range fromClients(v) {
				r.greet(trial{p.name, p.wire(), fault, []byte{0x82}})
			}
			for _, first := range []byte{0, 1, 0x0F} {
				r.greet(trial{"type 0", []byte{first, 0}, fault, []byte{0x81}})
			}
		})
		run("B315 a second CONNACK", func(r *rig) {
			for _, c := range trials(v, lawful(v)[0]) {
				c.end, c.codes = fault, []byte{0x81, 0x82}
				r.try(c)
			}
			r.line.conn.Close()
			r.line = newLine(r.dialled())
			r.downs()
			r.try(trial{"two at once", append(lawful(v)[0].wire(), lawful(v)[0].wire()...), fault, []byte{0x82}})
		})
		run("B319 what only a client sends", func(r *rig) {
			for _, p := range fromClients(v) {
				r.try(trial{p.name, p.wire(), fault, []byte{0x82}})
				r.try(trial{p.name + " with other flags", append([]byte{p.first ^ 1}, p.wire()[1:]...), fault, []byte{0x81, 0x82}})
				r.try(trial{p.name + " without a body", []byte{p.first, 0}, fault, []byte{0x81, 0x82}})
			}
		})
		run("B313 the reserved types", func(r *rig) {
			for flags := range byte(16) {
				r.try(trial{"type 0", []byte{flags, 0}, fault, []byte{0x81}})
				if v != mqtt.V5 {
					r.try(trial{"type 15", []byte{tAuth | flags, 0}, fault, nil})
				}
			}
		})
		run("B313 the shape of another version", func(r *rig) {
			for _, other := range versions {
				if (other == mqtt.V5) != (v == mqtt.V5) {
					r.foreign(other)
				}
			}
		})
		run("B313 CONNACK with Session Present for a session that begins", func(r *rig) {
			r.begins()
		})
	}
}

// foreign sends what would be lawful on another version, and isn't here.
func (r *rig) foreign(other mqtt.Version) {
	for _, p := range lawful(other) {
		c := trial{fmt.Sprintf("%s of %v", p.name, other), p.wire(), fault, []byte{0x81, 0x82}}
		switch {
		case p.first == tConnAck:
			r.greet(c)
			if other != mqtt.V5 { // a refusal is understood (§3.1.2.2): that is how a server says that it doesn't know 5.0
				r.greet(trial{"a refusal of 3.x", []byte{tConnAck, 2, 0, 1}, refused, nil})
			}
		case p.first&0xF0 == tPublish && other == mqtt.V5: // its properties are taken for the payload's beginning
			c.end = none
			r.try(c)
		case p.first&0xF0 == tPublish: // its payload is taken for properties
			c.bytes[len(c.bytes)-3] = 0x7F
			r.try(c)
		case other == mqtt.V5 && p.first == tSubAck: // its properties are codes, and none of 3.x
			r.try(c)
		case other == mqtt.V5 && p.first != tPingResp:
			r.try(c)
		case p.first == tUnsubAck, p.first == tSubAck:
			r.try(c)
		default:
			c.end = none
			r.try(c)
		}
	}
}

// begins makes a client whose first CONNECT begins a session, and tells it of one.
func (r *rig) begins() {
	r.Helper()
	cfg := mqtt.Config{Version: r.v, Dialer: r.server, ClientID: r.id}
	client, err := mqtt.New(cfg)
	require.NoError(r, err)
	defer client.Abort()
	done := make(chan error, 1)
	go func() { done <- client.Connect(r.Context()) }()
	conn := r.dialled()
	ack := []byte{tConnAck, 2, 1, 0}
	if r.v == mqtt.V5 {
		ack = []byte{tConnAck, 3, 1, 0, 0}
	}
	require.NoError(r, conn.SendBytes(ack))
	l := newLine(conn)
	if r.v == mqtt.V31 { // the byte is reserved there, and means nothing
		require.NoError(r, <-done)
		return
	}
	err = <-done
	<-l.over
	require.NoError(r, r.judge(trial{end: fault, codes: []byte{0x82}}, l.said, []error{err}))
}

// Answers to what isn't in flight, or that another packet waits for.
func TestAnswers(t *testing.T) {
	for _, v := range versions {
		for _, a := range asks {
			for _, b := range replies(v) {
				name := fmt.Sprintf("B318 %v: %s, to %s", v, b.name, a.name)
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { newRig(t, v).answered(a, b) })
				})
			}
		}
	}
}

// ask is what a client has in flight, under Packet Identifier 1.
type ask struct {
	name string
	do   func(ctx context.Context, c *mqtt.Client) error
	step []byte            // what the server answered before, if anything
	fits map[string]string // replies that are no fault: what comes of the call
}

var asks = []ask{
	{"nothing", nil, nil, map[string]string{
		"PUBACK": "", "PUBACK with a failure": "", "PUBREC": "", "PUBREC with a failure": "", "PUBREL": "", "PUBCOMP": "", "SUBACK": "",
		"SUBACK with two codes": "", "UNSUBACK": "", "UNSUBACK with two codes": "",
	}},
	{"PUBLISH at QoS 1", publishing(mqtt.AtLeastOnce), nil, map[string]string{"PUBACK": "done", "PUBACK with a failure": "refused", "PUBREL": "open"}},
	{"PUBLISH at QoS 2", publishing(mqtt.ExactlyOnce), nil, map[string]string{"PUBREC": "open", "PUBREC with a failure": "refused", "PUBREL": "open"}},
	{"PUBREL", publishing(mqtt.ExactlyOnce), []byte{tPubRec, 2, 0, 1}, map[string]string{"PUBREC": "open", "PUBCOMP": "done", "PUBREL": "open"}},
	{"SUBSCRIBE", func(ctx context.Context, c *mqtt.Client) error {
		_, err := c.Subscribe(ctx, mqtt.Subscription{Filter: "f", QoS: mqtt.AtLeastOnce})
		return err
	}, nil, map[string]string{"SUBACK": "done", "PUBREL": "open"}},
	{"UNSUBSCRIBE", func(ctx context.Context, c *mqtt.Client) error { return c.Unsubscribe(ctx, "f") }, nil,
		map[string]string{"UNSUBACK": "done", "PUBREL": "open"}},
}

func publishing(qos mqtt.QoS) func(context.Context, *mqtt.Client) error {
	return func(ctx context.Context, c *mqtt.Client) error {
		return c.Publish(ctx, mqtt.Message{Topic: "f", QoS: qos})
	}
}

// reply is an answer to Packet Identifier 1.
type reply struct {
	name  string
	bytes []byte
}

func replies(v mqtt.Version) []reply {
	all := []reply{
		{"PUBACK", []byte{tPubAck, 2, 0, 1}}, {"PUBREC", []byte{tPubRec, 2, 0, 1}}, {"PUBREL", []byte{tPubRel | 2, 2, 0, 1}},
		{"PUBCOMP", []byte{tPubComp, 2, 0, 1}},
	}
	if v == mqtt.V5 {
		return append(all, reply{"PUBACK with a failure", []byte{tPubAck, 3, 0, 1, 0x97}}, reply{"PUBREC with a failure", []byte{tPubRec, 3, 0, 1, 0x97}},
			reply{"SUBACK", []byte{tSubAck, 4, 0, 1, 0, 1}}, reply{"SUBACK with two codes", []byte{tSubAck, 5, 0, 1, 0, 1, 1}},
			reply{"UNSUBACK", []byte{tUnsubAck, 4, 0, 1, 0, 0}}, reply{"UNSUBACK with two codes", []byte{tUnsubAck, 5, 0, 1, 0, 0, 0}})
	}
	return append(all, reply{"SUBACK", []byte{tSubAck, 3, 0, 1, 1}}, reply{"SUBACK with two codes", []byte{tSubAck, 4, 0, 1, 1, 1}},
		reply{"UNSUBACK", []byte{tUnsubAck, 2, 0, 1}})
}

// answered has the server send b while a is in flight. Whatever it was, a call that it doesn't end is ended by a good server.
func (r *rig) answered(a ask, b reply) {
	r.line.mute.Store(true)
	call := make(chan error, 1)
	if a.do != nil {
		go func() { call <- a.do(r.Context(), r.client) }()
		synctest.Wait()
		require.Equal(r, 1, r.line.sent())
	}
	if a.step != nil {
		require.NoError(r, r.line.conn.SendBytes(a.step))
		synctest.Wait()
	}
	r.downs()
	require.NoError(r, r.line.conn.SendBytes(b.bytes))
	synctest.Wait()
	downs := r.downs()
	want, fits := a.fits[b.name]
	l := r.line
	if fits {
		require.Empty(r, downs)
	} else {
		<-l.over
		l.conn.Close()
		synctest.Wait()
		downs = append(downs, r.downs()...)
		require.NoError(r, r.judge(trial{end: fault, codes: []byte{0x82}}, l.said, downs))
	}
	var err error
	over := false
	select {
	case err = <-call:
		over = true
	default:
	}
	require.Equal(r, want == "done" || want == "refused", over, "the call has ended, with %v", err)
	if _, no := errors.AsType[*mqtt.ReasonError](err); over {
		require.Equal(r, want == "refused", no, "it ended with %v", err)
	}
	r.next()
	if a.do != nil && !over {
		select {
		case err := <-call: // the server has lost the session: at QoS 2 nobody knows what became of it
			if err != nil {
				require.ErrorIs(r, err, mqtt.ErrUncertain)
			}
		case <-time.After(time.Minute):
			r.Fatal("the call never ends")
		}
	}
	require.NoError(r, r.works())
}
