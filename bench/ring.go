package main

import (
	"encoding/binary"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// ring is a buffer of PUBLISH packets of one size that are encoded once. Before they leave again, only their identifiers and
// sequences are written anew.
type ring struct {
	packets   []byte
	stride    int // bytes of a packet
	count     int // packets
	at        int // the next one
	idAt      int // where in a packet its identifier is; 0: there is none
	payloadAt int // where its payload begins
	id        uint16
	sequence  uint64
}

// ringBytes is how large a write is that costs little beside its bytes.
const ringBytes = 256 << 10

// newRing is for the messages of an order, as publisher 0. With aliases, they are those of packets that have established them.
func newRing(o order) (*ring, error) {
	topics := o.topics()
	r := &ring{}
	for i := 0; i < len(topics) || i*r.stride < ringBytes && i < 65535; i++ {
		if err := r.add(o, topics[i%len(topics)], i%len(topics)); err != nil {
			return nil, err
		}
	}
	r.count -= r.count % len(topics) // all topics are in it as often
	return r, nil
}

func (r *ring) add(o order, topic string, which int) (err error) {
	p := codec.Publish{Topic: topic, QoS: codec.QoS(o.QoS), Payload: o.payload(0), Properties: propertiesOf(o)}
	version := codec.Version(o.Version)
	if o.QoS > 0 {
		p.PacketID = 1
	}
	if o.Aliases {
		p.Properties.TopicAlias = uint16(which + 1)
		p.Topic = ""
	}
	before := len(r.packets)
	r.packets, err = p.Append(r.packets, version)
	r.stride = len(r.packets) - before
	r.count++
	r.payloadAt = r.stride - len(p.Payload)
	if o.QoS > 0 {
		head, _ := extent(r.packets[before:])
		r.idAt = head + 2 + len(p.Topic)
	}
	return err
}

func propertiesOf(o order) *codec.PublishProperties {
	if o.Version != 5 || !o.Properties && !o.Aliases {
		return nil
	}
	p := &codec.PublishProperties{}
	if o.Properties {
		p.ContentType, p.ResponseTopic, p.CorrelationData = contentType, responseTopic, []byte(correlation)
		p.UserProperties = []codec.UserProperty{{Key: userKey, Value: userValue}}
	}
	return p
}

// next gives at most n packets that lie one behind the other, ready to leave, and how many these are.
func (r *ring) next(n int) (packets []byte, got int) {
	got = min(n, r.count-r.at)
	packets = r.packets[r.at*r.stride : (r.at+got)*r.stride]
	for p := packets; len(p) > 0; p = p[r.stride:] {
		if r.idAt > 0 {
			if r.id++; r.id == 0 {
				r.id = 1
			}
			binary.BigEndian.PutUint16(p[r.idAt:], r.id)
		}
		number(p[r.payloadAt:r.stride], r.sequence)
		r.sequence++
	}
	if r.at += got; r.at == r.count {
		r.at = 0
	}
	return packets, got
}
