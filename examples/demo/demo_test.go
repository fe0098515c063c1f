package main

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

const transcript = `up: mqtt://127.0.0.1:PORT speaks MQTT 5.0
subscribed: demo/#
published: QoS 2
received: QoS 2: demo/news: hello
published: QoS 1
received: QoS 1: demo/news: hello
published: QoS 0
received: QoS 0: demo/news: hello
down: WHY
reconnecting: attempt 1
published offline: 1 message waits
up: session present: false
received: QoS 1: demo/news: written offline
acknowledged: the message from offline
goroutines of the client: SOME
closed; goroutines of the client: 0
`

// varying is what differs from run to run: the port, how the end of the connection was noticed, how many goroutines a
// connected client has.
var varying = []struct {
	pattern *regexp.Regexp
	stands  string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`(?m)^down: .+$`), "down: WHY"},
	{regexp.MustCompile(`(?m)^goroutines of the client: [1-9]\d*$`), "goroutines of the client: SOME"},
}

func TestDemo(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), "%s", &out)
	text := out.String()
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.stands)
	}
	require.Equal(t, transcript, text)
}
