package actor

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestPingRoundTrip(t *testing.T) {
	start := time.Now()
	left := &written{at: start}
	came := func() *answers {
		return &answers{came: start.Add(time.Millisecond), list: []answer{{kind: codec.TypePingResp}}}
	}
	t.Run("B279 from the write to the answer", func(t *testing.T) {
		desk := &tracker{cfg: &Config{Tell: func(any) {}}}
		desk.wrote(left)
		desk.answered(came())
		require.Equal(t, time.Millisecond, desk.rtt)
	})
	t.Run("B279 also when the answer is quicker than the word that PINGREQ has left", func(t *testing.T) {
		desk := &tracker{cfg: &Config{Tell: func(any) {}}}
		desk.answered(came())
		desk.wrote(left)
		require.Equal(t, time.Millisecond, desk.rtt)
		require.Zero(t, desk.pinged)
	})
}

// slowClose is a connection that stays in Close until all others have done what a closed connection makes them do.
type slowClose struct{ net.Conn }

func (c slowClose) Close() error {
	err := c.Conn.Close()
	synctest.Wait()
	return err
}

// reads is a process that waits in Read, as the reader does.
type reads struct{ conn net.Conn }

func (r reads) run(context.Context) error {
	_, err := r.conn.Read(make([]byte, 1))
	return err
}

func TestPingerTellsWhyItCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, _ := net.Pipe()
		conn := slowClose{here}
		cut := make(chan struct{}, 1)
		cut <- struct{}{}
		ctx, stop := context.WithCancelCause(t.Context())
		over := make(chan error, 1)
		join(ctx, stop, func(why error) { over <- why }, reads{conn}, &pinger{conn: conn, cut: cut})
		require.Equal(t, errCut, <-over, "what the reader says of the closed connection isn't the reason")
	})
}
