package mqtttest_test

import (
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// readSizes reads n bytes and tells in which pieces they came.
func readSizes(t *testing.T, r io.Reader, n int) (pieces []int) {
	for n > 0 {
		m, err := r.Read(make([]byte, n))
		require.NoError(t, err)
		pieces = append(pieces, m)
		n -= m
	}
	return pieces
}

func TestFlowChunk(t *testing.T) {
	a, b := mqtttest.Pipe(100)
	defer a.Close()
	defer b.Close()
	write := func() {
		_, err := a.Write(random(10))
		require.NoError(t, err)
	}
	b.In().Chunk(4)
	write()
	require.Equal(t, []int{4, 4, 2}, readSizes(t, b, 10))
	b.In().Chunk(0)
	write()
	require.Equal(t, []int{10}, readSizes(t, b, 10))
	b.In().ChunkRandom(3, 7)
	write()
	first := readSizes(t, b, 10)
	for _, n := range first {
		require.LessOrEqual(t, n, 3)
	}
	b.In().ChunkRandom(3, 7)
	write()
	require.Equal(t, first, readSizes(t, b, 10), "the same seed gives the same pieces")
}

func TestFlowStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := mqtttest.Pipe(10)
		defer a.Close()
		defer b.Close()
		b.In().Stall()
		go func() {
			a.Write(random(30))
			a.CloseWrite()
		}()
		require.NoError(t, b.SetReadDeadline(time.Now().Add(time.Hour)))
		_, err := b.Read(make([]byte, 1))
		requireTimeout(t, err)
		require.Equal(t, 10, a.Out().Buffered(), "writing goes on until the room is full")
		require.NoError(t, b.SetReadDeadline(time.Time{}))
		b.In().Resume()
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		require.Equal(t, random(30), got)
	})
}

func TestFlowStallHoldsBackTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := mqtttest.Pipe(10)
		defer b.Close()
		b.In().Stall()
		a.Close()
		time.AfterFunc(time.Hour, b.In().Resume)
		start := time.Now()
		_, err := b.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		require.Equal(t, time.Hour, time.Since(start))
	})
}

func TestFlowSetSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := mqtttest.Pipe(0)
		defer a.Close()
		defer b.Close()
		a.Out().SetSize(5)
		n, err := a.Write([]byte("12345"))
		require.NoError(t, err)
		require.Equal(t, 5, n)
		a.Out().SetSize(0)
		require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err = a.Write([]byte("678"))
		requireTimeout(t, err)
		require.Zero(t, n)
		require.NoError(t, a.SetWriteDeadline(time.Time{}))
		waiting := make(chan error, 1)
		go func() { _, err := a.Write(random(8)); waiting <- err }()
		require.Equal(t, []int{13}, func() []int { synctest.Wait(); return readSizes(t, b, 13) }(), "what was on its way stays")
		require.NoError(t, <-waiting)
	})
}

func TestFlowCutAfter(t *testing.T) {
	for _, size := range sizes {
		for _, cut := range []int{1, 5, 10} {
			t.Run(fmt.Sprintf("size=%d/cut=%d", size, cut), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a, b := mqtttest.Pipe(size)
					defer a.Close()
					defer b.Close()
					a.Out().CutAfter(cut)
					var n int
					var writeErr error
					written := make(chan struct{})
					go func() {
						n, writeErr = a.Write([]byte("0123456789"))
						close(written)
					}()
					got, err := io.ReadAll(b)
					require.ErrorIs(t, err, syscall.ECONNRESET)
					require.Equal(t, "0123456789"[:cut], string(got))
					<-written
					require.Equal(t, cut, n)
					if n == 10 {
						require.NoError(t, writeErr)
					} else {
						require.ErrorIs(t, writeErr, syscall.ECONNRESET)
					}
					for _, c := range []net.Conn{a, b} {
						_, err = c.Write([]byte("x"))
						require.ErrorIs(t, err, syscall.ECONNRESET)
						_, err = c.Read(make([]byte, 1))
						require.ErrorIs(t, err, syscall.ECONNRESET)
					}
				})
			})
		}
	}
}

func TestFlowCutAfterCountsWhatWasTakenBackAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := mqtttest.Pipe(0)
		defer a.Close()
		defer b.Close()
		a.Out().CutAfter(5)
		require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := a.Write([]byte("123"))
		requireTimeout(t, err)
		require.Zero(t, n)
		require.NoError(t, a.SetWriteDeadline(time.Time{}))
		go a.Write([]byte("12345678"))
		got, err := io.ReadAll(b)
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.Equal(t, "12345", string(got))
	})
}
