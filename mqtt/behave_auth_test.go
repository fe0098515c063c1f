package mqtt_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestAuthentication(t *testing.T) {
	bubble(t, "B281 B282 MQTT-4.12.0-3 MQTT-4.12.0-5 an exchange before CONNACK", func(t *testing.T) {
		a := authenticator()
		s := idle(t, a.config())
		done := s.connecting()
		conn := s.dialled()
		p := mqtttest.Expect[*codec.Connect](t, conn).Properties
		require.Equal(t, "X", p.AuthenticationMethod)
		require.Equal(t, "hello", string(p.AuthenticationData))
		for _, challenge := range []string{"one", "two", ""} {
			send(t, conn, more(challenge))
			proves(t, conn, codec.ContinueAuthentication, "re:"+challenge)
		}
		pending(t, done)
		send(t, conn, new(consent("proof")))
		require.NoError(t, <-done)
		require.Equal(t, []string{"begin at mqtt://localhost:1883, again false", "continue one", "continue two", "continue ", "finish proof", "end true"}, a.asked())
		require.NoError(t, <-a.ends)
		s.works(conn)
	})
	bubble(t, "no-id:4.12/a the first data goes in CONNECT, byte for byte", func(t *testing.T) {
		s := idle(t, authenticator().config())
		s.connecting()
		sent, err := s.dialled().ReadRaw(t.Context())
		require.NoError(t, err)
		require.Contains(t, string(sent), "\x15\x00\x01X\x16\x00\x05hello")
	})
	bubble(t, "no-id:4.12/a where the server speaks first there is none, and empty data is not none", func(t *testing.T) {
		a := authenticator()
		a.first = mqtt.AuthData{}
		_, conn := up(t, a.config(), consent(""))
		conn.Close()
		a = authenticator()
		a.first = mqtt.AuthData{Data: []byte{}}
		s := idle(t, a.config())
		s.connecting()
		p := mqtttest.Expect[*codec.Connect](t, s.dialled()).Properties
		require.NotNil(t, p.AuthenticationData)
		require.Empty(t, p.AuthenticationData)
	})
	bubble(t, "B283 before CONNACK the client only answers", func(t *testing.T) {
		a := authenticator()
		cfg := a.config()
		cfg.KeepAlive = 2 * time.Second
		s := idle(t, cfg)
		s.connecting()
		s.async(mqtt.AtMostOnce, "waits")
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](t, conn)
		conn.ExpectNothing(t, 10*time.Second)
		send(t, conn, more("one"))
		proves(t, conn, codec.ContinueAuthentication, "re:one")
		conn.ExpectNothing(t, 10*time.Second)
		send(t, conn, new(consent("")))
		expectPayload(t, conn, "waits")
	})
	bubble(t, "B282 reason strings and user properties go both ways", func(t *testing.T) {
		a := authenticator()
		a.first.ReasonString, a.first.UserProperties = "not in CONNECT", []mqtt.UserProperty{{Key: "from", Value: "begin"}}
		theirs := []codec.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "w"}}
		a.answer = func(_ context.Context, said mqtt.AuthData) (mqtt.AuthData, error) {
			require.Equal(t, mqtt.AuthData{Data: []byte("one"), ReasonString: "why", UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: "w"}}}, said)
			return mqtt.AuthData{ReasonString: "because", UserProperties: said.UserProperties}, nil
		}
		a.finish = func(_ context.Context, said mqtt.AuthData) error {
			require.Equal(t, mqtt.AuthData{ReasonString: "well", UserProperties: []mqtt.UserProperty{{Key: "z", Value: ""}}}, said)
			return nil
		}
		cfg := a.config()
		cfg.UserProperties = []mqtt.UserProperty{{Key: "from", Value: "config"}}
		s := idle(t, cfg)
		done := s.connecting()
		conn := s.dialled()
		require.Equal(t, []codec.UserProperty{{Key: "from", Value: "config"}, {Key: "from", Value: "begin"}},
			mqtttest.Expect[*codec.Connect](t, conn).Properties.UserProperties)
		challenge := more("one")
		challenge.ReasonString, challenge.UserProperties = "why", theirs
		send(t, conn, challenge)
		p := proves(t, conn, codec.ContinueAuthentication, "")
		require.Nil(t, p.AuthenticationData)
		require.Equal(t, "because", p.ReasonString)
		require.Equal(t, theirs, p.UserProperties)
		send(t, conn, new(announcing(codec.ConnAckProperties{AuthenticationMethod: "X", ReasonString: "well", UserProperties: []codec.UserProperty{{Key: "z"}}})))
		require.NoError(t, <-done)
	})
	bubble(t, "B281 each connection has an exchange of its own", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		conn.Close()
		conn = s.dialled()
		require.Equal(t, "hello", string(mqtttest.Expect[*codec.Connect](t, conn).Properties.AuthenticationData))
		send(t, conn, new(consent("again")))
		s.told()
		require.Equal(t, []string{"begin at mqtt://localhost:1883, again false", "finish again", "end true"}, a.asked())
	})
	bubble(t, "B281 what comes behind CONNACK, and in pieces, is taken", func(t *testing.T) {
		a := authenticator()
		s := idle(t, a.config())
		s.client.Messages()
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](t, conn)
		conn.Pipe().Out().Chunk(1)
		send(t, conn, more("one"))
		proves(t, conn, codec.ContinueAuthentication, "re:one")
		send(t, conn, more("two"), new(consent("")), incoming(codec.AtMostOnce, 0, "behind"))
		proves(t, conn, codec.ContinueAuthentication, "re:two")
		require.NoError(t, <-done)
		require.Equal(t, "behind", string(s.next().Payload))
	})
}

func TestAuthenticationRefused(t *testing.T) {
	for name, code := range map[string]codec.ReasonCode{
		"MQTT-4.12.0-1 the method": codec.BadAuthenticationMethod, "MQTT-4.12.0-4 the client": codec.NotAuthorized,
	} {
		bubble(t, name+" refused at once: stage auth, the exchange is told, and a later one ends the client", func(t *testing.T) {
			a := authenticator()
			s := idle(t, a.config())
			done := s.connecting()
			s.refuse(code)
			refusedWith(t, unproven(t, <-done), code)
			refusedWith(t, <-a.ends, code)
			s.connect(consent("")).Close()
			s.refuse(code)
			s.told()
			require.ErrorIs(t, s.ended(), code)
		})
	}
	bubble(t, "MQTT-4.12.0-4 refused amid the exchange, whatever the code", func(t *testing.T) {
		a := authenticator()
		s := idle(t, a.config())
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](t, conn)
		send(t, conn, more("one"))
		proves(t, conn, codec.ContinueAuthentication, "re:one")
		send(t, conn, &codec.ConnAck{Code: codec.QuotaExceeded})
		conn.ExpectClosed(t)
		refusedWith(t, unproven(t, <-done), codec.QuotaExceeded)
		refusedWith(t, <-a.ends, codec.QuotaExceeded)
	})
	bubble(t, "a refusal for another reason, with no exchange, is one of the stage connack", func(t *testing.T) {
		s := idle(t, authenticator().config())
		done := s.connecting()
		s.refuse(codec.ServerBusy)
		require.Equal(t, "connack", as[*mqtt.ConnectError](t, <-done).Stage)
	})
}

func TestAuthenticatorFails(t *testing.T) {
	// fails has the client connect, and gives what Connect returned.
	fails := func(t *testing.T, s *scene, serve func(*mqtttest.Conn)) *mqtt.ConnectError {
		done := s.connecting()
		conn := s.dialled()
		serve(conn)
		err := unproven(t, <-done)
		require.Equal(t, mqtt.StateIdle, s.client.State())
		require.NotContains(t, s.told(), "Connected")
		return err
	}
	bubble(t, "no-id:4.12/b in Begin: nothing is sent", func(t *testing.T) {
		a := authenticator()
		a.begin = func(context.Context) error { return errNoProof }
		err := fails(t, idle(t, a.config()), func(conn *mqtttest.Conn) { conn.ExpectClosed(t) })
		require.ErrorIs(t, as[*mqtt.AuthError](t, err), errNoProof)
		require.Empty(t, a.ends, "there was no exchange")
	})
	for name, first := range map[string]mqtt.AuthData{
		"data": {Data: make([]byte, 65_536)}, "reason": {ReasonString: "\xff"}, "property": {UserProperties: []mqtt.UserProperty{{Key: "\x00"}}},
	} {
		bubble(t, "B280 what can't be sent is not: "+name, func(t *testing.T) {
			a := authenticator()
			a.first = first
			err := fails(t, idle(t, a.config()), func(conn *mqtttest.Conn) { conn.ExpectClosed(t) })
			require.Contains(t, as[*mqtt.ArgumentError](t, err).Name, "AuthData.")
			as[*mqtt.ArgumentError](t, <-a.ends)
		})
	}
	bubble(t, "no-id:4.12/b in Continue: DISCONNECT, and the end", func(t *testing.T) {
		a := authenticator()
		a.answer = func(context.Context, mqtt.AuthData) (mqtt.AuthData, error) { return mqtt.AuthData{}, errNoProof }
		err := fails(t, idle(t, a.config()), func(conn *mqtttest.Conn) {
			mqtttest.Expect[*codec.Connect](t, conn)
			send(t, conn, more("one"))
			expectExpelled(t, conn, mqtt.V5, codec.UnspecifiedError)
		})
		require.ErrorIs(t, as[*mqtt.AuthError](t, err), errNoProof)
		require.ErrorIs(t, <-a.ends, errNoProof)
	})
	bubble(t, "in Finish: the connection never counts as up", func(t *testing.T) {
		a := authenticator()
		a.finish = func(context.Context, mqtt.AuthData) error { return errNoProof }
		s := idle(t, a.config())
		s.async(mqtt.AtLeastOnce, "isn't sent to a server that has not proved itself")
		err := fails(t, s, func(conn *mqtttest.Conn) {
			mqtttest.Expect[*codec.Connect](t, conn)
			send(t, conn, new(consent("forged")))
			expectExpelled(t, conn, mqtt.V5, codec.UnspecifiedError)
		})
		require.ErrorIs(t, as[*mqtt.AuthError](t, err), errNoProof)
		require.ErrorIs(t, <-a.ends, errNoProof)
		_, connected := s.client.ConnAck()
		require.False(t, connected)
	})
	bubble(t, "Contract15 on a later connection it is retried, as Backoff says", func(t *testing.T) {
		a := authenticator()
		fail := error(nil)
		a.begin = func(context.Context) error { return fail }
		s, conn := trusted(t, a)
		fail = errNoProof
		conn.Close()
		for range 3 {
			s.dialled().ExpectClosed(t)
		}
		retries := eventsOf[mqtt.EventReconnecting](events(s.client))
		unproven(t, retries[len(retries)-1].Err)
		fail = nil
		s.accept(consent(""))
		s.told()
		require.Equal(t, mqtt.StateConnected, s.client.State())
	})
	bubble(t, "Contract15 what its error wraps doesn't count as the server's", func(t *testing.T) {
		for _, of := range []error{mqtt.ErrClosed, codec.NotAuthorized, &mqtt.ReasonError{Packet: "CONNACK", Code: codec.NotAuthorized}} {
			a := authenticator()
			s, conn := trusted(t, a)
			a.answer = func(context.Context, mqtt.AuthData) (mqtt.AuthData, error) { return mqtt.AuthData{}, of }
			done := s.renewing()
			proves(t, conn, codec.ReAuthenticate, "hello")
			send(t, conn, more("one"))
			require.ErrorIs(t, as[*mqtt.AuthError](t, <-done), of)
			expectExpelled(t, conn, mqtt.V5, codec.UnspecifiedError)
			conn.Close()
			conn = s.dialled()
			mqtttest.Expect[*codec.Connect](t, conn)
			send(t, conn, more("one"))
			expectExpelled(t, conn, mqtt.V5, codec.UnspecifiedError)
			conn.Close()
			s.accept(consent(""))
		}
	})
	bubble(t, "Contract15 an attempt that failed so isn't taken for the one that took the session over", func(t *testing.T) {
		a := authenticator()
		s, conn := trusted(t, a)
		a.answer = func(context.Context, mqtt.AuthData) (mqtt.AuthData, error) { return mqtt.AuthData{}, errNoProof }
		conn.Close()
		conn = s.dialled()
		mqtttest.Expect[*codec.Connect](t, conn)
		send(t, conn, more("one"))
		expectExpelled(t, conn, mqtt.V5, codec.UnspecifiedError)
		conn.Close()
		conn = s.accept(consent(""))
		send(t, conn, &codec.Disconnect{Code: codec.SessionTakenOver})
		s.told()
		require.ErrorIs(t, s.ended(), codec.SessionTakenOver)
	})
	bubble(t, "Contract15 Backoff.Retry may end the client", func(t *testing.T) {
		a := authenticator()
		var told error
		cfg := a.config()
		cfg.Backoff.Retry = func(_ int, err error) (time.Duration, bool) {
			told = err
			_, ours := errors.AsType[*mqtt.AuthError](err)
			return time.Second, !ours
		}
		s, conn := up(t, cfg, consent(""))
		a.begin = func(context.Context) error { return errNoProof }
		conn.Close()
		s.dialled().ExpectClosed(t)
		require.ErrorIs(t, s.ended(), errNoProof)
		unproven(t, told)
	})
}

func TestAuthenticationTakesTime(t *testing.T) {
	limited := func(a *scripted) mqtt.Config {
		cfg := a.config()
		cfg.ConnectTimeout = 7 * time.Second
		return cfg
	}
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	bubble(t, "B287 Begin has the time of the attempt", func(t *testing.T) {
		a := authenticator()
		a.begin = hang
		s := idle(t, limited(a))
		start := time.Now()
		err := unproven(t, <-s.connecting())
		require.Equal(t, 7*time.Second, time.Since(start))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "ConnectTimeout")
	})
	bubble(t, "B287 so have Continue and Finish", func(t *testing.T) {
		for _, packet := range []codec.Packet{more("one"), new(consent(""))} {
			a := authenticator()
			a.answer = func(ctx context.Context, _ mqtt.AuthData) (mqtt.AuthData, error) { return mqtt.AuthData{}, hang(ctx) }
			a.finish = func(ctx context.Context, _ mqtt.AuthData) error { return hang(ctx) }
			s := idle(t, limited(a))
			start := time.Now()
			done := s.connecting()
			conn := s.dialled()
			mqtttest.Expect[*codec.Connect](t, conn)
			send(t, conn, packet)
			conn.ExpectClosed(t)
			unproven(t, <-done)
			require.Equal(t, 7*time.Second, time.Since(start))
		}
	})
	bubble(t, "B287 a Finish that comes too late doesn't count", func(t *testing.T) {
		a := authenticator()
		a.finish = func(ctx context.Context, _ mqtt.AuthData) error {
			<-ctx.Done()
			return nil
		}
		s := idle(t, limited(a))
		done := s.connecting()
		s.accept(consent(""))
		unproven(t, <-done)
		require.Equal(t, []string{"Offline", "Disconnected"}, s.told())
		require.Error(t, <-a.ends)
	})
	bubble(t, "B287 a server that never has enough", func(t *testing.T) {
		a := authenticator()
		s := idle(t, limited(a))
		start := time.Now()
		done := s.connecting()
		conn := s.dialled()
		mqtttest.Expect[*codec.Connect](t, conn)
		for conn.Send(more("")) == nil {
			if _, err := conn.Read(t.Context()); err != nil {
				break
			}
			elapse(100 * time.Millisecond)
		}
		unproven(t, <-done)
		require.LessOrEqual(t, time.Since(start), 7100*time.Millisecond, "a little more for the pause in which it came")
	})
	bubble(t, "Contract18 Close ends an exchange at once", func(t *testing.T) {
		a := authenticator()
		a.begin = hang
		s := idle(t, a.config())
		done := s.connecting()
		synctest.Wait()
		start := time.Now()
		require.NoError(t, s.client.Close(timed(time.Second)))
		require.LessOrEqual(t, time.Since(start), grace)
		require.ErrorIs(t, <-done, mqtt.ErrClosed)
	})
	bubble(t, "Contract18 an Authenticator that ignores its context outlives Close, whose error names it", func(t *testing.T) {
		a := authenticator()
		until := make(chan struct{})
		a.begin = func(context.Context) error { <-until; return nil }
		s := idle(t, a.config())
		s.connecting()
		synctest.Wait()
		require.Contains(t, leftUndone(t, s.client.Close(timed(time.Second))).Hook, "Authenticator")
		close(until)
		<-s.client.Done()
	})
}

func TestAuthenticatorAndVersion(t *testing.T) {
	bubble(t, "B280 VersionAuto goes no lower than 5.0", func(t *testing.T) {
		s := idle(t, authenticator().config())
		done := s.connecting()
		s.refuse(codec.UnsupportedProtocolVersion)
		require.ErrorIs(t, <-done, codec.UnsupportedProtocolVersion)
		s.noDial(time.Minute)
	})
	bubble(t, "B280 Lenient leaves the Authenticator out on 3.x", func(t *testing.T) {
		a := authenticator()
		cfg := a.config()
		cfg.Lenient = true
		s := idle(t, cfg)
		done := s.connecting()
		s.refuse(codec.UnsupportedProtocolVersion)
		conn := s.dialled()
		require.Equal(t, codec.V311, conn.Handshake(t).Version)
		require.NoError(t, <-done)
		require.Equal(t, []string{"begin at mqtt://localhost:1883, again false", "end false"}, a.asked())
		require.ErrorIs(t, s.client.Reauthenticate(t.Context()), mqtt.ErrVersion)
	})
}
