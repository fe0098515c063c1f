package codec

import (
	"bytes"
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

// BenchmarkDecode decodes each packet type, at each version, without properties and with them.
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

// BenchmarkEncode encodes the same packets.
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

func BenchmarkAppendAck(b *testing.B) {
	for _, v := range []Version{V311, V5} {
		for _, kind := range []Type{TypePubAck, TypePubRec, TypePubRel, TypePubComp} {
			b.Run(fmt.Sprintf("version=%v/packet=%v", v, kind), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(4)
				var dst []byte
				for b.Loop() {
					dst = AppendAck(dst[:0], v, kind, 7, Success)
				}
			})
		}
	}
}

// BenchmarkNext cuts what one read of 64 KiB has brought into packets.
func BenchmarkNext(b *testing.B) {
	for _, c := range []struct {
		name string
		p    Packet
	}{
		{"PUBACK", &PubAck{PacketID: 7}},
		{"PUBLISH/size=64", &Publish{QoS: AtLeastOnce, Topic: busyTopic, PacketID: 7, Payload: make([]byte, 64)}},
		{"PUBLISH/size=1024", &Publish{QoS: AtLeastOnce, Topic: busyTopic, PacketID: 7, Payload: make([]byte, 1024)}},
	} {
		b.Run("packet="+c.name, func(b *testing.B) {
			one, err := c.p.Append(nil, V5)
			if err != nil {
				b.Fatal(err)
			}
			packets := max(1, 64<<10/len(one))
			wire := bytes.Repeat(one, packets)
			b.ReportAllocs()
			b.SetBytes(int64(len(wire)))
			for b.Loop() {
				for at := 0; at < len(wire); {
					_, size, err := Next(wire[at:], server5, 0)
					if err != nil {
						b.Fatal(err)
					}
					at += size
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets), "ns/packet")
		})
	}
}
