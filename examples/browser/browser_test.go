package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// TestBrowser has no browser: it asks for what the page asks for, and listens where the page does.
func TestBrowser(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error)
	go func() {
		err := run(ctx, "127.0.0.1:0", in)
		in.CloseWithError(err)
		ended <- err
	}()
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		_, rest, _ := strings.Cut(lines.Text(), "open ")
		url, _, _ = strings.Cut(rest, " ")
	}
	require.NotEmpty(t, url)
	defer http.DefaultClient.CloseIdleConnections()
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/page.wasm": "application/wasm", "/wasm_exec.js": "text/javascript; charset=utf-8",
	} {
		for _, encoding := range []string{"gzip", ""} {
			answer, size := get(t, url+path, encoding)
			require.Equal(t, kind, answer.Header.Get("Content-Type"))
			require.Equal(t, encoding, answer.Header.Get("Content-Encoding"))
			require.Equal(t, strconv.Itoa(size), answer.Header.Get("Content-Length"))
			if path == "/page.wasm" && encoding == "gzip" {
				require.Less(t, size, 3_000_000, "what a page has to load")
			}
		}
	}

	client, err := mqtt.Connect(ctx, strings.Replace(url, "http", "ws", 1)+"/mqtt", mqtt.Config{})
	require.NoError(t, err)
	_, err = client.Subscribe(ctx, mqtt.Subscription{Filter: "sluice/chart"})
	require.NoError(t, err)
	for range 2 {
		_, err := strconv.ParseFloat(string((<-client.Messages()).Payload), 64)
		require.NoError(t, err)
	}
	require.NoError(t, client.Close(ctx))
	stop()
	require.NoError(t, <-ended)
}

// get fetches a whole body, as it was sent.
func get(t *testing.T, url, encoding string) (answer *http.Response, size int) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	request.Header.Set("Accept-Encoding", encoding) // set by hand: the client then doesn't decompress
	answer, err = http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, len(body)
}
