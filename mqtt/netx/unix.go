//go:build !js

package netx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// openUnix connects to a socket's file, by whichever Dialer.
func openUnix(ctx context.Context, s *Server, o *Options) (net.Conn, error) {
	o.step(StageUnix, false, nil)
	conn, err := connect(ctx, "unix", s, o)
	if err != nil {
		err = interrupted(ctx, explained(s.Socket, err))
		o.step(StageUnix, true, err)
		return nil, &DialError{Stage: StageUnix, Server: s.String(), Err: err}
	}
	o.step(StageUnix, true, nil)
	return conn, nil
}

// longestSocket is how long the path of a socket may be everywhere, in bytes; Linux has room for four more.
const longestSocket = 103

// explained says what an error of a socket's file means for whoever wrote its path. The file may be another one by now
// than that which was dialled.
func explained(file string, err error) error {
	found, missing := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no such file, so the server is not running, or its socket is elsewhere: %w", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not write to the socket, or not enter its directory: %w", err)
	case errors.Is(err, syscall.EINVAL) && len(file) > longestSocket:
		return fmt.Errorf("a path of %d bytes is too long for a socket: %w", len(file), err)
	case missing == nil && found.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("the file is not a socket: %w", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nobody listens on the socket, which a server has left behind: %w", err)
	}
	return err
}
