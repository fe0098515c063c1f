//go:build !js

package netx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"golang.org/x/net/proxy"
)

// unreachedError says that the proxy is well, and could not reach the target. Another address may do.
type unreachedError struct{ text string }

func (e *unreachedError) Error() string { return e.text }

// askSOCKS has the proxy connect to target (RFC 1928), a name when that is one. No context is handed on: the end of one
// closes conn, and deadlines, which the package would set, not every connection has.
func (v *via) askSOCKS(conn net.Conn, target string) error {
	var auth *proxy.Auth
	if v.HasUsername {
		auth = &proxy.Auth{User: v.Username, Password: string(v.Password)}
	}
	dialer, err := proxy.SOCKS5("tcp", v.Address(), auth, dialled{conn})
	if err != nil {
		return err
	}
	_, err = dialer.(proxy.ContextDialer).DialContext(context.Background(), "tcp", target) // a wrapper of conn that adds nothing
	if err == nil {
		return nil
	}
	if op, ok := errors.AsType[*net.OpError](err); ok { // whose own text would name the proxy again
		err = op.Err
	}
	return v.failedSOCKS(err, target)
}

// failedSOCKS says what can be done. The package that speaks SOCKS tells its reasons apart by text alone; one that isn't
// known here is handed on as it is.
func (v *via) failedSOCKS(err error, target string) error {
	text := err.Error()
	reply, replied := strings.CutPrefix(text, "unknown error ")
	switch {
	case replied:
		return &unreachedError{fmt.Sprintf("it doesn't connect to %s: %s", target, reply)}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("it closed the connection before it had answered: %w", io.ErrUnexpectedEOF)
	case strings.HasPrefix(text, "no acceptable authentication") && !v.HasUsername:
		return fmt.Errorf("it wants a user name and a password: %s: %w", writeProxy, err)
	case strings.Contains(text, "authentication") && v.HasUsername:
		return fmt.Errorf("it doesn't accept the user name and the password: check them: %w", err)
	case text == "unexpected protocol version 72": // an H
		return fmt.Errorf("it is an HTTP proxy: write http://: %w", err)
	case strings.HasPrefix(text, "unexpected protocol version"):
		return fmt.Errorf("it is no SOCKS5 proxy: check its host, port and scheme: %w", err)
	}
	return err
}

// dialled is a dialler that has dialled already.
type dialled struct{ conn net.Conn }

func (d dialled) Dial(string, string) (net.Conn, error) { return d.conn, nil }

func (d dialled) DialContext(context.Context, string, string) (net.Conn, error) { return d.conn, nil }
