package netx

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// UpgradeError is the answer of a server that didn't do what WebSocket needs. In a *DialError it is of the stage websocket.
type UpgradeError struct {
	Status   int         // the status code of HTTP, as in 401; 101 when the answer agreed, but not to what was asked for
	Reason   string      // what is wrong with it
	Location string      // where a redirect leads, which is not followed; as it was sent, and empty for none
	Header   http.Header // the answer's, which may hold secrets
	Body     string      // the first 1024 bytes of the answer's body, or fewer; the URL's query, if it stands there, is "…"
}

// shownBody is how much of a body stands in the text of an error, in bytes.
const shownBody = 200

// Error holds the status, the reason, where a redirect leads, and the start of the body.
func (e *UpgradeError) Error() string {
	text := e.Reason
	if e.Location != "" {
		text += fmt.Sprintf(" to %q, which is not followed: write that URL, with ws or wss, if it is meant", redact(e.Location))
	}
	shown := e.Body
	if len(shown) > shownBody {
		shown = shown[:shownBody]
		for !utf8.ValidString(shown) && utf8.ValidString(e.Body) {
			shown = shown[:len(shown)-1]
		}
		shown += "…"
	}
	if shown = strings.TrimSpace(shown); shown != "" {
		text += fmt.Sprintf(": %q", shown)
	}
	return text
}

// CloseError is what a server says when it closes a WebSocket for another reason than that all is done (code 1000).
type CloseError struct {
	Code   int    // of RFC 6455 §7.4, as in 1001: the server goes away
	Reason string // in the server's words
}

// Error holds code and reason.
func (e *CloseError) Error() string {
	text := fmt.Sprintf("the server closed the WebSocket with code %d", e.Code)
	if e.Reason != "" {
		text += fmt.Sprintf(": %q", e.Reason)
	}
	return text
}

// end is the error of a reader: a WebSocket that was closed as it should be is at its end.
func (e *CloseError) end() error {
	if e.Code == closeNormal || e.Code == closeNone {
		return io.EOF
	}
	return e
}

// Codes of a close frame.
const (
	closeNormal      = 1000
	closeProtocol    = 1002
	closeUnsupported = 1003
	closeNone        = 1005 // is never sent: it says that there was none
)

// FrameError says that the server broke a rule of WebSocket (RFC 6455), or of MQTT over it (§6). The connection is of no use
// any more.
type FrameError struct {
	Reason string
	code   int // for the close frame
}

func broken(format string, args ...any) error {
	return &FrameError{Reason: fmt.Sprintf(format, args...), code: closeProtocol}
}

// errText is the answer to any data that isn't binary.
var errText = &FrameError{Reason: "the server sent a text message, and MQTT is binary", code: closeUnsupported}

// Error gives the reason.
func (e *FrameError) Error() string { return "WebSocket: " + e.Reason }
