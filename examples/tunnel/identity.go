package main

import (
	"crypto/ed25519"
	"crypto/rand"

	"golang.org/x/crypto/ssh"
)

// newIdentity makes a key pair.
func newIdentity() (ssh.Signer, ssh.PublicKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, nil, err
	}
	known, err := ssh.NewPublicKey(public)
	return signer, known, err
}

// login says who the client is, and which gate it trusts.
func login(user ssh.Signer, gate ssh.PublicKey) *ssh.ClientConfig {
	return &ssh.ClientConfig{
		User: "sensor", Auth: []ssh.AuthMethod{ssh.PublicKeys(user)}, HostKeyCallback: ssh.FixedHostKey(gate),
	}
}
