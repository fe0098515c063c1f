//go:build !js

package netx

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// refusal is the answer as an error; err when there is none. websocket.Dial leaves 1024 bytes of the body.
func refusal(s *Server, answer *http.Response, err error) error {
	if answer == nil {
		return bare(err)
	}
	e := &UpgradeError{Status: answer.StatusCode, Header: answer.Header, Reason: bare(err).Error()}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		e.Reason = fmt.Sprintf("the server answered %s instead of agreeing to WebSocket", status(answer))
	}
	if answer.StatusCode/100 == 3 {
		e.Reason, e.Location = "the server answered "+status(answer)+", a redirect", answer.Header.Get("Location")
	}
	if answer.Body != nil {
		body, _ := io.ReadAll(answer.Body)
		e.Body = string(body)
	}
	if s.Query != "" {
		e.Body = strings.ReplaceAll(e.Body, s.Query, "…")
	}
	return e
}

func status(answer *http.Response) string {
	text := http.StatusText(answer.StatusCode)
	return strings.TrimSpace(fmt.Sprintf("%d %s", answer.StatusCode, text))
}

// bare takes off what websocket.Dial and net/http put in front of an error; the latter shows the URL with its query.
func bare(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
