package webstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/sluicemq/sluice/mqtt"
)

func message(n int) []byte { return binary.BigEndian.AppendUint64([]byte{'m'}, uint64(n)) }

// BenchmarkWrite writes messages of 100 bytes, and removes as many in the same Write from a backlog of 5,000.
func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{1, 64, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) { benchmarkWrite(b, size) })
	}
}

func benchmarkWrite(b *testing.B, size int) {
	s := benchmarkStore(b)
	value, next := bytes.Repeat([]byte{7}, 100), 0
	b.ReportAllocs()
	b.SetBytes(int64(size * len(value)))
	for b.Loop() {
		records := make([]mqtt.StoreRecord, 0, 2*size)
		for range size {
			records = append(records, mqtt.StoreRecord{Key: message(next), Value: value})
			if next >= 5000 {
				records = append(records, mqtt.StoreRecord{Key: message(next - 5000)})
			}
			next++
		}
		if err := s.Write(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkLoad reads a backlog of 10,000 messages of 1,000 bytes, as Open does too.
func BenchmarkLoad(b *testing.B) {
	s := benchmarkStore(b)
	var records []mqtt.StoreRecord
	for n := range 10_000 {
		records = append(records, mqtt.StoreRecord{Key: message(n), Value: bytes.Repeat([]byte{7}, 1000)})
	}
	if err := s.Write(b.Context(), records); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(10_000 * 1000)
	for b.Loop() {
		for _, err := range s.Load(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Release(); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkStore(b *testing.B) *Store {
	name := b.Name()
	if err := Delete(b.Context(), name); err != nil {
		b.Fatal(err)
	}
	s, err := Open(b.Context(), name)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}
