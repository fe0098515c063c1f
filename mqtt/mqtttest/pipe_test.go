package mqtttest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

var sizes = []int{0, 1, 7, 4096, mqtttest.DefaultPipeSize}

// overSizes runs f in a bubble of its own for each size of the buffers.
func overSizes(t *testing.T, f func(t *testing.T, a, b *mqtttest.PipeConn)) {
	for _, size := range sizes {
		t.Run(fmt.Sprintf("size=%d", size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := mqtttest.Pipe(size)
				defer a.Close()
				defer b.Close()
				f(t, a, b)
			})
		})
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

func TestPipeCarriesAllInOrderBothWaysAtOnce(t *testing.T) {
	overSizes(t, func(t *testing.T, a, b *mqtttest.PipeConn) {
		want := random(100_000)
		a.In().ChunkRandom(999, 1)
		b.In().Chunk(100)
		var wg sync.WaitGroup
		for _, ends := range [][2]net.Conn{{a, b}, {b, a}} {
			wg.Go(func() {
				for rest := want; len(rest) > 0; {
					n, err := ends[0].Write(rest[:min(len(rest), 1777)])
					if err != nil {
						t.Error(err)
						return
					}
					rest = rest[n:]
				}
			})
			wg.Go(func() {
				got := make([]byte, len(want))
				_, err := io.ReadFull(ends[1], got)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("read other bytes than were written (%v)", err)
				}
			})
		}
		wg.Wait()
	})
}

func TestPipeWritesDoNotMix(t *testing.T) {
	overSizes(t, func(t *testing.T, a, b *mqtttest.PipeConn) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 20 {
					if _, err := a.Write(bytes.Repeat([]byte{byte(i)}, 50)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		got := make([]byte, 8*20*50)
		_, err := io.ReadFull(b, got)
		require.NoError(t, err)
		wg.Wait()
		for i := 0; i < len(got); i += 50 {
			require.Equal(t, bytes.Repeat(got[i:i+1], 50), got[i:i+50])
		}
	})
}

func TestPipeConcurrentReadsAllEnd(t *testing.T) {
	overSizes(t, func(t *testing.T, a, b *mqtttest.PipeConn) {
		var wg sync.WaitGroup
		var sum [8]int
		for i := range sum {
			wg.Go(func() {
				buf := make([]byte, 3)
				for {
					n, err := b.Read(buf)
					sum[i] += n
					if err != nil {
						return
					}
				}
			})
		}
		_, err := a.Write(random(1000))
		require.NoError(t, err)
		a.Close()
		wg.Wait()
		total := 0
		for _, n := range sum {
			total += n
		}
		require.Equal(t, 1000, total)
	})
}

func TestPipeWriteWaitsForRoom(t *testing.T) {
	overSizes(t, func(t *testing.T, a, b *mqtttest.PipeConn) {
		size := b.In().Buffered()
		done := make(chan int, 1)
		go func() { n, _ := a.Write(random(70_000)); done <- n }()
		synctest.Wait()
		require.Empty(t, done, "a Write beyond the room returned")
		_, err := io.CopyN(io.Discard, b, 70_000)
		require.NoError(t, err)
		require.Equal(t, 70_000, <-done)
		require.Equal(t, size, b.In().Buffered())
	})
}

func TestPipeKeepsNothingOfWrite(t *testing.T) {
	a, b := mqtttest.Pipe(10)
	defer a.Close()
	defer b.Close()
	buf := []byte("hello")
	_, err := a.Write(buf)
	require.NoError(t, err)
	copy(buf, "XXXXX")
	_, err = b.Read(buf)
	require.NoError(t, err)
	require.Equal(t, "hello", string(buf))
}

func TestPipeHalfClose(t *testing.T) {
	overSizes(t, func(t *testing.T, a, b *mqtttest.PipeConn) {
		go func() {
			a.Write([]byte("question"))
			a.CloseWrite()
		}()
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		require.Equal(t, "question", string(got))
		_, err = a.Write([]byte("more"))
		require.ErrorIs(t, err, syscall.EPIPE)
		go func() {
			b.Write([]byte("answer"))
			b.Close()
		}()
		got, err = io.ReadAll(a)
		require.NoError(t, err)
		require.Equal(t, "answer", string(got))
	})
}

func TestPipeCloseLeavesWhatWasWritten(t *testing.T) {
	a, b := mqtttest.Pipe(100)
	_, err := a.Write([]byte("last words"))
	require.NoError(t, err)
	require.NoError(t, a.Close())
	require.NoError(t, a.Close(), "closing again does nothing")
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	require.Equal(t, "last words", string(got))
	_, err = b.Write([]byte("hm?"))
	require.ErrorIs(t, err, syscall.EPIPE)
	b.Close()
	_, err = b.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = b.Write([]byte("hm?"))
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestPipeCloseWakesThoseWhoWait(t *testing.T) {
	for _, tc := range []struct {
		name          string
		end           func(a, b *mqtttest.PipeConn)
		aRead, aWrite error
		bRead, bWrite error
	}{
		{name: "close of this end", end: func(a, _ *mqtttest.PipeConn) { a.Close() },
			aRead: net.ErrClosed, aWrite: net.ErrClosed, bRead: io.EOF, bWrite: syscall.EPIPE},
		{name: "reset", end: func(a, _ *mqtttest.PipeConn) { a.Reset() },
			aRead: net.ErrClosed, aWrite: net.ErrClosed, bRead: syscall.ECONNRESET, bWrite: syscall.ECONNRESET},
		{name: "cut", end: func(a, _ *mqtttest.PipeConn) { a.Out().CutAfter(0) },
			aRead: syscall.ECONNRESET, aWrite: syscall.ECONNRESET, bRead: syscall.ECONNRESET, bWrite: syscall.ECONNRESET},
	} {
		t.Run(tc.name, func(t *testing.T) {
			overSizes(t, func(t *testing.T, a, b *mqtttest.PipeConn) {
				var wg sync.WaitGroup
				expect := func(what string, want error, do func([]byte) (int, error), n int) {
					for range 2 { // two wait for the same
						wg.Go(func() {
							for {
								if _, err := do(make([]byte, n)); err != nil {
									if !errors.Is(err, want) {
										t.Errorf("%s: %v, want %v", what, err, want)
									}
									return
								}
							}
						})
					}
				}
				a.In().Stall() // so that what b writes waits, with the room full
				expect("read a", tc.aRead, a.Read, 10)
				expect("read b", tc.bRead, b.Read, 10)
				expect("write b", tc.bWrite, b.Write, 100_000)
				synctest.Wait()
				tc.end(a, b)
				wg.Wait()
				expect("write a", tc.aWrite, a.Write, 100_000)
				wg.Wait()
			})
		})
	}
}

func TestPipeResetLosesWhatIsOnItsWay(t *testing.T) {
	a, b := mqtttest.Pipe(100)
	defer b.Close()
	_, err := a.Write([]byte("lost"))
	require.NoError(t, err)
	a.Reset()
	n, err := b.Read(make([]byte, 10))
	require.Zero(t, n)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	var opErr *net.OpError
	require.ErrorAs(t, err, &opErr)
	require.Equal(t, "read", opErr.Op)
}

func TestPipeAddresses(t *testing.T) {
	a, b := mqtttest.Pipe(0)
	defer a.Close()
	defer b.Close()
	require.Equal(t, a.LocalAddr(), b.RemoteAddr())
	require.Equal(t, b.LocalAddr(), a.RemoteAddr())
	require.Equal(t, "mem", a.LocalAddr().Network())
	require.NotEqual(t, a.LocalAddr().String(), a.RemoteAddr().String())
}

func TestPipeZeroBytes(t *testing.T) {
	overSizes(t, func(t *testing.T, a, b *mqtttest.PipeConn) {
		n, err := a.Write(nil)
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = a.Read(nil)
		require.NoError(t, err)
		require.Zero(t, n)
		time.Sleep(time.Second)
		b.Close()
		_, err = a.Write(nil)
		require.ErrorIs(t, err, syscall.EPIPE)
	})
}
