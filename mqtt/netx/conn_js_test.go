package netx

import (
	"net"
	"os"
	"strings"
	"syscall/js"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// read gives what one Read does.
func read(t *testing.T, conn net.Conn, room int) string {
	p := make([]byte, room)
	n, err := conn.Read(p)
	require.NoError(t, err)
	return string(p[:n])
}

// result is what Read or Write gives.
type result struct {
	n   int
	err error
}

// begin has f wait, and shows that it does.
func begin(t *testing.T, f func([]byte) (int, error), p []byte) <-chan result {
	done := make(chan result, 1)
	go func() {
		n, err := f(p)
		done <- result{n, err}
	}()
	synctest.Wait()
	require.Empty(t, done, "it must wait")
	return done
}

func TestB293MessagesAreBytesInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := connected(t)
		conn.come("abcd")
		conn.come("")
		conn.come("ef")
		conn.come("g")
		for _, want := range []string{"a", "b", "c"} {
			require.Equal(t, want, read(t, conn, 1), "a piece of a message")
		}
		n, err := conn.Read(nil)
		require.Equal(t, result{}, result{n, err})
		require.Equal(t, "defg", read(t, conn, 10), "many messages")
		waiting := begin(t, conn.Read, make([]byte, 10))
		conn.come("h")
		require.Equal(t, result{n: 1}, <-waiting)
	})
}

func TestB296TextEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, socket := connected(t)
		conn.come("a")
		conn.deliver(js.ValueOf("b"))
		require.Equal(t, "a", read(t, conn, 10))
		_, err := conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, errTextCame)
		require.Equal(t, 1, socket.closed)
	})
}

func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := connected(t)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
		start, waiting := time.Now(), begin(t, conn.Read, make([]byte, 1))
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Second)), "moved under one that waits")
		require.ErrorIs(t, (<-waiting).err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))

		conn.come("ab")
		_, err := conn.Read(make([]byte, 1))
		late, ok := err.(net.Error)
		require.True(t, ok && late.Timeout(), "a deadline that has passed forbids, whatever is there")
		require.NoError(t, conn.SetReadDeadline(time.Time{}))
		require.Equal(t, "a", read(t, conn, 1))
	})
}

func TestAWriteIsAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, socket := connected(t)
		p := []byte("batch")
		for _, want := range []int{5, 5, 0} {
			n, err := conn.Write(p[:want])
			require.Equal(t, result{n: want}, result{n, err})
			copy(p, "later") // it is the caller's again
		}
		long := strings.Repeat("x", maxMessage+1)
		n, err := conn.Write([]byte(long))
		require.Equal(t, result{n: len(long)}, result{n, err})
		require.Equal(t, []string{"batch", "later", "", long[1:], "x"}, socket.messages)
	})
}

func TestTwoSlicesAreOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, socket := connected(t)
		long := strings.Repeat("x", maxMessage)
		for _, two := range [][2]string{{"head ", "payload"}, {"", "b"}, {"a", ""}, {"head", long}} {
			n, err := conn.WriteTwo([]byte(two[0]), []byte(two[1]))
			require.Equal(t, result{n: len(two[0] + two[1])}, result{n, err})
		}
		require.Equal(t, []string{"head payload", "b", "a", "head" + long[4:], "xxxx"}, socket.messages)
	})
}

func TestAWriteWaitsForTheBrowser(t *testing.T) {
	for _, c := range []struct {
		name    string
		happens func(net.Conn)
		want    error
	}{
		{"until its deadline", func(net.Conn) {}, os.ErrDeadlineExceeded},
		{"until a deadline that moved", func(conn net.Conn) { conn.SetDeadline(time.Now()) }, os.ErrDeadlineExceeded},
		{"until Close", func(conn net.Conn) { conn.Close() }, net.ErrClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, socket := connected(t)
				socket.held = maxBuffered + 1
				require.NoError(t, conn.SetWriteDeadline(time.Now().Add(time.Second)))
				waiting := begin(t, conn.Write, []byte("a"))
				c.happens(conn)
				r := <-waiting
				require.Zero(t, r.n)
				require.ErrorIs(t, r.err, c.want)
				require.Empty(t, socket.messages)
			})
		})
	}
	t.Run("late timers don't count", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn, socket := connected(t)
			socket.held = maxBuffered + 1
			require.NoError(t, conn.SetWriteDeadline(time.Now().Add(time.Second)))
			waiting := begin(t, conn.Write, []byte("a"))
			time.Sleep(time.Second - time.Millisecond)
			socket.held = 0
			require.Equal(t, result{n: 1}, <-waiting)
			_, err := conn.Write([]byte("b"))
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		})
	})
	t.Run("until it has less", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn, socket := connected(t)
			socket.held = maxBuffered + 1
			waiting := begin(t, conn.Write, []byte("a"))
			time.Sleep(time.Hour)
			require.Empty(t, waiting)
			socket.held = maxBuffered
			start := time.Now()
			require.Equal(t, result{n: 1}, <-waiting)
			require.LessOrEqual(t, time.Since(start), lastLook)
			require.Equal(t, []string{"a"}, socket.messages)
		})
	})
}

func TestCloseWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, socket := connected(t)
		one, other := begin(t, conn.Read, make([]byte, 1)), begin(t, conn.Read, make([]byte, 1))
		_, err := conn.Write([]byte("goodbye"))
		require.NoError(t, err)
		require.NoError(t, conn.Close(), "the browser has answered nothing yet")
		require.ErrorIs(t, (<-one).err, net.ErrClosed)
		require.ErrorIs(t, (<-other).err, net.ErrClosed)
		require.Equal(t, 1, socket.closed)
		require.NoError(t, conn.Close())
		require.Equal(t, 1, socket.closed)
		require.ErrorIs(t, conn.SetDeadline(time.Now()), net.ErrClosed)
	})
}

func TestCloseDropsWhatWasNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := connected(t)
		conn.come("unread")
		require.NoError(t, conn.Close())
		_, err := conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestWhatNobodyReadsHasABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, socket := connected(t)
		large := uint8Array(1 << 20).Get("buffer")
		for range maxUnread >> 20 {
			conn.deliver(large)
		}
		require.Zero(t, socket.closed, "that much may wait")
		conn.come("more")
		require.Equal(t, 1, socket.closed)
		conn.come("nobody hears it")

		left, p := maxUnread+len("more"), make([]byte, 4<<20)
		for left > 0 {
			n, err := conn.Read(p)
			require.NoError(t, err)
			left -= n
		}
		_, err := conn.Read(p)
		require.ErrorIs(t, err, ErrUnread)
		require.Zero(t, left)
	})
}

func TestReadsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := connected(t)
		one, other := begin(t, conn.Read, make([]byte, 1)), begin(t, conn.Read, make([]byte, 1))
		conn.come("ab")
		require.Equal(t, result{n: 1}, <-one)
		require.Equal(t, result{n: 1}, <-other)
	})
}
