package main

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

const transcript = `right password: connected, and the server has proved that it knows it
authenticated again: 1 connection
wrong password: refused at stage auth: not authorized
impostor: the server's signature is wrong: it doesn't know the password
`

func TestScram(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), "%s", &out)
	require.Equal(t, transcript, out.String())
}

// The conversation of RFC 7677, section 3.
const (
	theirName, theirPassword = "user", "pencil"
	clientNonce              = "rOprNGfwEbeRWgbNEkqO"
	serverNonce              = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
	clientFirst              = "n,,n=user,r=" + clientNonce
	serverFirst              = "r=" + clientNonce + serverNonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
	clientLast               = "c=biws,r=" + clientNonce + serverNonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
	serverLast               = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
)

func said(text string) mqtt.AuthData { return mqtt.AuthData{Data: []byte(text)} }

// ours is the client's side of that conversation.
func ours() *exchange {
	return &exchange{password: theirPassword, nonce: clientNonce, first: clientFirst[len(header):]}
}

func TestTheClientOfRFC7677(t *testing.T) {
	x := ours()
	answer, err := x.Continue(t.Context(), said(serverFirst))
	require.NoError(t, err)
	require.Equal(t, clientLast, string(answer.Data))
	require.NoError(t, x.Finish(t.Context(), said(serverLast)))
}

func TestTheServerOfRFC7677(t *testing.T) {
	salt, err := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	require.NoError(t, err)
	v, err := verify(theirPassword, salt, 4096)
	require.NoError(t, err)
	x := &conversation{known: directory{theirName: v}, nonce: serverNonce}
	answer, code := x.step([]byte(clientFirst))
	require.Equal(t, codec.ContinueAuthentication, code)
	require.Equal(t, serverFirst, string(answer))
	answer, code = x.step([]byte(clientLast))
	require.Equal(t, codec.Success, code)
	require.Equal(t, serverLast, string(answer))
}

func TestTheClientRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "another nonce": "r=" + serverNonce + ",s=QQ==,i=4096", "our nonce alone": "r=" + clientNonce + ",s=QQ==,i=4096",
		"no salt": "r=" + clientNonce + serverNonce + ",i=4096", "a salt that is none": "r=" + clientNonce + serverNonce + ",s=?,i=4096",
		"few iterations": "r=" + clientNonce + serverNonce + ",s=QQ==,i=4095", "endless iterations": "r=" + clientNonce + serverNonce + ",s=QQ==,i=1000001",
		"an extension": "m=x," + serverFirst,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ours().Continue(t.Context(), said(text))
			require.Error(t, err)
		})
	}
	x := ours()
	require.ErrorIs(t, x.Finish(t.Context(), said(serverLast)), errSignature, "before it was asked for")
	_, err := x.Continue(t.Context(), said(serverFirst))
	require.NoError(t, err)
	for _, last := range []string{"", "v=", "v=?", "e=other-error", "v=" + base64.StdEncoding.EncodeToString(make([]byte, 32)), serverLast + " "} {
		require.ErrorIs(t, x.Finish(t.Context(), said(last)), errSignature, "%q", last)
	}
	_, err = x.Continue(t.Context(), said(serverFirst))
	require.Error(t, err, "a second time")
}

func TestAServerThatKnowsAnotherPassword(t *testing.T) {
	known, err := newVerifier("crayon")
	require.NoError(t, err)
	server := mqtttest.NewBroker(mqtttest.BrokerConfig{Enhanced: serve(directory{"a,b=c": known})})
	defer server.Close()
	connect := func(c credentials) error {
		client, err := mqtt.Connect(t.Context(), "mqtt://localhost", mqtt.Config{Dialer: server, Authenticator: c})
		if err == nil {
			err = client.Close(t.Context())
		}
		return err
	}
	require.ErrorIs(t, connect(credentials{"a,b=c", "pencil"}), codec.NotAuthorized)
	require.ErrorIs(t, connect(credentials{"nobody", "crayon"}), codec.NotAuthorized)
	require.NoError(t, connect(credentials{"a,b=c", "crayon"}), "a name that has to be escaped")
}
