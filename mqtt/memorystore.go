package mqtt

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// NewMemoryStore makes a Store that lives as long as the process: handed to one client after another, it carries a session
// over. Its size is what clients write to it, and it has no other bound.
func NewMemoryStore() Store {
	return &memoryStore{taken: make(chan struct{}, 1), records: map[string][]byte{}}
}

// memoryStore needs no lock: who has put the token into taken has the map, and it goes from hand to hand with the token.
type memoryStore struct {
	taken   chan struct{}
	records map[string][]byte // values are replaced, never written, so that what Load yields stays as it was
}

func (s *memoryStore) Load(ctx context.Context) iter.Seq2[StoreRecord, error] {
	return func(yield func(StoreRecord, error) bool) {
		held, err := s.take(ctx)
		if err != nil {
			yield(StoreRecord{}, err)
			return
		}
		for _, r := range held {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s *memoryStore) take(ctx context.Context) ([]StoreRecord, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s.taken <- struct{}{}:
	default:
		return nil, ErrStoreInUse
	}
	held := make([]StoreRecord, 0, len(s.records))
	for _, key := range slices.Sorted(maps.Keys(s.records)) {
		held = append(held, StoreRecord{Key: []byte(key), Value: s.records[key]})
	}
	return held, nil
}

func (s *memoryStore) Write(ctx context.Context, records []StoreRecord) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, r := range records {
		if n := len(r.Key); n < 1 || n > 64 {
			return fmt.Errorf("memory store: a key of %d bytes, where 1 to 64 are allowed", n)
		}
	}
	for _, r := range records {
		if r.Value == nil {
			delete(s.records, string(r.Key))
		} else {
			s.records[string(r.Key)] = bytes.Clone(r.Value)
		}
	}
	return nil
}

func (s *memoryStore) Release() error {
	select {
	case <-s.taken:
	default:
	}
	return nil
}
