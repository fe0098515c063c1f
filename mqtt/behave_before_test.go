package mqtt_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/netx"
)

// hook is a BeforeConnect.
type hook = func(context.Context, *mqtt.Attempt) error

var errNoToken = errors.New("no token")

// blocks waits for the end of its context.
func blocks(ctx context.Context, _ *mqtt.Attempt) error {
	<-ctx.Done()
	return ctx.Err()
}

// failsTimes fails n times, and is content from then on.
func failsTimes(n int, err error) hook {
	return func(context.Context, *mqtt.Attempt) error {
		if n--; n < 0 {
			return nil
		}
		return err
	}
}

func TestB066BeforeConnect(t *testing.T) {
	both(t, "credentials, URL and client identifier of each attempt", func(t *testing.T, v mqtt.Version) {
		n := 0
		cfg := mqtt.Config{Version: v, Servers: []string{"mqtt://old:hush@a"}, BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
			n++
			a.Server = fmt.Sprintf("tcp://host%d:7", n)
			a.ClientID, a.Username, a.Password = fmt.Sprint("id", n), fmt.Sprint("user", n), fmt.Append(nil, "token", n)
			return nil
		}}
		s := idle(t, cfg)
		done := s.connecting()
		for i := range 3 {
			conn := s.dialled()
			_, address := conn.Address()
			require.Equal(t, fmt.Sprintf("host%d:7", i+1), address)
			c := conn.Handshake(t)
			require.Equal(t, []string{fmt.Sprint("id", i+1), fmt.Sprint("user", i+1), fmt.Sprint("token", i+1)},
				[]string{c.ClientID, c.Username, string(c.Password)})
			if i == 0 {
				require.NoError(t, <-done)
			}
			require.Equal(t, fmt.Sprintf("mqtt://host%d:7", i+1), awaitEvent[mqtt.EventConnected](s).Server)
			conn.Close()
			require.Equal(t, fmt.Sprintf("mqtt://host%d:7", i+1), awaitEvent[mqtt.EventDisconnected](s).Server)
		}
	})
	bubble(t, "what it sees: number, version, the last error, and what would be done", func(t *testing.T) {
		var seen []mqtt.Attempt
		cfg := mqtt.Config{
			Servers: []string{"mqtt://ann:secret@a", "mqtt://b?clientId=me"}, Version: mqtt.V311,
			BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
				require.NotNil(t, a.TLS)
				seen = append(seen, *a)
				return nil
			},
		}
		s := idle(t, cfg)
		s.connecting()
		s.host("a").Close()
		conn := s.host("b")
		conn.Handshake(t)
		conn.Close()
		s.host("b").Handshake(t)
		require.Len(t, seen, 3)
		require.Equal(t, [3]string{"mqtt://a:1883", "mqtt://b:1883", "mqtt://b:1883"}, [3]string{seen[0].Server, seen[1].Server, seen[2].Server})
		require.Equal(t, []any{"ann", []byte("secret"), "me", mqtt.V311}, []any{seen[0].Username, seen[0].Password, seen[0].ClientID, seen[0].Version})
		require.Equal(t, []any{"", []byte(nil)}, []any{seen[1].Username, seen[1].Password})
		require.Equal(t, [3]int{1, 1, 1}, [3]int{seen[0].Number, seen[1].Number, seen[2].Number})
		require.NoError(t, seen[0].Err)
		require.Equal(t, "mqtt://a:1883", as[*mqtt.ConnectError](t, seen[1].Err).Server)
		require.Error(t, seen[2].Err, "the connection was lost")
	})
	bubble(t, "a token that was refused is seen, and another one works", func(t *testing.T) {
		cfg := mqtt.Config{RetryFirst: true, Backoff: mqtt.Backoff{Retry: func(int, error) (time.Duration, bool) { return 0, true }}}
		cfg.BeforeConnect = func(_ context.Context, a *mqtt.Attempt) error {
			a.Username, a.Password = "u", []byte("old")
			if errors.Is(a.Err, codec.BadUserNameOrPassword) {
				a.Password = []byte("new")
			}
			return nil
		}
		s := idle(t, cfg)
		done := s.connecting()
		require.Equal(t, "old", string(s.dialled().Handshake(t, codec.ConnAck{Code: codec.BadUserNameOrPassword}).Password))
		require.Equal(t, "new", string(s.dialled().Handshake(t).Password))
		require.NoError(t, <-done)
	})
	bubble(t, "what it changed holds for one attempt, and touches no Config", func(t *testing.T) {
		cfg := mqtt.Config{Servers: []string{"mqtt://a"}, Username: "u", Password: []byte("keep"), TLS: &tls.Config{ServerName: "x"}}
		first := true
		cfg.BeforeConnect = func(_ context.Context, a *mqtt.Attempt) error {
			require.Equal(t, []any{"keep", "u", "mqtt://a:1883", "x"}, []any{string(a.Password), a.Username, a.Server, a.TLS.ServerName})
			if first {
				copy(a.Password, "gone")
				a.Username, a.Server, a.TLS.ServerName = "other", "mqtt://b", "y"
			}
			first = false
			return nil
		}
		s := idle(t, cfg)
		s.connecting()
		conn := s.host("b")
		c := conn.Handshake(t)
		require.Equal(t, "gone", string(c.Password))
		conn.Close()
		c = s.host("a").Handshake(t)
		require.Equal(t, []string{"keep", "u"}, []string{string(c.Password), c.Username})
		require.Equal(t, []any{"keep", "x"}, []any{string(cfg.Password), cfg.TLS.ServerName})
	})
	bubble(t, "credentials and clientId of another URL, where the fields are left alone", func(t *testing.T) {
		cfg := mqtt.Config{Servers: []string{"mqtt://old:1@a"}, BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
			a.Server = "mqtt://new:2@b?clientId=x"
			if a.Err != nil {
				a.Username, a.Password, a.ClientID = "newer", nil, "y"
			}
			return nil
		}}
		s := idle(t, cfg)
		s.connecting()
		conn := s.host("b")
		c := conn.Handshake(t)
		require.Equal(t, []string{"new", "2", "x"}, []string{c.Username, string(c.Password), c.ClientID})
		conn.Close()
		c = s.host("b").Handshake(t)
		require.Equal(t, []any{"newer", false, "y"}, []any{c.Username, c.HasPassword, c.ClientID})
	})
	bubble(t, "an empty user name and an empty password of the URL stay, and can be taken away", func(t *testing.T) {
		cfg := mqtt.Config{Version: mqtt.V5, Servers: []string{"mqtt://:@a"}, BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
			if a.Err != nil {
				a.Password = nil
			}
			return nil
		}}
		s := idle(t, cfg)
		s.connecting()
		conn := s.host("a")
		c := conn.Handshake(t)
		require.Equal(t, [2]bool{true, true}, [2]bool{c.HasUsername, c.HasPassword})
		conn.Close()
		c = s.host("a").Handshake(t)
		require.Equal(t, [2]bool{true, false}, [2]bool{c.HasUsername, c.HasPassword})
	})
	bubble(t, "it is called for each version that is tried", func(t *testing.T) {
		var versions []mqtt.Version
		s := idle(t, mqtt.Config{BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
			versions = append(versions, a.Version)
			return nil
		}})
		done := s.connecting()
		s.refuse(codec.UnsupportedProtocolVersion)
		s.refuse(codec.UnsupportedProtocolVersion)
		s.accept()
		require.NoError(t, <-done)
		require.Equal(t, []mqtt.Version{mqtt.V5, mqtt.V311, mqtt.V31}, versions)
	})
}

func TestB066BeforeConnectFails(t *testing.T) {
	both(t, "Connect fails with its error, nothing is dialled, and works the next time", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v, BeforeConnect: failsTimes(1, errNoToken)})
		err := s.client.Connect(t.Context())
		require.ErrorIs(t, err, errNoToken)
		failed := as[*mqtt.ConnectError](t, err)
		require.Equal(t, []any{"hook", "mqtt://localhost:1883", 1}, []any{failed.Stage, failed.Server, failed.Attempt})
		require.Zero(t, s.server.Dials())
		s.connect()
	})
	bubble(t, "RetryFirst: it is asked again as Backoff says", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, BeforeConnect: failsTimes(4, errNoToken), Backoff: mqtt.Backoff{NoJitter: true}})
		done, start := s.connecting(), time.Now()
		s.accept()
		require.NoError(t, <-done)
		require.Equal(t, 15*time.Second, time.Since(start))
	})
	bubble(t, "the next server has its turn, and Connect's error has each reason", func(t *testing.T) {
		s := idle(t, mqtt.Config{Servers: []string{"mqtt://a", "mqtt://b"}, BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
			return fmt.Errorf("%w for %s", errNoToken, a.Server)
		}})
		err := s.client.Connect(t.Context())
		require.EqualError(t, err, "mqtt: connect: connect mqtt://a:1883: hook: no token for mqtt://a:1883 (attempt 1); "+
			"connect mqtt://b:1883: hook: no token for mqtt://b:1883 (attempt 1)")
		require.Len(t, as[*mqtt.RoundError](t, err).Attempts, 2)
	})
	bubble(t, "a dialling error of its own is still the hook's", func(t *testing.T) {
		s := idle(t, mqtt.Config{BeforeConnect: failsTimes(1, &netx.DialError{Stage: netx.StageTLS, Server: "mqtts://tokens", Err: errNoToken})})
		failed := as[*mqtt.ConnectError](t, s.client.Connect(t.Context()))
		require.Equal(t, "hook", failed.Stage)
		require.ErrorContains(t, failed, "tokens")
	})
	bubble(t, "ErrGiveUp ends Connect, RetryFirst or not", func(t *testing.T) {
		s := idle(t, mqtt.Config{RetryFirst: true, BeforeConnect: failsTimes(1, fmt.Errorf("%w: %w", errNoToken, mqtt.ErrGiveUp))})
		require.ErrorIs(t, s.client.Connect(t.Context()), errNoToken)
		s.noDial(time.Hour)
		s.connect()
	})
	bubble(t, "ErrGiveUp ends a client that was connected", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
			if a.Err == nil {
				return nil
			}
			return fmt.Errorf("%w: %w", errNoToken, mqtt.ErrGiveUp)
		}})
		conn.Close()
		elapse(time.Minute)
		require.ErrorIs(t, s.ended(), errNoToken)
		require.Equal(t, 1, s.server.Dials())
	})
	bubble(t, "Backoff.Retry decides about ErrGiveUp, too", func(t *testing.T) {
		retry := func(_ int, err error) (time.Duration, bool) { return time.Second, errors.Is(err, mqtt.ErrGiveUp) }
		s := idle(t, mqtt.Config{RetryFirst: true, BeforeConnect: failsTimes(2, mqtt.ErrGiveUp), Backoff: mqtt.Backoff{Retry: retry}})
		s.connect()
	})
	for name, c := range map[string]struct {
		cfg    mqtt.Config
		change func(a *mqtt.Attempt)
		want   string
	}{
		"garbage for a URL": {change: func(a *mqtt.Attempt) { a.Server = "::u:hush@" }, want: "server URL"},
		"no URL":            {change: func(a *mqtt.Attempt) { a.Server = "" }, want: "empty"},
		"a scheme that is none": {
			change: func(a *mqtt.Attempt) { a.Server = "gopher://u:hush@h?sig=hush" }, want: `unknown scheme "gopher"`,
		},
		"a certificate for no TLS": {
			change: func(a *mqtt.Attempt) { a.TLS.Certificates = make([]tls.Certificate, 1) }, want: "Attempt.TLS: has a client certificate",
		},
		"no client identifier":       {change: func(a *mqtt.Attempt) { a.ClientID = "" }, want: "NoClientID"},
		"a client identifier of NUL": {change: func(a *mqtt.Attempt) { a.ClientID = "hush\x00" }, want: "Attempt.ClientID: holds U+0000"},
		"a long one on 3.1": {
			cfg: mqtt.Config{Version: mqtt.V31}, change: func(a *mqtt.Attempt) { a.ClientID = "hush-a-long-identifier-of-24" }, want: "Attempt.ClientID: has over 23",
		},
		"a user name that is no text": {change: func(a *mqtt.Attempt) { a.Username = "hush\xff" }, want: "Attempt.Username: is not valid UTF-8"},
		"an endless password":         {change: func(a *mqtt.Attempt) { a.Password = bytes.Repeat([]byte("hush"), 1<<15) }, want: "Attempt.Password: has"},
		"a password alone on 3.1.1": {
			cfg: mqtt.Config{Version: mqtt.V311}, change: func(a *mqtt.Attempt) { a.Password = []byte("hush") }, want: "set Username too",
		},
		"another client identifier beside a store": {
			cfg: stored(mqtt.V5, newDisk()), change: func(a *mqtt.Attempt) { a.ClientID = "hush" }, want: "SessionDurable",
		},
	} {
		bubble(t, "an attempt that can't be made: "+name, func(t *testing.T) {
			cfg, bad := c.cfg, true
			cfg.BeforeConnect = func(_ context.Context, a *mqtt.Attempt) error {
				if bad {
					c.change(a)
				}
				return nil
			}
			s := idle(t, cfg)
			err := s.client.Connect(t.Context())
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hush")
			require.Equal(t, "hook", as[*mqtt.ConnectError](t, err).Stage)
			require.Zero(t, s.server.Dials())
			bad = false
			s.connect()
		})
	}
	bubble(t, "a URL that can't be read is a *netx.URLError", func(t *testing.T) {
		s := idle(t, mqtt.Config{BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
			a.Server = "mqtt://h:port"
			return nil
		}})
		as[*netx.URLError](t, s.client.Connect(t.Context()))
	})
}

func TestB066BeforeConnectBlocks(t *testing.T) {
	bubble(t, "longer than ConnectTimeout, which begins afterwards", func(t *testing.T) {
		s := idle(t, mqtt.Config{ConnectTimeout: time.Minute, BeforeConnect: func(ctx context.Context, _ *mqtt.Attempt) error {
			_, bounded := ctx.Deadline()
			require.False(t, bounded)
			time.Sleep(time.Hour)
			return nil
		}})
		done := s.connecting()
		conn := s.dialled()
		elapse(59 * time.Second)
		conn.Handshake(t)
		require.NoError(t, <-done)
	})
	bubble(t, "until the context of Connect ends; nothing is dialled, and Connect may be called again", func(t *testing.T) {
		calls := 0
		s := idle(t, mqtt.Config{BeforeConnect: func(ctx context.Context, a *mqtt.Attempt) error {
			if calls++; calls > 1 {
				return nil
			}
			return blocks(ctx, a)
		}})
		require.ErrorIs(t, s.client.Connect(closing(t, time.Minute)), context.DeadlineExceeded)
		s.noDial(time.Hour)
		require.Equal(t, mqtt.StateIdle, s.client.State())
		s.connect()
	})
	for how, end := range map[string]func(*mqtt.Client) error{
		"Close": func(c *mqtt.Client) error { return c.Close(timed(time.Second)) }, "Abort": (*mqtt.Client).Abort,
	} {
		bubble(t, how+" ends it at once, in a first attempt", func(t *testing.T) {
			s := idle(t, mqtt.Config{BeforeConnect: blocks})
			done := s.connecting()
			synctest.Wait()
			start := time.Now()
			require.NoError(t, end(s.client))
			require.ErrorIs(t, <-done, mqtt.ErrClosed)
			require.Zero(t, time.Since(start))
		})
		bubble(t, how+" ends it at once, in a later one", func(t *testing.T) {
			s, conn := up(t, mqtt.Config{BeforeConnect: func(ctx context.Context, a *mqtt.Attempt) error {
				if a.Err == nil {
					return nil
				}
				return blocks(ctx, a)
			}})
			conn.Close()
			elapse(time.Minute)
			start := time.Now()
			require.NoError(t, end(s.client))
			require.Zero(t, time.Since(start))
			require.Equal(t, 1, s.server.Dials())
		})
	}
	bubble(t, "Reconnect waits for it and the attempt that it is part of", func(t *testing.T) {
		ready := make(chan struct{})
		s, conn := up(t, mqtt.Config{BeforeConnect: func(_ context.Context, a *mqtt.Attempt) error {
			if a.Err != nil {
				<-ready
			}
			return nil
		}})
		conn.Close()
		elapse(time.Minute)
		done := later(func() error { return s.client.Reconnect(context.Background()) })
		pending(t, done)
		close(ready)
		s.accept()
		require.NoError(t, <-done)
		require.Equal(t, 2, s.server.Dials())
	})
	bubble(t, "its content after the end of its context counts for nothing", func(t *testing.T) {
		s := idle(t, mqtt.Config{BeforeConnect: func(ctx context.Context, _ *mqtt.Attempt) error {
			<-ctx.Done()
			return nil
		}})
		require.ErrorIs(t, s.client.Connect(closing(t, time.Minute)), context.DeadlineExceeded)
		s.noDial(time.Hour)
	})
	bubble(t, "messages are taken meanwhile, and leave afterwards", func(t *testing.T) {
		ready := make(chan struct{})
		s := idle(t, mqtt.Config{BeforeConnect: func(context.Context, *mqtt.Attempt) error {
			<-ready
			return nil
		}})
		done := s.connecting()
		d, err := s.client.PublishAsync(t.Context(), message(mqtt.AtLeastOnce, "x"))
		require.NoError(t, err)
		close(ready)
		conn := s.accept()
		require.NoError(t, <-done)
		go serve(t.Context(), conn)
		require.NoError(t, d.Wait(closing(t, time.Minute)))
	})
}
