package mqtttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/sluicemq/sluice/mqtt"
)

// shelf is a store under proof.
type shelf struct {
	*testing.T
	open  func(t *testing.T, name string) mqtt.Store
	store mqtt.Store
}

// reopen opens the store again.
func (s *shelf) reopen() {
	s.Helper()
	s.close()
	s.store = s.open(s.T, "store")
}

func (s *shelf) close() {
	s.Helper()
	if s.store == nil {
		return
	}
	s.must(s.store.Release())
	if c, ok := s.store.(io.Closer); ok {
		s.must(c.Close())
	}
	s.store = nil
}

func (s *shelf) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shelf) write(records ...mqtt.StoreRecord) {
	s.Helper()
	s.must(s.store.Write(s.Context(), records))
}

// holds demands that the store has these records, in this order.
func (s *shelf) holds(want ...mqtt.StoreRecord) {
	s.Helper()
	got, err := s.load(s.Context())
	s.must(err)
	s.must(s.store.Release())
	for n := range max(len(got), len(want)) {
		switch {
		case n >= len(got):
			s.Fatalf("%d records, want %d: the first that is missing is %s", len(got), len(want), shown(want[n]))
		case n >= len(want):
			s.Fatalf("%d records, want %d: the first beyond is %s", len(got), len(want), shown(got[n]))
		case !bytes.Equal(got[n].Key, want[n].Key) || !bytes.Equal(got[n].Value, want[n].Value) || got[n].Value == nil:
			s.Fatalf("record %d is %s, want %s", n, shown(got[n]), shown(want[n]))
		}
	}
}

// load takes the store and copies what it yields, for a record may be gone when the next one comes.
func (s *shelf) load(ctx context.Context) (held []mqtt.StoreRecord, err error) {
	s.Helper()
	for r, e := range s.store.Load(ctx) {
		if err != nil {
			s.Fatalf("after the error %v came another record or error", err)
		}
		if err = e; err == nil {
			held = append(held, mqtt.StoreRecord{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)})
		}
	}
	return held, err
}

// refuses demands an error of Load and no record.
func (s *shelf) refuses(ctx context.Context, want error) {
	s.Helper()
	if held, err := s.load(ctx); len(held) != 0 || !errors.Is(err, want) {
		s.Fatalf("Load() = %d records, %v, want none and %v", len(held), err, want)
	}
}

func record(key, value string) mqtt.StoreRecord {
	return mqtt.StoreRecord{Key: []byte(key), Value: append([]byte{}, value...)}
}

func removal(key string) mqtt.StoreRecord { return mqtt.StoreRecord{Key: []byte(key)} }

func shown(r mqtt.StoreRecord) string {
	if r.Value == nil {
		return fmt.Sprintf("%q without a value", r.Key)
	}
	return fmt.Sprintf("%q = %.40q (%d bytes)", r.Key, r.Value, len(r.Value))
}
