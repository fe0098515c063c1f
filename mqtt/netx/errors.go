package netx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrCertificateRejected means that the server ended TLS with an alert about our certificate, or about its absence
// (bad, unsupported, revoked, expired, unknown, unknown authority, access denied, required). The alert's name follows it.
// A TLS 1.2 server may say handshake_failure instead when it misses a certificate; that has other causes too, and isn't it.
var ErrCertificateRejected = errors.New("server rejected our certificate")

// errNoConnection is a Dialer's answer of nothing at all.
var errNoConnection = errors.New("dialer returned neither a connection nor an error")

// URLError says what is wrong with a server URL, and what to write instead.
type URLError struct {
	URL    string // as given, with the password replaced by "xxxxx" and the query by "…"
	Reason string
}

// Error holds the URL and the reason.
func (e *URLError) Error() string { return fmt.Sprintf("server URL %q: %s", e.URL, e.Reason) }

// DialError says how far the way to a server was open.
type DialError struct {
	Stage  Stage  // what failed
	Server string // the server's URL, without credentials and query
	Err    error  // why: unwraps to syscall.ECONNREFUSED, *net.DNSError, the errors of crypto/x509, the context's error
}

// Error holds the stage, the server and the reason.
func (e *DialError) Error() string { return fmt.Sprintf("%s %s: %v", e.Stage, e.Server, e.Err) }

// Unwrap is Err.
func (e *DialError) Unwrap() error { return e.Err }

// interrupted puts ctx's error, and its cause, before err when ctx has ended. The net package reports an end by words
// and types of its own, and its socket's deadline may fire a moment before ctx's timer does.
func interrupted(ctx context.Context, err error) error {
	over := ctx.Err()
	if over == nil {
		end, bounded := ctx.Deadline()
		if !bounded || time.Now().Before(end) || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		over = context.DeadlineExceeded
	}
	if !errors.Is(err, over) {
		err = fmt.Errorf("%w: %w", over, err)
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return err
}
