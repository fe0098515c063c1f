package mqtt

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// BenchmarkMemoryStoreWrite writes messages of 100 bytes, and removes as many in the same Write from a backlog of 5,000.
func BenchmarkMemoryStoreWrite(b *testing.B) {
	for _, size := range []int{1, 64, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			const backlog = 5000
			s, value, next := NewMemoryStore(), make([]byte, 100), 0
			b.ReportAllocs()
			b.SetBytes(int64(size * len(value)))
			for b.Loop() {
				records := make([]StoreRecord, 0, 2*size)
				for range size {
					records = append(records, StoreRecord{Key: storeKey(next), Value: value})
					if next >= backlog {
						records = append(records, StoreRecord{Key: storeKey(next - backlog)})
					}
					next++
				}
				if err := s.Write(b.Context(), records); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchmarkMemoryStoreLoad loads so many messages of 1,000 bytes, and gives the store back.
func BenchmarkMemoryStoreLoad(b *testing.B) {
	for _, size := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("messages=%d", size), func(b *testing.B) {
			s := NewMemoryStore()
			for n := range size {
				if err := s.Write(b.Context(), []StoreRecord{{Key: storeKey(n), Value: make([]byte, 1000)}}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			b.SetBytes(int64(size) * 1000)
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
		})
	}
}

// storeKey is a key like that of the n-th message.
func storeKey(n int) []byte { return binary.BigEndian.AppendUint64([]byte{'m'}, uint64(n)) }
