package mqtt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// three is a client of as many servers.
func three() mqtt.Config {
	return mqtt.Config{Servers: []string{"mqtt://a", "mqtt://b", "mqtt://c"}, Backoff: mqtt.Backoff{NoJitter: true}}
}

// in lets the hosts of the next dials fail, which have to be these.
func (s *scene) in(names ...string) {
	s.Helper()
	for _, name := range names {
		conn := s.host(name)
		mqtttest.Expect[*codec.Connect](s, conn) // without it, CONNECT may be what fails
		conn.Close()
	}
}

// takes answers the next dial, which has to be to that host, and ends the connection after d.
func (s *scene) takes(name string, d time.Duration) {
	s.Helper()
	conn := s.host(name)
	conn.Handshake(s)
	ctx, stop := context.WithCancel(s.Context())
	go serve(ctx, conn)
	elapse(d)
	stop()
	conn.Close()
	synctest.Wait()
}

func TestB049ReasonsOfARound(t *testing.T) {
	bubble(t, "Connect's error has that of each server", func(t *testing.T) {
		s := idle(t, three())
		done := s.connecting()
		s.host("a").Handshake(t, codec.ConnAck{Code: codec.ServerUnavailable})
		s.in("b")
		s.host("c").Handshake(t, codec.ConnAck{Code: codec.ServerBusy})
		err := <-done
		for _, want := range []error{codec.ServerUnavailable, io.EOF, codec.ServerBusy} {
			require.ErrorIs(t, err, want)
		}
		round := as[*mqtt.RoundError](t, err).Attempts
		require.Len(t, round, 3)
		for i, name := range []string{"a", "b", "c"} {
			require.Equal(t, "mqtt://"+name+":1883", round[i].Server)
			require.ErrorContains(t, err, round[i].Error())
		}
		require.Equal(t, codec.ServerBusy, as[*mqtt.ReasonError](t, err).Code, "the last one is found first")
		require.Equal(t, "mqtt://c:1883", as[*mqtt.ConnectError](t, err).Server)
		require.Equal(t, 1, strings.Count(err.Error(), "mqtt: connect:"))
		require.NotContains(t, err.Error(), "\n")
	})
	bubble(t, "a refusal that no retry can mend has those before it", func(t *testing.T) {
		s := idle(t, three())
		done := s.connecting()
		s.in("a")
		s.host("b").Handshake(t, codec.ConnAck{Code: codec.NotAuthorized})
		err := <-done
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, codec.NotAuthorized, as[*mqtt.ReasonError](t, err).Code)
	})
	bubble(t, "one server has its error alone", func(t *testing.T) {
		s := idle(t, mqtt.Config{})
		done := s.connecting()
		s.dialled().Close()
		err := <-done
		_, many := errors.AsType[*mqtt.RoundError](err)
		require.False(t, many)
		as[*mqtt.ConnectError](t, err)
	})
	bubble(t, "the last round alone, also when Backoff gives up", func(t *testing.T) {
		cfg := three()
		cfg.RetryFirst, cfg.Backoff.Attempts = true, 1
		s := idle(t, cfg)
		done := s.connecting()
		s.in("a", "b", "c", "a", "b", "c")
		round := as[*mqtt.RoundError](t, <-done)
		require.Len(t, round.Attempts, 3)
		require.Equal(t, 2, round.Attempts[0].Attempt)
	})
	bubble(t, "a client that was connected ends with them", func(t *testing.T) {
		cfg := three()
		cfg.Backoff.Attempts = 1
		s := idle(t, cfg)
		s.connecting()
		s.takes("a", 0)
		s.in("a", "b", "c")
		synctest.Wait()
		require.Len(t, as[*mqtt.RoundError](t, s.ended()).Attempts, 3)
	})
	bubble(t, "those of a server that sent the client on, too", func(t *testing.T) {
		s := idle(t, anywhere())
		done := s.connecting()
		s.sendAway(s.host("a"), forNow, "b")
		s.in("b")
		err := <-done
		require.ErrorIs(t, err, codec.UseAnotherServer)
		require.Len(t, as[*mqtt.RoundError](t, err).Attempts, 2)
	})
}

func TestB049OrderOfServers(t *testing.T) {
	bubble(t, "those that failed lately go to the back", func(t *testing.T) {
		s := idle(t, three())
		s.connecting()
		s.in("a")
		s.takes("b", time.Hour)
		s.in("b")
		s.takes("c", time.Hour)
		s.in("c", "a", "b")     // a failed first
		s.in("c", "a")          // of the second round
		s.takes("b", time.Hour) // it works: the last one that did
		s.in("b", "c", "a")
	})
	bubble(t, "a server that loses connections soon, twice in a row, isn't first again", func(t *testing.T) {
		s := idle(t, three())
		s.connecting()
		s.takes("a", time.Hour)
		s.takes("a", time.Second)
		s.takes("a", time.Second)
		s.takes("b", time.Second)
		s.takes("b", time.Second)
		s.takes("c", time.Hour)
		s.takes("c", time.Second)
		s.takes("c", time.Hour)
		s.in("c", "a", "b")
	})
	bubble(t, "one server that loses connections soon is all there is", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtt://a"}})
		s.connecting()
		for range 4 {
			s.takes("a", time.Second)
		}
	})
	bubble(t, "a server that keeps Connect waiting until its context ends isn't the first of the next one", func(t *testing.T) {
		s := idle(t, three())
		for _, name := range []string{"a", "b", "c", "a"} {
			done := later(func() error { return s.client.Connect(closing(t, time.Second)) })
			s.host(name)
			require.ErrorIs(t, <-done, context.DeadlineExceeded)
			synctest.Wait()
		}
	})
	bubble(t, "B292 servers of mixed schemes are in turn", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, Servers: []string{"ws://a:1", "wss://b:2", "mqtts://c:3", "unix:///d"}})
		s.connecting()
		for range 2 {
			for _, want := range []string{"tcp a:1", "tcp b:2", "tcp c:3", "unix /d"} {
				conn := s.dialled()
				network, address := conn.Address()
				require.Equal(t, want, network+" "+address)
				conn.Close()
			}
		}
	})
}

func TestB049ShuffledServers(t *testing.T) {
	shuffled := three()
	shuffled.ShuffleServers, shuffled.RetryFirst = true, true
	bubble(t, "each once in a round, and not in one order for ever", func(t *testing.T) {
		s := idle(t, shuffled)
		s.connecting()
		orders := map[string]int{}
		for range 200 {
			round := make([]string, 3)
			for i := range round {
				conn := s.dialled()
				_, round[i] = conn.Address()
				conn.Close()
			}
			orders[fmt.Sprint(round)]++
			slices.Sort(round)
			require.Equal(t, []string{"a:1883", "b:1883", "c:1883"}, round)
		}
		require.Len(t, orders, 1, "whose failure is the longest ago is first: what was drawn at first goes on")
	})
	bubble(t, "clients begin with different ones, and come back to what worked", func(t *testing.T) {
		firsts := map[string]bool{}
		for range 100 {
			s := idle(t, shuffled)
			s.connecting()
			conn := s.dialled()
			_, first := conn.Address()
			firsts[first] = true
			conn.Handshake(t)
			conn.Close()
			conn = s.dialled()
			_, again := conn.Address()
			require.Equal(t, first, again)
			conn.Close()
			s.client.Abort()
		}
		require.Len(t, firsts, 3)
	})
}
