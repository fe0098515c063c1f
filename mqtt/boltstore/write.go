package boltstore

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/sluicemq/sluice/mqtt"
)

// Write applies records in one transaction, and returns when the disk has it. After an error the store is as it was before,
// and later Writes can succeed: a full disk that has room again. There are two exceptions, after which only Close is of use:
// a *DamagedError, and a disk that fails while it keeps the very last page, of which only Open can tell what it has kept.
func (s *Store) Write(ctx context.Context, records []mqtt.StoreRecord) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.lost != nil {
		return s.lost
	}
	for _, r := range records {
		if n := len(r.Key); n < 1 || n > 64 {
			return failed("write", s.path, fmt.Errorf("a key of %d bytes, where 1 to 64 are allowed", n))
		}
	}
	return s.judge("write", guarded(func() error { return s.write(records) }))
}

func (s *Store) write(records []mqtt.StoreRecord) error {
	tx, err := s.db.Begin(true)
	if err != nil {
		return err
	}
	defer tx.Rollback() // in a panic, and without looking at the file; nothing after Commit
	if err := apply(tx, records); err != nil {
		return err
	}
	id := tx.ID()
	err = tx.Commit()
	if err != nil && s.newest() == id {
		err = fmt.Errorf("%w; %w", err, errUndecided)
	}
	return err
}

// errUndecided: bbolt goes on from a last page that was written, whether or not the disk has kept it.
var errUndecided = errors.New("whether it was kept is known when the store has been opened again")

// newest is the transaction whose state the file has, as far as it can be seen from here.
func (s *Store) newest() int {
	tx, err := s.db.Begin(false)
	if err != nil {
		return 0
	}
	defer tx.Rollback()
	return tx.ID()
}

// judge gives an error its form, and ends the use of the file when its state isn't known any more.
func (s *Store) judge(operation string, err error) error {
	_, damaged := errors.AsType[finding](err)
	told := failed(operation, s.path, err)
	if damaged || errors.Is(err, errUndecided) {
		s.lost = told
	}
	return told
}

// fullness is how full pages are made when they are split. Keys mostly come in their order, so what is split stays as it is.
const fullness = 0.9

func apply(tx *bbolt.Tx, records []mqtt.StoreRecord) error {
	about, bucket := tx.Bucket([]byte(aboutBucket)), tx.Bucket([]byte(recordsBucket))
	bucket.FillPercent = fullness
	sum, err := decodeTally(about.Get([]byte(tallyKey)))
	if err != nil {
		return err
	}
	sealed := make([]byte, 0, sealedSize(records)) // bbolt refers to it until Commit
	for _, r := range records {
		if old := bucket.Get(r.Key); old != nil {
			sum.remove(old)
		}
		if r.Value == nil {
			err = bucket.Delete(r.Key)
		} else {
			from := len(sealed)
			sealed = appendSealed(sealed, r.Key, r.Value)
			sum.add(sealed[from:])
			err = bucket.Put(r.Key, sealed[from:])
		}
		if err != nil {
			return err
		}
	}
	return about.Put([]byte(tallyKey), sum.encode())
}

func sealedSize(records []mqtt.StoreRecord) (size int) {
	for _, r := range records {
		if r.Value != nil {
			size += sealSize + len(r.Value)
		}
	}
	return size
}
