package doctor

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMeaning(t *testing.T) {
	for err, says := range map[error]string{
		syscall.ECONNREFUSED:     "nothing listens",
		syscall.ECONNRESET:       "firewall",
		syscall.ENETUNREACH:      "no way there",
		context.DeadlineExceeded: "no answer",
		syscall.ENOENT:           "no such file",
		errors.New("odd"):        "odd",
	} {
		require.Contains(t, meaning(fmt.Errorf("dial: %w", err)), says)
	}
}

func TestObstaclesThatAreResults(t *testing.T) {
	l := &lab{patient: &patient{limit: time.Second}}
	for _, c := range []struct {
		err    error
		status status
		says   string
	}{
		{&mqtt.ReasonError{Packet: "PUBACK", Code: codec.NotAuthorized}, info, "not allowed"},
		{&mqtt.LimitError{Code: codec.QoSNotSupported, Reason: "its Maximum QoS is 1"}, info, "not there: its Maximum QoS is 1"},
		{&mqtt.SubscribeError{Grants: []mqtt.Grant{{Code: codec.SharedSubscriptionsNotSupported}}}, info, "refuses the subscription"},
		{mqtt.ErrVersion, info, "needs MQTT 5.0"},
		{errNotDelivered, warn, "nothing is delivered"},
		{context.DeadlineExceeded, warn, "no end within 1s"},
	} {
		f := l.obstacle(fmt.Errorf("publish: %w", c.err))
		require.Equal(t, c.status, f.Status, f.Text)
		require.Contains(t, f.Text, c.says)
	}
}
