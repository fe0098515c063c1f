package hostile_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/sluicemq/sluice/mqtt"
)

// A client that asked for no Reason Strings and User Properties takes them where they are allowed all the same.
func TestRequestProblemInformation(t *testing.T) {
	words := map[string][]property{"nothing": {}, "a Reason String": {textProp(0x1F, "why")}, "a User Property": {pair("k", "v")}}
	for _, p := range lawful(mqtt.V5) {
		t.Run(fmt.Sprintf("MQTT-3.1.2-29 %s where Request Problem Information is 0", p.name), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, mqtt.V5, func(c *mqtt.Config) { c.RequestProblemInformation = new(false) })
				for i, f := range p.fields {
					for name, some := range words {
						if f.kind == block {
							r.say(p, name, p.withProps(i, some...), len(some) > 0)
						}
					}
				}
			})
		})
	}
}

func (r *rig) say(p packet, what string, b []byte, words bool) {
	c := trial{p.name + " with " + what, b, none, nil}
	switch p.first {
	case tConnAck:
		r.greet(c)
		return
	case tPubAck, tPubRec, tPubRel | 2, tPubComp, tSubAck, tUnsubAck:
		if words {
			c.end, c.codes = fault, []byte{0x82}
		}
	case tDisconnect:
		c.end = refused
	case tAuth:
		c.end, c.codes = fault, []byte{0x82}
	default: // PUBLISH
		if what == "a Reason String" {
			return // it has none
		}
	}
	r.try(c)
}
