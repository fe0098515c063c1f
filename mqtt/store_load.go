package mqtt

import (
	"context"

	"github.com/sluicemq/sluice/mqtt/actor"
)

// load takes the store and reads the session that it has.
func (s *settings) load() (kept *actor.Kept, err error) {
	kept = new(actor.Kept)
	taken := true
	for r, failure := range s.Store.Load(context.Background()) {
		if err = failure; err == nil {
			err = kept.Add(r.Key, r.Value)
		} else {
			taken = false
		}
		if err != nil {
			break
		}
	}
	if err == nil {
		err = kept.Whole(s.ClientID)
	}
	if err != nil {
		if taken {
			s.Store.Release()
		}
		return nil, &StoreError{Err: err}
	}
	return kept, nil
}

// write hands changes to the store.
func (s *settings) write() func(context.Context, []actor.Change) error {
	var records []StoreRecord // of the one process that writes
	return func(ctx context.Context, changes []actor.Change) error {
		records = records[:0]
		for _, c := range changes {
			records = append(records, StoreRecord(c))
		}
		err := s.Store.Write(ctx, records)
		clear(records)
		return err
	}
}
