package mqtt_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// scripted is an Authenticator for the method X that says what a test has it say, and tells what it was asked: calls and ends hold
// 1000, and a test that makes more has to take them meanwhile. The exchange that it begins is itself.
type scripted struct {
	first  mqtt.AuthData
	begin  func(context.Context) error
	answer func(context.Context, mqtt.AuthData) (mqtt.AuthData, error)
	finish func(context.Context, mqtt.AuthData) error
	calls  chan string
	ends   chan error
}

var errNoProof = errors.New("no proof")

// authenticator has data of its own in the first packet, answers what it hears with "re:" before it, and is content.
func authenticator() *scripted {
	return &scripted{first: mqtt.AuthData{Data: []byte("hello")}, calls: make(chan string, 1<<14), ends: make(chan error, 1<<14)}
}

func (a *scripted) Method() string { return "X" }

func (a *scripted) Begin(ctx context.Context, about mqtt.AuthRequest) (mqtt.AuthExchange, mqtt.AuthData, error) {
	a.calls <- fmt.Sprintf("begin at %s, again %t", about.Server, about.Again)
	if a.begin != nil {
		if err := a.begin(ctx); err != nil {
			return nil, mqtt.AuthData{}, err
		}
	}
	return a, a.first, nil
}

func (a *scripted) Continue(ctx context.Context, said mqtt.AuthData) (mqtt.AuthData, error) {
	a.calls <- "continue " + string(said.Data)
	if a.answer != nil {
		return a.answer(ctx, said)
	}
	return mqtt.AuthData{Data: []byte("re:" + string(said.Data))}, nil
}

func (a *scripted) Finish(ctx context.Context, said mqtt.AuthData) error {
	a.calls <- "finish " + string(said.Data)
	if a.finish != nil {
		return a.finish(ctx, said)
	}
	return nil
}

func (a *scripted) End(err error) {
	a.calls <- fmt.Sprintf("end %t", err == nil)
	a.ends <- err
}

// asked gives what the Authenticator was asked so far.
func (a *scripted) asked() (calls []string) {
	for len(a.calls) > 0 {
		calls = append(calls, <-a.calls)
	}
	return calls
}

// config is one that authenticates.
func (a *scripted) config() mqtt.Config { return mqtt.Config{Authenticator: a, ClientID: "c1"} }

// consent is an accepting CONNACK for the method X.
func consent(data string) codec.ConnAck {
	return announcing(codec.ConnAckProperties{AuthenticationMethod: "X", AuthenticationData: []byte(data)})
}

// more is an AUTH that asks for more.
func more(data string) *codec.Auth {
	return &codec.Auth{Code: codec.ContinueAuthentication, AuthenticationMethod: "X", AuthenticationData: []byte(data)}
}

// agreed is the AUTH that ends a re-authentication.
func agreed(data string) *codec.Auth {
	return &codec.Auth{AuthenticationMethod: "X", AuthenticationData: []byte(data)}
}

// proves takes the client's AUTH, which must have that code and data, and the method of CONNECT.
func proves(t testing.TB, conn *mqtttest.Conn, code codec.ReasonCode, data string) *codec.Auth {
	t.Helper()
	p := mqtttest.Expect[*codec.Auth](t, conn)
	require.Equal(t, code, p.Code)
	require.Equal(t, "X", p.AuthenticationMethod)
	require.Equal(t, data, string(p.AuthenticationData))
	return p
}

// trusted is a client that has authenticated, and the server's end.
func trusted(t *testing.T, a *scripted, change ...func(*mqtt.Config)) (*scene, *mqtttest.Conn) {
	t.Helper()
	cfg := a.config()
	for _, f := range change {
		f(&cfg)
	}
	s, conn := up(t, cfg, consent(""))
	a.asked()
	<-a.ends
	return s, conn
}

// renewing calls Reauthenticate beside the test.
func (s *scene) renewing() <-chan error {
	return later(func() error { return s.client.Reauthenticate(closing(s.T, patience)) })
}

// renewed goes through a whole re-authentication, as soon as the client is connected.
func (s *scene) renewed(conn *mqtttest.Conn) {
	s.Helper()
	require.NoError(s, s.client.AwaitConnected(closing(s.T, time.Minute)))
	done := s.renewing()
	proves(s, conn, codec.ReAuthenticate, "hello")
	require.NoError(s, conn.Send(agreed("")))
	require.NoError(s, <-done)
}

// unproven checks the error of an attempt that ended for its authentication.
func unproven(t *testing.T, err error) *mqtt.ConnectError {
	t.Helper()
	failed := as[*mqtt.ConnectError](t, err)
	require.Equal(t, "auth", failed.Stage)
	return failed
}
