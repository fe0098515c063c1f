package boltstore

import (
	"errors"
	"os"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// patience is how long a lock that another has may take to come free: enough for two that open the same file at once, since
// each reads it under a lock of its own first.
const patience = 250 * time.Millisecond

// openBolt opens a file that exists, and locks it: for us alone, or beside others who read. The file is bbolt's.
//
// The list of free pages is written with each transaction. Without it writes aren't faster as long as the list is short,
// and bbolt would make it anew after a failed write, in a goroutine where a page that can't be read ends the process.
func openBolt(path string, readOnly bool) (db *bbolt.DB, file *os.File, err error) {
	options := &bbolt.Options{
		Timeout: patience, ReadOnly: readOnly, PageSize: pageSize, FreelistType: bbolt.FreelistMapType, NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			var err error
			file, err = os.OpenFile(name, flag&^os.O_CREATE, mode) // what is gone since it was looked for is no new store
			return file, err
		},
	}
	err = guarded(func() (err error) {
		db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	if err != nil && file != nil {
		file.Close() // and with it the lock; after a panic nobody else would
	}
	return db, file, err
}

// inspect reads the whole file while nobody may write to it, and gives the version of its format.
func inspect(path string, s schema) (version uint32, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	if info.Size() < 2*pageSize { // of an empty file bbolt would make a new one
		return 0, found("it has %d bytes, where a store has at least %d", info.Size(), 2*pageSize)
	}
	db, file, err := openBolt(path, true)
	switch {
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return 0, found("neither of its first two pages is one of a store (%v)", err)
	case err != nil:
		return 0, err
	}
	defer db.Close()
	if info, err = file.Stat(); err != nil {
		return 0, err
	}
	return takeSurvey(file, info.Size(), s)
}

// change applies one transaction to a file that is open nowhere.
func change(path string, apply func(*bbolt.Tx) error) error {
	db, _, err := openBolt(path, false)
	if err != nil {
		return err
	}
	return errors.Join(guarded(func() error { return db.Update(apply) }), db.Close())
}
