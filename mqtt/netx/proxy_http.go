//go:build !js

package netx

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
)

const (
	largestHead  = 16 << 10 // bytes of a proxy's answer, without its body
	readOfBody   = 4 << 10  // bytes of a refusal's text that are read, so that no secret is cut before it was found
	largestBody  = 512      // bytes of it that are kept
	headBegins   = "HTTP/1."
	noSuchAnswer = "its answer is no HTTP: "
)

// httpRefusal is an HTTP proxy's answer that isn't success.
type httpRefusal struct {
	status int
	body   string
	text   string // the status in words, and what to do
}

func (r *httpRefusal) Error() string { return r.text }

// askHTTP has the proxy connect to target (RFC 9110 §9.3.6). Nothing behind the answer's head is read, so that what the
// server says first is left to whoever reads next.
func (v *via) askHTTP(conn net.Conn, target string) error {
	var request bytes.Buffer
	if err := v.request(target).Write(&request); err != nil {
		return err
	}
	if _, err := conn.Write(request.Bytes()); err != nil {
		return fmt.Errorf("asking it for %s: %w", target, err)
	}
	for left := largestHead; ; {
		head, err := readHead(conn, left)
		if err != nil {
			return err
		}
		status, err := statusOf(head)
		switch {
		case err != nil:
			return err
		case status >= 200 && status < 300:
			return nil
		case status >= 200:
			return v.refused(conn, head, target)
		}
		left -= len(head) // of an interim answer
	}
}

func (v *via) request(target string) *http.Request {
	header := v.header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	if header.Get("User-Agent") == "" {
		header.Set("User-Agent", "") // none
	}
	if v.HasUsername && header.Get("Proxy-Authorization") == "" {
		header.Set("Proxy-Authorization", "Basic "+v.basic())
	}
	return &http.Request{Method: http.MethodConnect, URL: &url.URL{Host: target}, Host: target, Header: header}
}

// basic is the credentials as they go over the wire.
func (v *via) basic() string {
	return base64.StdEncoding.EncodeToString([]byte(v.Username + ":" + string(v.Password)))
}

// readHead reads to the empty line, a byte at a time: then nothing has to be put back, and the connection stays what it is.
func readHead(conn io.Reader, most int) ([]byte, error) {
	head := make([]byte, 0, 512)
	for !bytes.HasSuffix(head, []byte("\n\r\n")) && !bytes.HasSuffix(head, []byte("\n\n")) {
		if len(head) == most {
			return nil, fmt.Errorf("the head of its answer is longer than %d bytes", largestHead)
		}
		head = append(head, 0)
		if _, err := io.ReadFull(conn, head[len(head)-1:]); err != nil {
			return nil, cutOff(err, len(head)-1)
		}
		if n := len(head); n <= len(headBegins) && head[n-1] != headBegins[n-1] {
			return nil, errors.New(noSuchAnswer + otherProtocol(head))
		}
	}
	return head, nil
}

// cutOff says how far the proxy's answer came before the connection ended.
func cutOff(err error, bytes int) error {
	switch {
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("waiting for its answer: %w", err)
	case bytes == 0:
		return fmt.Errorf("it closed the connection without an answer: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("it closed the connection in the middle of its answer: %w", io.ErrUnexpectedEOF)
}

// otherProtocol guesses what speaks, by how it begins.
func otherProtocol(head []byte) string {
	switch head[0] {
	case 0x05:
		return "it is a SOCKS proxy: write socks5:// or socks5h://"
	case 0x15, 0x16:
		return "it speaks TLS: write https://"
	}
	return "check its host, port and scheme"
}

// statusOf reads the first line.
func statusOf(head []byte) (int, error) {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	var minor, status int
	if n, _ := fmt.Sscanf(string(line), headBegins+"%1d %3d", &minor, &status); n < 2 || status < 100 {
		return 0, errors.New(noSuchAnswer + otherProtocol(head))
	}
	return status, nil
}

// refused reads the rest of a refusal. It doesn't wait long: the connection is of no use any more.
func (v *via) refused(conn net.Conn, head []byte, target string) error {
	timer := time.AfterFunc(lingerForBody, func() { conn.Close() })
	defer timer.Stop()
	answer, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(head), conn)), nil)
	if err != nil {
		return fmt.Errorf("its answer is malformed: %w", err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, readOfBody)) // as much as there is
	body := v.clean(string(text))
	body = strings.ToValidUTF8(body[:min(len(body), largestBody)], "")
	return &httpRefusal{answer.StatusCode, body, v.clean(answer.Status) + ": " + v.remedy(answer, target)}
}

// clean makes a line of text of what a proxy said, and takes out what we had told it.
func (v *via) clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if v.HasUsername {
		text = strings.ReplaceAll(text, v.basic(), "xxxxx")
	}
	if v.HasPassword && len(v.Password) > 0 {
		text = strings.ReplaceAll(text, string(v.Password), "xxxxx")
	}
	for _, values := range v.header {
		for _, value := range values {
			if value != "" {
				text = strings.ReplaceAll(text, value, "xxxxx")
			}
		}
	}
	return strings.TrimSpace(text)
}

// remedy says what can be done about a refusal.
func (v *via) remedy(answer *http.Response, target string) string {
	offered := strings.Join(answer.Header.Values("Proxy-Authenticate"), ", ")
	switch status := answer.StatusCode; {
	case status == http.StatusProxyAuthRequired && offered != "" && !strings.Contains(strings.ToLower(offered), "basic"):
		return "it knows no Basic authentication, and what it knows must come from Proxy.Header"
	case status == http.StatusProxyAuthRequired && !v.HasUsername:
		return "it wants a user name and a password: " + writeProxy
	case status == http.StatusProxyAuthRequired:
		return "it doesn't accept the user name and the password: check them"
	case status == http.StatusForbidden:
		return "it doesn't allow " + target + ": whoever runs it has to, or choose another port"
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return "it can't reach " + target + ": check the server's host and port as the proxy sees them"
	case status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented, status == http.StatusNotFound, status == http.StatusBadRequest:
		return "it doesn't understand CONNECT: it may be no proxy, or not for this"
	}
	return "it doesn't connect to " + target
}
