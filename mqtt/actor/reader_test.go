package actor

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// script is a connection whose reads bring one piece after another, and then end. It notes how much room each read offered:
// what the reader holds while it waits.
type script struct {
	net.Conn
	pieces  [][]byte
	offered []int
	with    bool // the end comes together with the last piece, as from TLS
}

func (s *script) Read(b []byte) (int, error) {
	s.offered = append(s.offered, len(b))
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.pieces[0])
	if s.pieces[0] = s.pieces[0][n:]; len(s.pieces[0]) == 0 {
		s.pieces = s.pieces[1:]
	}
	if s.with && len(s.pieces) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// reading runs a reader over pieces, and gives the room of each read, the payloads that arrived and why it ended.
func reading(t *testing.T, conn *script) (payloads [][]byte, end error) {
	t.Helper()
	to, in := make(chan *answers), make(chan arrivals)
	r := &reader{conn: conn, dialect: codec.Dialect{Version: codec.V5, From: codec.FromServer}, max: 1 << 20, answers: to, arrivals: in}
	r.take(nil)
	ended := make(chan error, 1)
	go func() { ended <- r.run(context.Background()) }()
	for {
		select {
		case <-to:
		case a := <-in:
			for _, one := range *a.list {
				payloads = append(payloads, one.publish.Payload)
			}
		case end = <-ended:
			return payloads, end
		}
	}
}

// piece is PUBLISH packets of QoS 0 of so many bytes each.
func piece(t *testing.T, sizes ...int) (b []byte) {
	t.Helper()
	for i, size := range sizes {
		start := len(b)
		for payload := size - 8; len(b)-start != size; payload++ {
			var err error
			b, err = (&codec.Publish{Topic: "a", Payload: bytes.Repeat([]byte{byte(i)}, payload)}).Append(b[:start], codec.V5)
			require.NoError(t, err)
		}
	}
	return b
}

// times is a piece n times.
func times(n int, b []byte) (all [][]byte) {
	for range n {
		all = append(all, b)
	}
	return all
}

func TestReadBuffer(t *testing.T) {
	small, busy := piece(t, 20), piece(t, 1000, 1000, 1000)
	for _, c := range []struct {
		name   string
		pieces [][]byte
		want   []int // room offered in the last reads, the one for the end included
	}{
		{"small messages need no more than a small one", times(50, small), []int{smallRead, smallRead}},
		{"a packet that is not whole gets one that holds it", [][]byte{piece(t, 1000)[:300]}, []int{smallRead, largeRead - 300}},
		{"a read that fills a small one is followed by a large one", [][]byte{piece(t, smallRead)}, []int{smallRead, largeRead}},
		{"a read that nearly fills it is not", times(3, piece(t, smallRead-1)), []int{smallRead, smallRead, smallRead, smallRead}},
		{"while much comes the large one stays", times(100, busy), same(90, largeRead)},
		{"also when small reads are among them", again(10, append(times(15, small), busy)), same(100, largeRead)},
		{"it stays for some small reads", append(times(3, busy), times(10, small)...), same(10, largeRead)},
		{"but not for many", append(times(3, busy), times(40, small)...), same(20, smallRead)},
		{"that of one larger packet goes with it", [][]byte{piece(t, 200_000)}, []int{largeRead}},
		{"also when others follow", [][]byte{piece(t, 200_000, 1000), piece(t, 1000)}, []int{largeRead, largeRead}},
		{"and all of it after a while", append([][]byte{piece(t, 200_000)}, times(40, small)...), same(20, smallRead)},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := &script{pieces: c.pieces}
			_, err := reading(t, conn)
			require.ErrorIs(t, err, io.EOF)
			require.GreaterOrEqual(t, len(conn.offered), len(c.want))
			require.Equal(t, c.want, conn.offered[len(conn.offered)-len(c.want):])
		})
	}
}

// same is a number n times.
func same(n, v int) (all []int) {
	for range n {
		all = append(all, v)
	}
	return all
}

// again is a list of pieces n times over.
func again(n int, list [][]byte) (all [][]byte) {
	for range n {
		all = append(all, list...)
	}
	return all
}

func TestReaderEnd(t *testing.T) {
	bye, err := (&codec.Disconnect{Code: codec.SessionTakenOver}).Append(nil, codec.V5)
	require.NoError(t, err)
	t.Run("a DISCONNECT that comes together with the end is why it ended", func(t *testing.T) {
		payloads, err := reading(t, &script{pieces: [][]byte{append(piece(t, 20), bye...)}, with: true})
		require.ErrorIs(t, err, codec.SessionTakenOver)
		require.Len(t, payloads, 1)
	})
	t.Run("messages that come together with the end are handed over", func(t *testing.T) {
		payloads, err := reading(t, &script{pieces: [][]byte{piece(t, 20, 20)}, with: true})
		require.ErrorIs(t, err, io.EOF)
		require.Len(t, payloads, 2)
	})
	t.Run("bytes that break a rule and come together with the end are told as that", func(t *testing.T) {
		_, err := reading(t, &script{pieces: [][]byte{{0xF1, 0}}, with: true})
		require.ErrorIs(t, err, codec.MalformedPacket)
	})
}

// Payloads stay what they were while the buffers that they came through are used again.
func TestReaderPayloadsAreTheirOwn(t *testing.T) {
	sizes := []int{20, 300, 70_000, 5000, 4000, 4000, 1000, 30, 20, 600}
	all := again(10, [][]byte{piece(t, sizes...)})
	payloads, err := reading(t, &script{pieces: all})
	require.ErrorIs(t, err, io.EOF)
	require.Len(t, payloads, 10*len(sizes))
	for i, payload := range payloads {
		require.Equal(t, bytes.Repeat([]byte{byte(i % len(sizes))}, len(payload)), payload)
		require.Equal(t, len(payload), cap(payload))
	}
}

func TestSlabsGrowWithUse(t *testing.T) {
	var s slab
	pieces := func(n, size int) (sizes []int) {
		for range n {
			left := len(s.free)
			own := s.copy(make([]byte, size))
			if size > left {
				sizes = append(sizes, len(own)+len(s.free))
			}
		}
		return sizes
	}
	require.Equal(t, []int{256}, pieces(1, 1), "a message now and then holds little")
	require.Empty(t, pieces(255, 1))
	require.Equal(t, []int{512, 1024}, pieces(24, 64))
	require.Equal(t, []int{slabMax}, pieces(1, slabMax), "no more than the payload needs")
	require.Equal(t, []int{2 * slabMax, slabSize, slabSize}, pieces(10, slabMax))
	rest := len(s.free)
	require.Len(t, s.copy(make([]byte, slabMax+1)), slabMax+1)
	require.Len(t, s.free, rest, "a larger payload has memory of its own")
}

// A packet's own memory is the application's: nothing that is read later may come there, whatever buffer was in use before.
func TestLargePayloadsAreTheirOwn(t *testing.T) {
	for _, first := range []int{20, smallRead, 5000} {
		for _, size := range []int{ownPacket - 10, ownPacket, ownPacket + 100, 30_000, largeRead - 20, largeRead, largeRead + 1, 200_000} {
			var all []byte
			var want [][]byte
			for i := range 6 {
				p := codec.Publish{Topic: "t", Payload: bytes.Repeat([]byte{byte('a' + i)}, size)}
				var err error
				all, err = p.Append(all, codec.V5)
				require.NoError(t, err)
				want = append(want, p.Payload)
			}
			payloads, end := reading(t, &script{pieces: [][]byte{all[:first], all[first:]}})
			require.ErrorIs(t, end, io.EOF)
			require.Len(t, payloads, len(want))
			for i := range want {
				require.True(t, bytes.Equal(want[i], payloads[i]), "payload %d of %d bytes, after a first read of %d", i, size, first)
				require.Equal(t, len(payloads[i]), cap(payloads[i]))
			}
		}
	}
}
