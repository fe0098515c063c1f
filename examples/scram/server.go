package main

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"strings"

	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// verifier is what a server holds of a password: enough to check it, and not to pose as the client.
type verifier struct {
	salt              []byte
	iterations        int
	storedKey, server []byte
}

// directory has the verifier of each name.
type directory map[string]verifier

func newVerifier(password string) (verifier, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	return verify(password, salt, fewest)
}

func verify(password string, salt []byte, iterations int) (verifier, error) {
	k, err := derive(password, salt, iterations)
	return verifier{salt, iterations, hash(k.client), k.server}, err
}

// serve is the server's side, one exchange after the other.
func serve(known directory) func(clientID, mechanism string) mqtttest.AuthStep {
	return func(_, mechanism string) mqtttest.AuthStep {
		if mechanism != method {
			return nil
		}
		x := &conversation{known: known, nonce: rand.Text()}
		return x.step
	}
}

// conversation is the server's side of one exchange.
type conversation struct {
	known    directory
	nonce    string // its own half
	verifier verifier
	said     string // of the transcript
	all      string // the whole nonce; empty before the challenge
}

func (x *conversation) step(data []byte) ([]byte, codec.ReasonCode) {
	if x.all == "" {
		return x.challenge(string(data))
	}
	return x.judge(string(data))
}

// challenge answers the client's first words.
func (x *conversation) challenge(text string) ([]byte, codec.ReasonCode) {
	first, found := strings.CutPrefix(text, header)
	name, nonce, parts := strings.Cut(first, ",r=")
	name, named := strings.CutPrefix(name, "n=")
	v, known := x.known[unescaped.Replace(name)]
	if !found || !parts || !named || nonce == "" || !known {
		return nil, codec.NotAuthorized
	}
	x.verifier, x.all = v, nonce+x.nonce
	answer := challenge{x.all, v.salt, v.iterations}.String()
	x.said = first + "," + answer
	return []byte(answer), codec.ContinueAuthentication
}

var unescaped = strings.NewReplacer("=3D", "=", "=2C", ",")

// judge checks the client's proof, and gives the server's own.
func (x *conversation) judge(text string) ([]byte, codec.ReasonCode) {
	last, encoded, found := strings.Cut(text, ",p=")
	proof, err := base64.StdEncoding.DecodeString(encoded)
	expected := "c=" + base64.StdEncoding.EncodeToString([]byte(header)) + ",r=" + x.all
	if !found || err != nil || last != expected || len(proof) != len(x.verifier.storedKey) {
		return nil, codec.NotAuthorized
	}
	transcript := x.said + "," + last
	client := xor(proof, sign(x.verifier.storedKey, transcript))
	if !hmac.Equal(hash(client), x.verifier.storedKey) {
		return nil, codec.NotAuthorized
	}
	return []byte("v=" + base64.StdEncoding.EncodeToString(sign(x.verifier.server, transcript))), codec.Success
}

// pretend is a server that knows nobody, and accepts whatever it is told.
func pretend(string, string) mqtttest.AuthStep {
	asked := false
	return func(data []byte) ([]byte, codec.ReasonCode) {
		if asked {
			return []byte("v=" + base64.StdEncoding.EncodeToString(make([]byte, 32))), codec.Success
		}
		asked = true
		_, nonce, _ := strings.Cut(string(data), ",r=")
		return []byte(challenge{nonce + rand.Text(), make([]byte, 16), fewest}.String()), codec.ContinueAuthentication
	}
}
