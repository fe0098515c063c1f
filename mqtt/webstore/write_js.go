package webstore

import (
	"context"
	"fmt"
	"syscall/js"

	"github.com/sluicemq/sluice/mqtt"
)

// Write applies records in one transaction, and returns when the browser has it on disk. After an error the store is as it
// was before, and later Writes can succeed: a quota that has room again. After a *DamagedError, ErrGone and ErrClosed only
// Close is of use. When ctx ends, Write still waits for the browser to undo the transaction, or to say that it was too late.
func (s *Store) Write(ctx context.Context, records []mqtt.StoreRecord) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, r := range records {
		if n := len(r.Key); n < 1 || n > 64 {
			return failed("write", s.name, fmt.Errorf("a key of %d bytes, where 1 to 64 are allowed", n))
		}
	}
	return s.turn(ctx, "write", func() error { return s.write(ctx, records) })
}

func (s *Store) write(ctx context.Context, records []mqtt.StoreRecord) error {
	sum := s.sum
	former := make([]share, 0, len(records))
	err := transact(ctx, s.db, "readwrite", func(tx js.Value) error {
		store := tx.Call("objectStore", recordsStore)
		for _, r := range records {
			sealed, before := s.count(r)
			former = append(former, before) // what follows may throw
			if sealed == nil {
				store.Call("delete", array(r.Key))
			} else {
				store.Call("put", array(sealed), array(r.Key))
			}
		}
		tx.Call("objectStore", aboutStore).Call("put", array(s.sum.encode()), tallyKey)
		if tx.Get("commit").Truthy() { // it spares the browser a look at whether more comes
			tx.Call("commit")
		}
		return nil
	})
	if err != nil {
		s.forget(former)
		s.sum = sum
	}
	return err
}

// share is what a key has of the tally's digest.
type share struct {
	key   string
	of    uint64
	there bool
}

// count puts a record into the tally, and gives it as the database will have it, nil for one that is removed, and what its
// key had before.
func (s *Store) count(r mqtt.StoreRecord) (sealed []byte, before share) {
	before.key = string(r.Key)
	before.of, before.there = s.shares[before.key]
	if before.there {
		s.sum.remove(before.of)
		delete(s.shares, before.key)
	}
	if r.Value == nil {
		return nil, before
	}
	sealed = appendSealed(make([]byte, 0, sealSize+len(r.Value)), r.Key, r.Value)
	s.shares[before.key] = shareOf(sealed)
	s.sum.add(s.shares[before.key])
	return sealed, before
}

// forget takes back what was counted, the last first.
func (s *Store) forget(former []share) {
	for i := len(former) - 1; i >= 0; i-- {
		if f := former[i]; f.there {
			s.shares[f.key] = f.of
		} else {
			delete(s.shares, f.key)
		}
	}
}
