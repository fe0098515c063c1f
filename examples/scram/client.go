package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/sluicemq/sluice/mqtt"
)

// credentials is the client's side: an mqtt.Authenticator. Name and password are taken as they are; those with other characters
// than ASCII have to be prepared first (RFC 4013).
type credentials struct{ name, password string }

// Method is the name of the mechanism.
func (c credentials) Method() string { return method }

// Begin has the client speak first. All that belongs to one exchange is in that.
func (c credentials) Begin(context.Context, mqtt.AuthRequest) (mqtt.AuthExchange, mqtt.AuthData, error) {
	x := &exchange{password: c.password, nonce: rand.Text()}
	x.first = "n=" + escaped.Replace(c.name) + ",r=" + x.nonce
	return x, mqtt.AuthData{Data: []byte(header + x.first)}, nil
}

// escaped is how a name goes into a list whose parts commas separate.
var escaped = strings.NewReplacer("=", "=3D", ",", "=2C")

// exchange is one authentication.
type exchange struct {
	password, nonce string
	first           string // what was said first, without the header
	signature       []byte // what the server has to say in the end; nil before it was asked for
}

var (
	errSignature = errors.New("the server's signature is wrong: it doesn't know the password")
	errNonce     = errors.New("the server's answer is not to what was said")
)

// Continue proves that the client knows the password.
func (x *exchange) Continue(_ context.Context, said mqtt.AuthData) (mqtt.AuthData, error) {
	if x.signature != nil {
		return mqtt.AuthData{}, errors.New("the server asks a second time")
	}
	challenge, err := parseChallenge(string(said.Data))
	if err != nil {
		return mqtt.AuthData{}, err
	}
	if len(challenge.nonce) <= len(x.nonce) || !strings.HasPrefix(challenge.nonce, x.nonce) {
		return mqtt.AuthData{}, errNonce
	}
	keys, err := derive(x.password, challenge.salt, challenge.iterations)
	if err != nil {
		return mqtt.AuthData{}, err
	}
	last := "c=" + base64.StdEncoding.EncodeToString([]byte(header)) + ",r=" + challenge.nonce
	transcript := x.first + "," + string(said.Data) + "," + last
	x.signature = sign(keys.server, transcript)
	proof := xor(keys.client, sign(hash(keys.client), transcript))
	return mqtt.AuthData{Data: []byte(last + ",p=" + base64.StdEncoding.EncodeToString(proof))}, nil
}

// Finish checks that the server knows what a server that was told the password knows.
func (x *exchange) Finish(_ context.Context, said mqtt.AuthData) error {
	encoded, found := bytes.CutPrefix(said.Data, []byte("v="))
	signature, err := base64.StdEncoding.DecodeString(string(encoded))
	if !found || err != nil || x.signature == nil || !hmac.Equal(signature, x.signature) {
		return errSignature
	}
	return nil
}

// End has nothing to let go of.
func (x *exchange) End(error) {}
