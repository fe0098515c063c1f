//go:build !js

package netx

import (
	"fmt"
	"io"
	"testing"
)

// BenchmarkWebSocketFrame is what a message costs besides the write.
func BenchmarkWebSocketFrame(b *testing.B) {
	for _, size := range []int{64, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			w, p := newWebWriter(writes{io.Discard}), make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.message(p, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
