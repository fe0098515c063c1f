package mqtttest

import (
	"context"
	"errors"
	"testing"

	"github.com/sluicemq/sluice/mqtt"
)

func storeNames(s *shelf) {
	s.write(record("a", "1"))
	other := &shelf{T: s.T, open: func(t *testing.T, name string) mqtt.Store { return s.open(t, "another "+name) }}
	other.reopen()
	defer other.close()
	other.holds()
	other.write(record("a", "2"))
	s.holds(record("a", "1"))
	other.holds(record("a", "2"))
}

func storeLeft(s *shelf) {
	s.write(record("a", "1"), record("b", "2"))
	for r, err := range s.store.Load(s.Context()) {
		s.must(err)
		if string(r.Key) != "a" {
			s.Fatalf("the first record is %s", shown(r))
		}
		break
	}
	s.refuses(s.Context(), mqtt.ErrStoreInUse)
	s.write(record("c", "3"))
	s.must(s.store.Release())
	s.holds(record("a", "1"), record("b", "2"), record("c", "3"))
}

func storeInUse(s *shelf) {
	s.write(record("a", "1"))
	_, err := s.load(s.Context())
	s.must(err)
	s.refuses(s.Context(), mqtt.ErrStoreInUse)
	s.refuses(s.Context(), mqtt.ErrStoreInUse)
	s.write(record("b", "2")) // who has it goes on
	s.must(s.store.Release())
	s.holds(record("a", "1"), record("b", "2"))
}

// storeRelease hands the store on to another goroutine, as two clients do that follow each other.
func storeRelease(s *shelf) {
	for range 3 {
		_, err := s.load(s.Context())
		s.must(err)
		s.write(record("a", "1"))
		s.must(s.store.Release())
		next := make(chan error)
		go func() {
			var failed error
			for _, err := range s.store.Load(s.Context()) {
				failed = errors.Join(failed, err)
			}
			next <- errors.Join(failed, s.store.Write(s.Context(), []mqtt.StoreRecord{removal("a")}), s.store.Release())
		}()
		s.must(<-next)
	}
	s.holds()
}

func storeReleaseFirst(s *shelf) {
	s.must(s.store.Release())
	s.must(s.store.Release())
	_, err := s.load(s.Context())
	s.must(err)
	s.refuses(s.Context(), mqtt.ErrStoreInUse)
}

func storeLoadOver(s *shelf) {
	s.write(record("a", "1"))
	s.refuses(over(s), context.Canceled)
	s.holds(record("a", "1"))
}

func storeWriteOver(s *shelf) {
	s.write(record("a", "1"))
	if err := s.store.Write(over(s), []mqtt.StoreRecord{record("b", "2"), removal("a")}); !errors.Is(err, context.Canceled) {
		s.Fatalf("Write() = %v, want %v", err, context.Canceled)
	}
	s.holds(record("a", "1"))
}

func over(s *shelf) context.Context {
	ctx, end := context.WithCancel(s.Context())
	end()
	return ctx
}
