package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// The parts of a query, beside what else stands there.
const (
	credential = "X-Credential" // whose key it is
	date       = "X-Date"       // when it was signed
	expires    = "X-Expires"    // for how many seconds it is good
	nonce      = "X-Nonce"      // makes it one of its kind
	signature  = "X-Signature"  // over all the others, host and path
)

const dateLayout = "20060102T150405Z"

// key is what client and server share.
type key struct {
	id     string
	secret []byte
}

// sign gives a URL that is good for a time and for one use.
func (k key) sign(raw string, now time.Time, lasts time.Duration) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", errors.New("sign: the URL can't be read") // its text may be secret
	}
	q := u.Query()
	q.Set(credential, k.id)
	q.Set(date, now.UTC().Format(dateLayout))
	q.Set(expires, strconv.Itoa(int(lasts/time.Second)))
	q.Set(nonce, rand.Text())
	q.Set(signature, k.over(u.Host, u.Path, q))
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// over is the signature: the query is in the order of its names, and without the signature itself.
func (k key) over(host, path string, q url.Values) string {
	q.Del(signature)
	mac := hmac.New(sha256.New, k.secret)
	fmt.Fprintf(mac, "%s\n%s\n%s", host, path, q.Encode())
	return hex.EncodeToString(mac.Sum(nil))
}

// check says what is wrong with a URL; nil when it is good.
func (k key) check(host string, u *url.URL, now time.Time) error {
	q := u.Query()
	said := q.Get(signature)
	if said == "" || q.Get(credential) != k.id {
		return errors.New("the URL isn't signed")
	}
	if !hmac.Equal([]byte(said), []byte(k.over(host, u.Path, q))) {
		return errors.New("the signature is wrong")
	}
	begin, err := time.Parse(dateLayout, q.Get(date))
	if err != nil {
		return errors.New("the date can't be read")
	}
	lasts, err := strconv.Atoi(q.Get(expires))
	if age := now.Sub(begin); err != nil || age < -time.Minute || age > time.Duration(lasts)*time.Second {
		return errors.New("the signature has expired")
	}
	return nil
}
