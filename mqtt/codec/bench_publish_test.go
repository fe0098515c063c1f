package codec

import (
	"fmt"
	"testing"
)

const busyTopic = "site/7/machine/42/temperature"

// eachPublish runs a benchmark for PUBLISH packets as they come in bulk.
func eachPublish(b *testing.B, run func(b *testing.B, m *Publish, s *Sending)) {
	for _, v := range []Version{V311, V5} {
		for _, q := range []QoS{AtMostOnce, AtLeastOnce} {
			for _, size := range []int{64, 1024, 64 << 10} {
				eachProperties(b, fmt.Sprintf("version=%v/qos=%d/size=%d", v, q, size), &Sending{Version: v, PacketID: 7},
					Publish{QoS: q, Topic: busyTopic, Payload: make([]byte, size)}, run)
			}
		}
	}
}

// eachProperties runs it without properties, and where the version has them with some.
func eachProperties(b *testing.B, name string, s *Sending, m Publish, run func(b *testing.B, m *Publish, s *Sending)) {
	one := func(name string, m *Publish) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			run(b, m, s)
		})
	}
	one(name+"/properties=no", &m)
	if s.Version != V5 {
		return
	}
	with := m
	with.Properties = &PublishProperties{ContentType: "application/json", ResponseTopic: "site/7/answers",
		CorrelationData: []byte("0123456789abcdef"), UserProperties: []UserProperty{{"origin", "machine"}, {"unit", "kelvin"}}}
	one(name+"/properties=yes", &with)
}

// BenchmarkPreparedSet is what a caller does of a PUBLISH, BenchmarkPreparedAppend what is done of it for the connection.
func BenchmarkPreparedSet(b *testing.B) {
	eachPublish(b, func(b *testing.B, m *Publish, _ *Sending) {
		var p Prepared
		b.SetBytes(int64(len(m.Payload)))
		for b.Loop() {
			if err := p.Set(m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkPreparedAppend(b *testing.B) {
	eachPublish(b, func(b *testing.B, m *Publish, s *Sending) {
		var p Prepared
		_ = p.Set(m)
		var dst []byte
		b.SetBytes(int64(p.Size(s)))
		for b.Loop() {
			dst = p.Append(dst[:0], s)
		}
	})
}

// BenchmarkPublishDecodeInterned goes a reader's way: cut the packet out, look up the topic, decode. It has no bytes to count,
// as the payload stays where it is.
func BenchmarkPublishDecodeInterned(b *testing.B) {
	eachPublish(b, func(b *testing.B, m *Publish, s *Sending) {
		var p Prepared
		_ = p.Set(m)
		wire := p.Append(nil, s)
		topics := map[string]string{m.Topic: m.Topic}
		d := Dialect{s.Version, FromServer}
		var got Publish
		for b.Loop() {
			f, _, _ := Next(wire, d, 0)
			topic, _ := PublishTopic(f.Body)
			got.Topic = topics[string(topic)]
			if err := got.Decode(f, d); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPublishDecodeSameTopic is the same without the table, for what the codec alone takes.
func BenchmarkPublishDecodeSameTopic(b *testing.B) {
	eachPublish(b, func(b *testing.B, m *Publish, s *Sending) {
		var p Prepared
		_ = p.Set(m)
		wire := p.Append(nil, s)
		d := Dialect{s.Version, FromServer}
		got := Publish{Topic: m.Topic}
		for b.Loop() {
			f, _, _ := Next(wire, d, 0)
			if err := got.Decode(f, d); err != nil {
				b.Fatal(err)
			}
		}
	})
}
