package main

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const transcript = `unsigned: refused at stage websocket, 403: the URL isn't signed
signed: connected
again, by another signature: connected
a URL that was used before: refused at stage websocket, 403: the URL was used before
`

func TestSignedURL(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), "%s", &out)
	require.Equal(t, transcript, out.String())
}

func TestASignatureIsForOneURLAndOneMinute(t *testing.T) {
	k, now := key{"id", []byte("secret")}, time.Now()
	raw, err := k.sign("wss://host/mqtt?v=1", now, time.Minute)
	require.NoError(t, err)
	require.NotContains(t, raw, "secret")
	check := func(raw, host string, at time.Time) error {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		return k.check(host, u, at)
	}
	require.NoError(t, check(raw, "host", now))
	require.NoError(t, check(raw, "host", now.Add(time.Minute-time.Second)))
	require.Error(t, check(raw, "host", now.Add(2*time.Minute)))
	require.Error(t, check(raw, "host", now.Add(-2*time.Minute)), "from another day")
	require.Error(t, check(raw, "other", now))
	for _, c := range [][2]string{{"v=1", "v=2"}, {"/mqtt", "/other"}, {"X-Expires=60", "X-Expires=600"}, {"X-Credential=id", "X-Credential=me"}, {"X-Signature=", "X-Signature=0"}} {
		require.Contains(t, raw, c[0])
		require.Error(t, check(strings.Replace(raw, c[0], c[1], 1), "host", now), c)
	}
	_, err = k.sign("wss://host:port:secret", now, time.Minute)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}
