package boltstore

import (
	"errors"
	"fmt"

	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/sluicemq/sluice/mqtt"
)

// ErrClosed says that Close was called before, or while a client still had the store.
var ErrClosed = errors.New("the store is closed")

// DamagedError says that a file isn't what was last written to it, or not a store at all. Nothing of it was handed out, and
// nothing was changed.
type DamagedError struct {
	Path  string
	Found string // what is wrong with it
}

// Error holds the path, what was found and what can be done.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("boltstore: %s is damaged, or isn't a store: %s; put a copy in its place, or move it away to begin with an empty session", e.Path, e.Found)
}

// VersionError says that a newer version of this package has written a file.
type VersionError struct {
	Path         string
	Found, Known uint32 // versions of the format: the file's, and the last that this package knows
}

// Error holds the path, both versions and what can be done.
func (e *VersionError) Error() string {
	return fmt.Sprintf("boltstore: %s has version %d of the format, and this program knows those up to %d; open it with the newer program that wrote it", e.Path, e.Found, e.Known)
}

// finding is damage, before its place has a name.
type finding string

// Error is what was found.
func (f finding) Error() string { return string(f) }

func found(format string, details ...any) error { return finding(fmt.Sprintf(format, details...)) }

// failed gives an error of an operation on path the form in which it leaves this package.
func failed(operation, path string, err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[finding](err); ok {
		return &DamagedError{Path: path, Found: string(f)}
	}
	if v, ok := errors.AsType[*VersionError](err); ok {
		v.Path = path
		return v
	}
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		err = fmt.Errorf("%w: this or another process has the file open; close it there, or give each client a file of its own", mqtt.ErrStoreInUse)
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		err = ErrClosed
	}
	return fmt.Errorf("boltstore: %s %s: %w", operation, path, err)
}
