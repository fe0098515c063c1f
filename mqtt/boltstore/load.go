package boltstore

import (
	"context"

	"go.etcd.io/bbolt"

	"github.com/sluicemq/sluice/mqtt"
)

// take takes the store and reads it.
func (s *Store) take(ctx context.Context) ([]mqtt.StoreRecord, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s.taken <- struct{}{}:
	default:
		return nil, failed("load", s.path, mqtt.ErrStoreInUse)
	}
	held, err := s.read(ctx)
	if err != nil {
		s.Release()
	}
	return held, err
}

func (s *Store) read(ctx context.Context) (held []mqtt.StoreRecord, err error) {
	if s.lost != nil {
		return nil, s.lost
	}
	err = guarded(func() error {
		return s.db.View(func(tx *bbolt.Tx) (err error) {
			held, err = records(ctx, tx)
			return err
		})
	})
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return held, s.judge("load", err)
}

// records copies all that there is. The file was checked when it was opened, but that may be long ago.
func records(ctx context.Context, tx *bbolt.Tx) (held []mqtt.StoreRecord, err error) {
	written, err := decodeTally(tx.Bucket([]byte(aboutBucket)).Get([]byte(tallyKey)))
	if err != nil {
		return nil, err
	}
	var there tally
	err = tx.Bucket([]byte(recordsBucket)).ForEach(func(key, sealed []byte) error {
		value, err := unsealed(key, sealed)
		if err != nil {
			return err
		}
		there.add(sealed)
		held = append(held, copied(key, value))
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	return held, written.match(there)
}

func copied(key, value []byte) mqtt.StoreRecord {
	b := append(append(make([]byte, 0, len(key)+len(value)), key...), value...)
	return mqtt.StoreRecord{Key: b[:len(key):len(key)], Value: b[len(key):]}
}
