package codec

import (
	"fmt"
	"testing"
)

// benchmarkVectors runs a benchmark for each good vector, named by type and version.
func benchmarkVectors(b *testing.B, run func(b *testing.B, v vector, wire []byte)) {
	for _, v := range goodVectors() {
		b.Run(v.name, func(b *testing.B) {
			wire := unhex(v.bytes)
			b.ReportAllocs()
			b.SetBytes(int64(len(wire)))
			run(b, v, wire)
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	benchmarkVectors(b, func(b *testing.B, v vector, wire []byte) {
		p := packetOf(v.want.Type())
		for b.Loop() {
			f, _, _ := Next(wire, v.d, 0)
			if err := p.Decode(f, v.d); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	benchmarkVectors(b, func(b *testing.B, v vector, _ []byte) {
		var dst []byte
		for b.Loop() {
			var err error
			if dst, err = v.want.Append(dst[:0], v.d.Version); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// eachPublish runs a benchmark for PUBLISH packets as they come in bulk.
func eachPublish(b *testing.B, run func(b *testing.B, m *Publish, s *Sending)) {
	for _, v := range []Version{V311, V5} {
		for _, q := range []QoS{AtMostOnce, AtLeastOnce} {
			for _, size := range []int{64, 1024} {
				b.Run(fmt.Sprintf("version=%v/qos=%d/size=%d", v, q, size), func(b *testing.B) {
					m := &Publish{QoS: q, Topic: "site/7/machine/42/temperature", Payload: make([]byte, size)}
					s := &Sending{Version: v, PacketID: 7}
					var p Prepared
					if err := p.Set(m); err != nil {
						b.Fatal(err)
					}
					b.ReportAllocs()
					b.SetBytes(int64(p.Size(s)))
					run(b, m, s)
				})
			}
		}
	}
}

func BenchmarkPreparedSet(b *testing.B) {
	eachPublish(b, func(b *testing.B, m *Publish, _ *Sending) {
		var p Prepared
		for b.Loop() {
			_ = p.Set(m)
		}
	})
}

func BenchmarkPreparedAppend(b *testing.B) {
	eachPublish(b, func(b *testing.B, m *Publish, s *Sending) {
		var p Prepared
		_ = p.Set(m)
		var dst []byte
		for b.Loop() {
			dst = p.Append(dst[:0], s)
		}
	})
}

// A reader's way: cut the packet out, look up the topic, decode.
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

// The same without the table, for what the codec alone takes.
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

func BenchmarkAppendAck(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(4)
	var dst []byte
	for b.Loop() {
		dst = AppendAck(dst[:0], V5, TypePubAck, 7, Success)
	}
}

func BenchmarkMatch(b *testing.B) {
	const topic = "site/7/machine/42/temperature"
	for _, filter := range []string{topic, "site/+/machine/+/temperature", "site/#", "$share/g/site/#"} {
		b.Run(filter, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(topic)))
			for b.Loop() {
				_ = Match(filter, topic)
			}
		})
	}
}

func BenchmarkCheckTopicName(b *testing.B) {
	for _, topic := range []string{"a/b", "site/7/machine/42/temperature", "stätte/7/maschine/42/wärme"} {
		b.Run(topic, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(topic)))
			for b.Loop() {
				_ = CheckTopicName(topic)
			}
		})
	}
}
