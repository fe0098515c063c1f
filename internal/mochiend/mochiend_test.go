package mochiend_test

import (
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/internal/mochiend"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Clients leave, and some have not said who they are, while the server ends.
func TestTheEndComesWhoeverIsLeaving(t *testing.T) {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		broker := mochi.New(&mochi.Options{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, broker.AddHook(new(auth.AllowHook), nil))
		door := mochiend.New("door", l)
		require.NoError(t, broker.AddListener(door))
		require.NoError(t, broker.Serve())
		var crowd sync.WaitGroup
		inside := make(chan struct{}, 8)
		for i := range 8 {
			conn, err := net.Dial("tcp", l.Addr().String())
			require.NoError(t, err)
			crowd.Go(func() {
				defer conn.Close()
				if i > 0 {
					conn.Write([]byte{0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 1, byte('a' + i)})
					io.ReadFull(conn, make([]byte, 4)) // CONNACK
				}
				inside <- struct{}{}
				if i%2 == 0 {
					io.Copy(io.Discard, conn)
				}
			})
		}
		for range 8 {
			<-inside
		}
		require.NoError(t, door.End(broker))
		crowd.Wait()
	}
}
