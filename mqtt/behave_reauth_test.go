package mqtt_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// hangs is a Begin that returns when its context has ended.
func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// thinks is a Continue that does.
func thinks(ctx context.Context, _ mqtt.AuthData) (mqtt.AuthData, error) {
	<-ctx.Done()
	return mqtt.AuthData{}, ctx.Err()
}

// lapsed checks that a re-authentication which had begun ended the connection, and that the client authenticates anew.
func (s *scene) lapsed(conn *mqtttest.Conn, err error) {
	s.Helper()
	as[*mqtt.AuthError](s.T, err)
	expectExpelled(s, conn, mqtt.V5, codec.UnspecifiedError)
	conn.Close()
	conn = s.accept(consent(""))
	as[*mqtt.AuthError](s.T, awaitEvent[mqtt.EventDisconnected](s).Err)
	s.works(conn)
}

func TestReauthenticate(t *testing.T) {
	bubble(t, "B284 B286 MQTT-4.12.1-1 AUTH 0x19, the exchange, AUTH 0x00; connection and session stay", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		done := s.renewing()
		proves(t, conn, codec.ReAuthenticate, "hello")
		send(t, conn, more("one"))
		proves(t, conn, codec.ContinueAuthentication, "re:one")
		send(t, conn, more("two"))
		proves(t, conn, codec.ContinueAuthentication, "re:two")
		pending(t, done)
		send(t, conn, agreed("proof"))
		require.NoError(t, <-done)
		require.Equal(t, []string{"begin at mqtt://localhost:1883, again true", "continue one", "continue two", "finish proof", "end true"}, a.asked())
		require.NoError(t, <-a.ends)
		s.works(conn)
		s.renewed(conn)
		require.Equal(t, 1, s.server.Dials())
		require.Equal(t, []string{"Connected"}, s.told())
	})
	bubble(t, "MQTT-4.12.1-1 messages flow meanwhile, both ways", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		s.client.Messages()
		goOn := make(chan struct{})
		a.answer = func(context.Context, mqtt.AuthData) (mqtt.AuthData, error) {
			<-goOn
			return mqtt.AuthData{}, nil
		}
		done := s.renewing()
		flows := func() {
			d, p := s.inFlight(conn, mqtt.AtLeastOnce, "out")
			finish(t, conn, p)
			require.NoError(t, outcomeOf(t, d))
			send(t, conn, incoming(codec.AtMostOnce, 0, "in"))
			require.Equal(t, "in", string(s.next().Payload))
		}
		proves(t, conn, codec.ReAuthenticate, "hello")
		flows() // while the server's answer is awaited
		send(t, conn, more("one"))
		flows() // while the Authenticator thinks
		close(goOn)
		proves(t, conn, codec.ContinueAuthentication, "")
		send(t, conn, agreed(""))
		require.NoError(t, <-done)
	})
	bubble(t, "MQTT-4.12.1-1 a second call while one runs is refused", func(t *testing.T) {
		s, conn := trusted(t, authenticator())
		done := s.renewing()
		proves(t, conn, codec.ReAuthenticate, "hello")
		require.ErrorIs(t, s.client.Reauthenticate(t.Context()), mqtt.ErrReauthenticating)
		quiet(t, conn)
		send(t, conn, agreed(""))
		require.NoError(t, <-done)
		s.renewed(conn)
	})
	bubble(t, "Contract12 its answer is owed: a consumer that doesn't read holds nothing up", func(t *testing.T) {
		s, conn := trusted(t, authenticator(), func(cfg *mqtt.Config) { cfg.Inbox.Messages = 1 })
		s.client.Messages()
		done := s.renewing()
		proves(t, conn, codec.ReAuthenticate, "hello")
		for range 10 {
			send(t, conn, incoming(codec.AtMostOnce, 0, "nobody reads"))
			synctest.Wait()
		}
		send(t, conn, agreed(""))
		require.NoError(t, within(t, time.Second, done))
	})
	bubble(t, "MQTT-3.15.2-2 MQTT-3.15.2-3 words that make it too large are shed, data that does is an error", func(t *testing.T) {
		a := authenticator()
		a.first = mqtt.AuthData{Data: []byte("data"), ReasonString: strings.Repeat("r", 30), UserProperties: []mqtt.UserProperty{{Key: "k", Value: strings.Repeat("v", 30)}}}
		s, conn := up(t, a.config(), announcing(codec.ConnAckProperties{AuthenticationMethod: "X", MaximumPacketSize: 60}))
		done := s.renewing()
		p := proves(t, conn, codec.ReAuthenticate, "data")
		require.Empty(t, p.ReasonString)
		require.Empty(t, p.UserProperties)
		send(t, conn, agreed(""))
		require.NoError(t, <-done)

		a.first = mqtt.AuthData{Data: make([]byte, 60)}
		err := s.client.Reauthenticate(t.Context())
		require.Equal(t, codec.PacketTooLarge, as[*mqtt.LimitError](t, err).Code)
		quiet(t, conn)
		a.first = mqtt.AuthData{ReasonString: "fits"}
		done = s.renewing()
		require.Equal(t, "fits", proves(t, conn, codec.ReAuthenticate, "").ReasonString)
		a.answer = func(context.Context, mqtt.AuthData) (mqtt.AuthData, error) {
			return mqtt.AuthData{Data: make([]byte, 60)}, nil
		}
		send(t, conn, more("one"))
		err = <-done
		as[*mqtt.LimitError](t, err)
		s.lapsed(conn, err)
	})
}

func TestReauthenticateRefused(t *testing.T) {
	// before anything has left, the error leaves all as it was.
	bubble(t, "MQTT-4.12.0-7 without an Authenticator", func(t *testing.T) {
		s, conn := up(t, mqtt.Config{})
		require.ErrorIs(t, s.client.Reauthenticate(t.Context()), mqtt.ErrNoAuthenticator)
		quiet(t, conn)
	})
	bubble(t, "B286 while there is no connection", func(t *testing.T) {
		a := authenticator()
		s := idle(t, a.config())
		require.ErrorIs(t, s.client.Reauthenticate(t.Context()), mqtt.ErrNotConnected)
		done := s.connecting()
		conn := s.dialled()
		require.ErrorIs(t, s.client.Reauthenticate(t.Context()), mqtt.ErrNotConnected)
		conn.Handshake(t, consent(""))
		require.NoError(t, <-done)
		conn.Close()
		synctest.Wait()
		require.ErrorIs(t, s.client.Reauthenticate(t.Context()), mqtt.ErrNotConnected)
		require.Equal(t, []string{"begin at mqtt://localhost:1883, again false", "finish ", "end true"}, a.asked())
		s.client.Abort()
		require.ErrorIs(t, s.client.Reauthenticate(t.Context()), mqtt.ErrClosed)
	})
	bubble(t, "on 3.1.1", func(t *testing.T) {
		cfg := authenticator().config()
		cfg.Version, cfg.Lenient = mqtt.V311, true
		s, conn := up(t, cfg)
		require.ErrorIs(t, s.client.Reauthenticate(t.Context()), mqtt.ErrVersion)
		quiet(t, conn)
	})
	bubble(t, "B286 a context that is over asks nobody", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		require.ErrorIs(t, s.client.Reauthenticate(over()), context.Canceled)
		require.Empty(t, a.asked())
		quiet(t, conn)
	})
	bubble(t, "Begin fails: the connection stays", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		a.begin = func(context.Context) error { return errNoProof }
		err := s.client.Reauthenticate(t.Context())
		require.ErrorIs(t, err, errNoProof)
		require.NotErrorAs(t, err, new(*mqtt.AuthError))
		a.begin = nil
		a.first = mqtt.AuthData{ReasonString: "\xff"}
		as[*mqtt.ArgumentError](t, s.client.Reauthenticate(t.Context()))
		quiet(t, conn)
		a.first = mqtt.AuthData{Data: []byte("hello")}
		s.renewed(conn)
	})
	bubble(t, "B286 the context ends before anything has left: the connection stays", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		a.begin = hangs
		require.ErrorIs(t, s.client.Reauthenticate(timed(time.Second)), context.DeadlineExceeded)
		quiet(t, conn)
		a.begin = nil
		stuck(conn, 1)
		s.async(mqtt.AtMostOnce, "the writer is busy")
		synctest.Wait()
		require.ErrorIs(t, s.client.Reauthenticate(timed(time.Second)), context.DeadlineExceeded)
		unstuck(conn)
		expectPayload(t, conn, "the writer is busy")
		quiet(t, conn)
		s.renewed(conn)
	})
}

func TestReauthenticateFails(t *testing.T) {
	bubble(t, "B286 MQTT-4.12.1-2 the context ends when AUTH has left", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		start := time.Now()
		done := later(func() error { return s.client.Reauthenticate(timed(time.Second)) })
		proves(t, conn, codec.ReAuthenticate, "hello")
		err := <-done
		require.Equal(t, time.Second, time.Since(start))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, <-a.ends, context.DeadlineExceeded)
		s.lapsed(conn, err)
	})
	for name, packet := range map[string]codec.Packet{"Continue": more("one"), "Finish": agreed("forged")} {
		bubble(t, "MQTT-4.12.1-2 the exchange fails in "+name+": DISCONNECT, and the end", func(t *testing.T) {
			a := authenticator()
			a.answer = func(context.Context, mqtt.AuthData) (mqtt.AuthData, error) { return mqtt.AuthData{}, errNoProof }
			s, conn := trusted(t, a)
			a.finish = func(_ context.Context, said mqtt.AuthData) error {
				if string(said.Data) == "forged" {
					return errNoProof
				}
				return nil
			}
			done := s.renewing()
			proves(t, conn, codec.ReAuthenticate, "hello")
			send(t, conn, packet)
			err := <-done
			require.ErrorIs(t, err, errNoProof)
			require.ErrorIs(t, <-a.ends, errNoProof)
			require.ErrorIs(t, s.client.Reauthenticate(t.Context()), mqtt.ErrNotConnected, "this connection is at its end")
			s.lapsed(conn, err)
		})
	}
	bubble(t, "MQTT-4.12.1-2 the server says DISCONNECT 0x87", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		done := s.renewing()
		proves(t, conn, codec.ReAuthenticate, "hello")
		send(t, conn, &codec.Disconnect{Code: codec.NotAuthorized})
		err := <-done
		as[*mqtt.AuthError](t, err)
		refusedWith(t, err, codec.NotAuthorized)
		refusedWith(t, <-a.ends, codec.NotAuthorized)
		require.ErrorIs(t, s.ended(), codec.NotAuthorized)
	})
	bubble(t, "B286 the connection is lost: the call ends, and the context of the Authenticator", func(t *testing.T) {
		for _, packet := range []codec.Packet{nil, more("one")} {
			a := authenticator()
			a.answer = thinks
			s, conn := trusted(t, a)
			done := s.renewing()
			proves(t, conn, codec.ReAuthenticate, "hello")
			if packet != nil {
				send(t, conn, packet)
			}
			pending(t, done)
			conn.Close()
			synctest.Wait()
			as[*mqtt.AuthError](t, within(t, time.Millisecond, done))
			require.Error(t, <-a.ends)
			s.accept(consent(""))
		}
	})
	bubble(t, "the connection is lost before anything has left", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		a.begin = hangs
		done := s.renewing()
		pending(t, done)
		conn.Close()
		synctest.Wait()
		require.ErrorIs(t, within(t, time.Millisecond, done), mqtt.ErrNotConnected)
		a.begin = nil
		s.accept(consent(""))
	})
	bubble(t, "consent that comes with the end of the connection is no consent", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		until := make(chan struct{})
		a.finish = func(context.Context, mqtt.AuthData) error { <-until; return nil }
		done := s.renewing()
		proves(t, conn, codec.ReAuthenticate, "hello")
		send(t, conn, agreed(""))
		synctest.Wait()
		conn.Close()
		synctest.Wait()
		close(until)
		as[*mqtt.AuthError](t, <-done)
		require.Error(t, <-a.ends)
	})
	bubble(t, "Reconnect ends it", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		done := s.renewing()
		proves(t, conn, codec.ReAuthenticate, "hello")
		again := later(func() error { return s.client.Reconnect(t.Context()) })
		as[*mqtt.AuthError](t, <-done)
		conn.Close()
		s.accept(consent(""))
		require.NoError(t, <-again)
	})
	for how, end := range map[string]func(*mqtt.Client) error{
		"Close": func(c *mqtt.Client) error { return c.Close(timed(time.Minute)) }, "Abort": (*mqtt.Client).Abort,
	} {
		bubble(t, "Contract18 "+how+" doesn't wait for it, nor for its code", func(t *testing.T) {
			a := authenticator()
			until := make(chan struct{})
			s, conn := trusted(t, a)
			a.answer = func(context.Context, mqtt.AuthData) (mqtt.AuthData, error) {
				<-until
				return mqtt.AuthData{}, nil
			}
			done := s.renewing()
			proves(t, conn, codec.ReAuthenticate, "hello")
			send(t, conn, more("one"))
			synctest.Wait()
			start := time.Now()
			require.NoError(t, end(s.client))
			require.LessOrEqual(t, time.Since(start), time.Second+grace)
			pending(t, done)
			close(until)
			err := <-done
			as[*mqtt.AuthError](t, err)
			require.ErrorIs(t, err, mqtt.ErrClosed)
			require.ErrorIs(t, <-a.ends, mqtt.ErrClosed)
		})
	}
	bubble(t, "code that panics leaves nothing open", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		calls := func() (err error) {
			defer func() {
				if recover() != nil {
					err = errNoProof
				}
			}()
			return s.client.Reauthenticate(closing(t, patience))
		}
		a.begin = func(context.Context) error { panic("in Begin") }
		require.Equal(t, errNoProof, calls())
		a.begin = nil
		s.renewed(conn)
		a.answer = func(context.Context, mqtt.AuthData) (mqtt.AuthData, error) { panic("in Continue") }
		done := later(calls)
		proves(t, conn, codec.ReAuthenticate, "hello")
		send(t, conn, more("one"))
		require.Equal(t, errNoProof, <-done)
		expectExpelled(t, conn, mqtt.V5, codec.UnspecifiedError)
		conn.Close()
		s.renewed(s.accept(consent("")))
	})
}
