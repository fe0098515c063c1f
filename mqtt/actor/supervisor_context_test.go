package actor

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestAConnectionThatEndedLeavesNothingWithTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &supervisor{
			cfg: &Config{
				Delay: func(int, error) (time.Duration, bool) { return time.Hour, true },
			},
			asks: make(chan question, 10), inbound: make(chan inquiry, 10),
			course: newCourse([]Server{host("server", nil)}, nil), at: host("server", nil),
		}
		for range 3 {
			ours, theirs := net.Pipe()
			s.accept(&tried{conn: ours, ack: new(codec.ConnAck), link: linkUp{version: codec.V5}})
			theirs.Close()
			require.NoError(t, s.lost(<-s.ended))
			require.Nil(t, s.sever)
			require.Nil(t, s.ended)
			require.Nil(t, s.plug)
		}
		s.shut(ErrClosed)
	})
}
