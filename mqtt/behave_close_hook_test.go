package mqtt_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// deaf dials nobody, and doesn't hear its context.
type deaf struct{ until <-chan struct{} }

func (d deaf) DialContext(context.Context, string, string) (net.Conn, error) {
	<-d.until
	return nil, errUnreachable
}

func TestCloseWithCodeThatIgnoresItsContext(t *testing.T) {
	for how, end := range map[string]func(*mqtt.Client) error{
		"Close": func(c *mqtt.Client) error { return c.Close(timed(time.Second)) }, "Abort": (*mqtt.Client).Abort,
	} {
		bubble(t, "Contract18 a Dialer that ignores its context outlives "+how+", whose error names it", func(t *testing.T) {
			until := make(chan struct{})
			client, err := mqtt.New(mqtt.Config{Dialer: deaf{until}})
			require.NoError(t, err)
			later(func() error { return client.Connect(context.Background()) })
			synctest.Wait()
			start := time.Now()
			require.Contains(t, leftUndone(t, end(client)).Hook, "Dialer")
			require.LessOrEqual(t, time.Since(start), time.Second+2*grace)
			close(until)
			<-client.Done()
		})
		bubble(t, "Contract18 a BeforeConnect that ignores its context outlives "+how+", whose error names it", func(t *testing.T) {
			until := make(chan struct{})
			s := idle(t, mqtt.Config{BeforeConnect: func(context.Context, *mqtt.Attempt) error {
				<-until
				return nil
			}})
			s.connecting()
			synctest.Wait()
			start := time.Now()
			require.Contains(t, leftUndone(t, end(s.client)).Hook, "BeforeConnect")
			require.LessOrEqual(t, time.Since(start), time.Second+2*grace)
			close(until)
			<-s.client.Done()
			require.Zero(t, s.server.Dials())
		})
		bubble(t, "Contract18 a Backoff.Retry that doesn't return outlives "+how+", whose error names it", func(t *testing.T) {
			until := make(chan struct{})
			s, conn := up(t, mqtt.Config{Backoff: mqtt.Backoff{Retry: func(int, error) (time.Duration, bool) {
				<-until
				return 0, true
			}}})
			conn.Close()
			synctest.Wait()
			start := time.Now()
			require.Contains(t, leftUndone(t, end(s.client)).Hook, "Backoff.Retry")
			require.LessOrEqual(t, time.Since(start), time.Second+2*grace)
			close(until)
			<-s.client.Done()
		})
	}
}
