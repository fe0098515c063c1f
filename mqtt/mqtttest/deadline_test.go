package mqtttest_test

import (
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func requireTimeout(t testing.TB, err error) {
	t.Helper()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var netErr net.Error
	require.ErrorAs(t, err, &netErr)
	require.True(t, netErr.Timeout())
}

func TestDeadlineEndsReadInTime(t *testing.T) {
	overSizes(t, func(t *testing.T, a, _ *mqtttest.PipeConn) {
		start := time.Now()
		require.NoError(t, a.SetReadDeadline(start.Add(time.Minute)))
		_, err := a.Read(make([]byte, 1))
		requireTimeout(t, err)
		require.Equal(t, time.Minute, time.Since(start))
		_, err = a.Read(make([]byte, 1))
		requireTimeout(t, err)
		require.Equal(t, time.Minute, time.Since(start), "a deadline that has passed stays passed")
	})
}

func TestDeadlineEndsWriteWithHowMuchWentThrough(t *testing.T) {
	overSizes(t, func(t *testing.T, a, b *mqtttest.PipeConn) {
		start := time.Now()
		require.NoError(t, a.SetWriteDeadline(start.Add(time.Minute)))
		done := make(chan int, 1)
		go func() {
			n, err := a.Write(random(100_000))
			requireTimeout(t, err)
			done <- n
		}()
		_, err := io.CopyN(io.Discard, b, 1000)
		require.NoError(t, err)
		n := <-done
		require.Equal(t, time.Minute, time.Since(start))
		require.Equal(t, n-1000, b.In().Buffered(), "what was said to be written is on its way, and nothing else")
		require.NoError(t, a.SetWriteDeadline(time.Time{}))
		go func() {
			a.Write([]byte{42})
			a.Close()
		}()
		rest, err := io.ReadAll(b)
		require.NoError(t, err)
		require.Len(t, rest, n-1000+1)
		require.EqualValues(t, 42, rest[len(rest)-1])
	})
}

func TestDeadlineInThePastEndsAtOnce(t *testing.T) {
	overSizes(t, func(t *testing.T, a, b *mqtttest.PipeConn) {
		require.NoError(t, a.SetDeadline(time.Now().Add(-time.Hour)))
		_, err := a.Read(make([]byte, 1))
		requireTimeout(t, err)
		n, err := a.Write([]byte("x"))
		requireTimeout(t, err)
		require.Zero(t, n)
		require.NoError(t, a.SetDeadline(time.Time{}))
		go b.Write([]byte("x"))
		n, err = a.Read(make([]byte, 5))
		require.NoError(t, err, "a deadline taken away lets Reads go on")
		require.Equal(t, 1, n)
	})
}

func TestDeadlineMovedWhileReadWaits(t *testing.T) {
	overSizes(t, func(t *testing.T, a, _ *mqtttest.PipeConn) {
		for _, tc := range []struct {
			name              string
			first, then, took time.Duration
		}{
			{"from none", 0, 3 * time.Second, 4 * time.Second},
			{"earlier", time.Hour, 3 * time.Second, 4 * time.Second},
			{"later", 2 * time.Second, time.Minute, time.Minute + time.Second},
			{"into the past", time.Hour, -time.Second, time.Second},
		} {
			start := time.Now()
			require.NoError(t, a.SetReadDeadline(time.Time{}))
			if tc.first != 0 {
				require.NoError(t, a.SetReadDeadline(start.Add(tc.first)))
			}
			time.AfterFunc(time.Second, func() { a.SetReadDeadline(time.Now().Add(tc.then)) })
			_, err := a.Read(make([]byte, 1))
			requireTimeout(t, err)
			require.Equal(t, tc.took, time.Since(start), tc.name)
		}
	})
}

func TestDeadlineOfOneDirectionLeavesTheOther(t *testing.T) {
	overSizes(t, func(t *testing.T, a, b *mqtttest.PipeConn) {
		require.NoError(t, a.SetReadDeadline(time.Now()))
		go a.Write([]byte("x"))
		_, err := b.Read(make([]byte, 1))
		require.NoError(t, err)
		require.NoError(t, b.SetWriteDeadline(time.Now()))
		_, err = b.Write([]byte("x"))
		requireTimeout(t, err)
	})
}

func TestDeadlineAfterCloseIsAnError(t *testing.T) {
	a, b := mqtttest.Pipe(0)
	require.NoError(t, a.SetDeadline(time.Now().Add(time.Hour)))
	a.Close()
	b.Reset()
	require.ErrorIs(t, a.SetDeadline(time.Now().Add(time.Hour)), net.ErrClosed)
	require.ErrorIs(t, b.SetReadDeadline(time.Time{}), net.ErrClosed)
}

func TestClosedCountsMoreThanADeadlineThatHasPassed(t *testing.T) {
	for _, end := range []func(*mqtttest.PipeConn){func(p *mqtttest.PipeConn) { p.Close() }, (*mqtttest.PipeConn).Reset} {
		a, b := mqtttest.Pipe(10)
		require.NoError(t, a.SetDeadline(time.Now()))
		end(a)
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = a.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
		b.Close()
	}
}

func TestDeadlinesSetFromManyGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := mqtttest.Pipe(10)
		defer b.Close()
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				for j := range 100 {
					a.SetDeadline(time.Now().Add(time.Duration(i*j%7-1) * time.Millisecond))
					a.Read(make([]byte, 1))
					a.Write([]byte("x"))
				}
			})
		}
		wg.Go(func() { io.Copy(io.Discard, b) })
		wg.Go(func() { // the ten end by deadlines or by this
			time.Sleep(time.Second)
			a.Close()
		})
		wg.Wait()
	})
}
