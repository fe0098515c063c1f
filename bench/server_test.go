package main

import (
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// How long the server takes for a message of QoS 0 with all that it checks, without the socket.
func BenchmarkServerTakes(b *testing.B) {
	r, err := newRing(order{Version: 4, Size: 64})
	if err != nil {
		b.Fatal(err)
	}
	s := &session{version: codec.V311, book: newBook()}
	packets, n := r.next(1000)
	b.SetBytes(int64(len(packets)))
	for b.Loop() {
		s.sequence.next = s.sequence.next[:0]
		if _, err := s.takeAll(packets); err != nil || s.news.faults > 0 {
			b.Fatal(err, s.news)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/message")
}
