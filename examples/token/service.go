package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// token is what the service gives out.
type token struct {
	name  string // for people
	text  string // name, end and signature: a secret
	until time.Time
}

// service gives tokens out, and knows them again. In the world outside it is asked over HTTPS.
type service struct {
	mu  sync.Mutex
	now time.Time
	key []byte
	n   int
}

func newService() *service {
	s := &service{now: time.Now()}
	s.rekey()
	return s
}

// issue gives a token for an hour.
func (s *service) issue(ctx context.Context) (token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	t := token{name: fmt.Sprint("token ", s.n), until: s.now.Add(time.Hour)}
	said := fmt.Sprintf("%s;%d", t.name, t.until.UnixNano())
	t.text = said + ";" + s.sign(said)
	return t, ctx.Err()
}

// knows is asked by the MQTT server.
func (s *service) knows(_ string, password []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	said, signature, _ := cutLast(string(password))
	_, end, _ := cutLast(said)
	until, err := strconv.ParseInt(end, 10, 64)
	return err == nil && hmac.Equal([]byte(signature), []byte(s.sign(said))) && s.now.Before(time.Unix(0, until))
}

func cutLast(text string) (before, after string, found bool) {
	i := strings.LastIndexByte(text, ';')
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

func (s *service) sign(text string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(text))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

func (s *service) time() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// pass lets time go by.
func (s *service) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// rekey makes all tokens worthless that were given out before.
func (s *service) rekey() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = make([]byte, 32)
	rand.Read(s.key)
}
