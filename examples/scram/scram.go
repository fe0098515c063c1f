package main

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

const (
	method = "SCRAM-SHA-256"
	header = "n,," // no channel binding, no other identity

	fewest = 4096      // iterations, below which a password is too easy to guess from what was said (RFC 7677),
	most   = 1_000_000 // and above which a server only keeps the client busy
)

// keys is what a password becomes.
type keys struct{ client, server []byte }

func derive(password string, salt []byte, iterations int) (keys, error) {
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return keys{}, err
	}
	return keys{sign(salted, "Client Key"), sign(salted, "Server Key")}, nil
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func hash(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

func xor(a, b []byte) []byte {
	c := make([]byte, len(a))
	subtle.XORBytes(c, a, b)
	return c
}

// challenge is what the server says first.
type challenge struct {
	nonce      string
	salt       []byte
	iterations int
}

func (c challenge) String() string {
	return fmt.Sprintf("r=%s,s=%s,i=%d", c.nonce, base64.StdEncoding.EncodeToString(c.salt), c.iterations)
}

// parseChallenge takes the three parts in their order; what is behind them may be passed over.
func parseChallenge(text string) (challenge, error) {
	nonce, rest, _ := strings.Cut(text, ",")
	salt, rest, _ := strings.Cut(rest, ",")
	iterations, _, _ := strings.Cut(rest, ",")
	nonce, hasNonce := strings.CutPrefix(nonce, "r=")
	salt, hasSalt := strings.CutPrefix(salt, "s=")
	iterations, hasIterations := strings.CutPrefix(iterations, "i=")
	if !hasNonce || !hasSalt || !hasIterations {
		return challenge{}, fmt.Errorf("%s: the server's challenge is none", method)
	}
	raw, err := base64.StdEncoding.DecodeString(salt)
	if err != nil {
		return challenge{}, fmt.Errorf("%s: the server's salt: %w", method, err)
	}
	n, err := strconv.Atoi(iterations)
	if err != nil || n < fewest || n > most {
		return challenge{}, fmt.Errorf("%s: the server wants %q iterations, allowed are %d to %d", method, iterations, fewest, most)
	}
	return challenge{nonce, raw, n}, nil
}
