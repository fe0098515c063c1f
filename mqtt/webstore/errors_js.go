package webstore

import (
	"errors"
	"fmt"
	"syscall/js"

	"github.com/sluicemq/sluice/mqtt"
)

// ErrClosed says that Close was called before, or while a client still had the store.
var ErrClosed = errors.New("the store is closed")

// ErrQuota says that the browser has no more room for this site. Whoever frees some, in any of the site's storage, can go on.
var ErrQuota = errors.New("the browser has no more room for this site")

// ErrUnavailable says that the browser gives this page no IndexedDB or no Web Locks. It goes with what is missing and why.
var ErrUnavailable = errors.New("the browser keeps no data for this page")

// ErrGone says that the browser or another page has taken the database away while it was open: site data was cleared, or
// somebody deletes it. The store is of no more use; Open begins with what is left, if anything.
var ErrGone = errors.New("the database was taken away while it was open")

// DamagedError says that a database has something else than was last written to it, or isn't a store at all. Nothing of it
// was handed out, and nothing was changed.
type DamagedError struct {
	Database string
	Found    string // what is wrong with it
}

// Error holds the name, what was found and what can be done.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("webstore: the database %q is damaged, or isn't a store: %s; use another name, or webstore.Delete to begin with an empty session", e.Database, e.Found)
}

// VersionError says that a newer version of this package has written a database, or that another program has made it.
type VersionError struct {
	Database     string
	Found, Known int // versions of the format: the database's, and the last that this package knows
}

// Error holds the name, both versions and what can be done.
func (e *VersionError) Error() string {
	return fmt.Sprintf("webstore: the database %q has version %d of the format, and this program knows those up to %d; open it with the newer program that wrote it, or use another name", e.Database, e.Found, e.Known)
}

// finding is damage, before its place has a name.
type finding string

// Error is what was found.
func (f finding) Error() string { return string(f) }

func found(format string, details ...any) error { return finding(fmt.Sprintf(format, details...)) }

// failed gives an error of an operation on a database the form in which it leaves this package.
func failed(operation, name string, err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[finding](err); ok {
		return &DamagedError{Database: name, Found: string(f)}
	}
	if v, ok := errors.AsType[*VersionError](err); ok {
		v.Database = name
		return v
	}
	return fmt.Errorf("webstore: %s %q: %w", operation, name, err)
}

var errInUse = fmt.Errorf("%w: this page, another tab or a worker has the database open; close it there, or give each client a name of its own", mqtt.ErrStoreInUse)

// exception is an error of the browser's, a DOMException or any other Error.
func exception(thrown js.Value) error {
	if thrown.IsNull() || thrown.IsUndefined() {
		return errors.New("the browser doesn't say why")
	}
	name, text := thrown.Get("name").String(), thrown.Get("message").String()
	err := fmt.Errorf("%s: %s", name, text)
	switch name {
	case "QuotaExceededError":
		return fmt.Errorf("%w (%w)", ErrQuota, err)
	case "SecurityError":
		return fmt.Errorf("%w: storage is blocked in its settings, or for a frame of another site (%w)", ErrUnavailable, err)
	case "UnknownError":
		return fmt.Errorf("the browser can't use its own files; is the disk full? (%w)", err)
	}
	return err
}

// attempt runs what may throw.
func attempt(f func()) (err error) {
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case js.Error:
			err = exception(thrown.Value)
		default:
			panic(thrown)
		}
	}()
	f()
	return nil
}
