//go:build !js

package netx

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// writes is a connection that is only written to.
type writes struct{ io.Writer }

func (writes) Read([]byte) (int, error)         { return 0, io.EOF }
func (writes) Close() error                     { return nil }
func (writes) LocalAddr() net.Addr              { return nil }
func (writes) RemoteAddr() net.Addr             { return nil }
func (writes) SetDeadline(time.Time) error      { return nil }
func (writes) SetReadDeadline(time.Time) error  { return nil }
func (writes) SetWriteDeadline(time.Time) error { return nil }

func TestB293ReadGivesWhatHasCome(t *testing.T) {
	for _, size := range []int{1, 7, 1023, 1024, 4096} { // below 1024, what is read ahead is handed out
		conn, far := webPipe(t)
		sends(t, far, append(frame(frameBinary, "he"), 0x82, 3, 'l'), []byte("lo"), frame(frameBinary, " you"))
		var got []byte
		for len(got) < 9 {
			p := make([]byte, size)
			n, err := conn.Read(p)
			require.NoError(t, err)
			require.NotZero(t, n)
			got = append(got, p[:n]...)
		}
		require.Equal(t, "hello you", string(got))
	}
}

func TestReadDoesNotWaitForTheEndOfAFrame(t *testing.T) { // of a large packet on a slow way: what comes of it is a sign of life
	synctest.Test(t, func(t *testing.T) {
		conn, far := webPipe(t)
		sends(t, far, append(appendServerHead(nil, frameBinary, 1<<20), "first"...))
		p := make([]byte, 64<<10)
		n, err := conn.Read(p)
		require.NoError(t, err)
		require.Equal(t, "first", string(p[:n]))
	})
}

func TestReadDeadlineLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, far := webPipe(t)
		sends(t, far, []byte{0x82, 126, 0})
		for range 2 {
			start := time.Now()
			require.NoError(t, conn.SetDeadline(start.Add(time.Minute)))
			_, err := conn.Read(make([]byte, 10))
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.Equal(t, time.Minute, time.Since(start))
		}
		require.NoError(t, conn.SetReadDeadline(time.Time{}))
		sends(t, far, append([]byte{2}, "ab"...))
		got := make([]byte, 2)
		_, err := io.ReadFull(conn, got)
		require.NoError(t, err)
		require.Equal(t, "ab", string(got))
	})
}

func TestB293PingsAreAnswered(t *testing.T) {
	conn, far := webPipe(t)
	go conn.Read(make([]byte, 1))
	_, err := far.Write(frame(framePing, "are you there"))
	require.NoError(t, err)
	kind, payload := clientFrame(t, far)
	require.EqualValues(t, framePong, kind)
	require.Equal(t, "are you there", string(payload))
}

func TestPingBehindAStuckMessage(t *testing.T) { // reading goes on, and the ping is answered when the message has left
	synctest.Test(t, func(t *testing.T) {
		conn, far := webPipe(t)
		wrote := make(chan error, 1)
		go func() {
			_, err := conn.Write([]byte("stuck"))
			wrote <- err
		}()
		synctest.Wait() // the pipe has no room: nobody reads
		sends(t, far, frame(framePing, "old"), frame(framePing, "new"), frame(frameBinary, "data"))
		start := time.Now()
		got := make([]byte, 4)
		_, err := io.ReadFull(conn, got)
		require.NoError(t, err)
		require.Equal(t, "data", string(got))
		require.Zero(t, time.Since(start))

		kind, payload := clientFrame(t, far)
		require.EqualValues(t, frameBinary, kind)
		require.Equal(t, "stuck", string(payload))
		kind, payload = clientFrame(t, far)
		require.EqualValues(t, framePong, kind)
		require.Equal(t, "new", string(payload), "the last one is enough")
		require.NoError(t, <-wrote)
	})
}

func TestPongHasADeadlineOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, far := webPipe(t)
		require.NoError(t, conn.SetWriteDeadline(time.Now())) // of a message long ago
		time.Sleep(time.Minute)
		start := time.Now()
		sends(t, far, frame(framePing, ""), frame(frameBinary, "x"))
		_, err := conn.Read(make([]byte, 1))
		require.NoError(t, err, "the server doesn't take the pong, and reading goes on all the same")
		require.Equal(t, pongWait, time.Since(start))
		require.NoError(t, conn.SetWriteDeadline(time.Now().Add(time.Minute)))
		_, err = conn.Write([]byte("x"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded, "half a frame may have left")
	})
}

func TestPongLeavesTheDeadlineAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, far := webPipe(t)
		start := time.Now()
		require.NoError(t, conn.SetWriteDeadline(start.Add(time.Minute)))
		sends(t, far, frame(framePing, ""), frame(frameBinary, "x"))
		go clientFrame(t, far)
		_, err := conn.Read(make([]byte, 1))
		require.NoError(t, err)
		_, err = conn.Write([]byte("x"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(start))
	})
}

func TestEndOfWebSocket(t *testing.T) {
	for _, c := range []struct {
		name   string
		send   []byte
		want   error
		answer int // the code that the server is told; 0: nothing
	}{
		{"B294 closed as it should be", closeFrame(1000, ""), io.EOF, 1000},
		{"B294 closed without a code", frame(frameClose, ""), io.EOF, closeNone},
		{"B294 going away", closeFrame(1001, "restart"), &CloseError{1001, "restart"}, 1001},
		{"B294 the connection ends", nil, io.EOF, 0},
		{"B294 the connection ends within a header", []byte{0x82}, io.ErrUnexpectedEOF, 0},
		{"B294 the connection ends within a frame", []byte{0x82, 2}, io.ErrUnexpectedEOF, 0},
		{"B294 the connection ends within a message", []byte{0x02, 0}, io.ErrUnexpectedEOF, 0},
		{"B296 text", frame(frameText, "hello"), errText, 1003},
		{"a rule broken", []byte{0xc2, 0}, broken("a frame has reserved bits set, and no extension was agreed on"), 1002},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{8, 4096} {
				conn, far := webPipe(t)
				told := make(chan []byte, 1)
				go func() {
					far.Write(append(frame(frameBinary, "data"), c.send...))
					if c.answer == 0 {
						far.Close()
						told <- nil
						return
					}
					_, body := clientFrame(t, far)
					told <- body
				}()
				p := make([]byte, size)
				n, err := conn.Read(p)
				require.NoError(t, err)
				require.Equal(t, "data", string(p[:n]), "what came before counts")
				for range 2 {
					_, err = conn.Read(p)
					require.Equal(t, c.want, err)
				}
				body := <-told
				if c.answer != 0 {
					require.Equal(t, string(closeBody(c.answer)), string(body))
				}
				if c.answer != 0 {
					_, err = conn.Write([]byte("x"))
					require.ErrorIs(t, err, errCloseSent)
				}
			}
		})
	}
}

func TestContract18WebSocketHalfClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, far := webPipe(t)
		end := make(chan error, 1)
		go func() { end <- conn.(HalfCloser).CloseWrite() }()
		kind, payload := clientFrame(t, far)
		require.EqualValues(t, frameClose, kind)
		require.Equal(t, "\x03\xe8", string(payload))
		require.NoError(t, <-end)
		_, err := conn.Write([]byte("more"))
		require.ErrorIs(t, err, errCloseSent)
		sends(t, far, frame(frameBinary, "late"), closeFrame(1000, ""))
		got, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Equal(t, "late", string(got), "reading goes on, and no second close frame leaves")
	})
}

func TestWebSocketHalfCloseHasABound(t *testing.T) {
	for _, stuck := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			conn, _ := webPipe(t)
			wrote := make(chan error, 1)
			if stuck {
				go func() {
					_, err := conn.Write([]byte("stuck"))
					wrote <- err
				}()
				synctest.Wait()
			}
			start := time.Now()
			require.ErrorIs(t, conn.(HalfCloser).CloseWrite(), os.ErrDeadlineExceeded)
			require.Equal(t, closeWait, time.Since(start))
			if stuck {
				require.ErrorIs(t, <-wrote, os.ErrDeadlineExceeded)
			}
		})
	}
}

func TestWebSocketCloseWakesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, _ := webPipe(t)
		ends := make(chan error, 3)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			ends <- err
		}()
		for range 2 {
			go func() {
				_, err := conn.Write([]byte("x"))
				ends <- err
			}()
		}
		synctest.Wait()
		start := time.Now()
		require.NoError(t, conn.Close())
		for range 3 {
			require.ErrorIs(t, <-ends, io.ErrClosedPipe)
		}
		require.Zero(t, time.Since(start))
	})
}

// some takes only some bytes, and then fails.
type some struct {
	writes
	room int
}

func (s *some) Write(p []byte) (int, error) {
	n := min(len(p), s.room)
	if s.room -= n; n < len(p) {
		return n, errors.New("full")
	}
	return n, nil
}

func TestWriteTellsHowFarItCame(t *testing.T) { // what of a batch has left decides what is sent again
	const size = 200_000
	for _, c := range []struct{ room, want int }{{0, 0}, {13, 0}, {14, 0}, {15, 1}, {90_000, 89_986}, {size + 13, size - 1}} {
		w := newWebWriter(&some{room: c.room})
		n, err := w.message(make([]byte, size/2), make([]byte, size/2))
		require.EqualError(t, err, "full")
		require.Equal(t, c.want, n)
		n, err = w.message([]byte("x"), nil)
		require.EqualError(t, err, "full", "half a frame has left")
		require.Zero(t, n)
	}
}

func TestCloseFrameBehindAStuckMessage(t *testing.T) { // the end is told all the same, soon
	synctest.Test(t, func(t *testing.T) {
		conn, far := webPipe(t)
		wrote := make(chan error, 1)
		go func() {
			_, err := conn.Write([]byte("stuck"))
			wrote <- err
		}()
		synctest.Wait()
		sends(t, far, closeFrame(1001, "restart"))
		start := time.Now()
		_, err := conn.Read(make([]byte, 1))
		require.Equal(t, &CloseError{1001, "restart"}, err)
		require.Equal(t, closeWait, time.Since(start))
		require.NoError(t, conn.Close())
		require.Error(t, <-wrote)
	})
}
