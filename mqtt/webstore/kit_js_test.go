package webstore

import (
	"context"
	"encoding/binary"
	"maps"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func opened(t *testing.T, name string) *Store {
	t.Helper()
	s, err := Open(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func write(t *testing.T, s *Store, records ...mqtt.StoreRecord) {
	t.Helper()
	require.NoError(t, s.Write(t.Context(), records))
}

func load(t *testing.T, s *Store) map[string]string {
	t.Helper()
	held, err := tryLoad(t.Context(), s)
	require.NoError(t, err)
	return held
}

func tryLoad(ctx context.Context, s *Store) (map[string]string, error) {
	held := map[string]string{}
	for r, err := range s.Load(ctx) {
		if err != nil {
			return nil, err
		}
		held[string(r.Key)] = string(r.Value)
	}
	return held, s.Release()
}

func contents(t *testing.T, name string) map[string]string {
	t.Helper()
	s := opened(t, name)
	defer s.Close()
	return load(t, s)
}

func record(key, value string) mqtt.StoreRecord {
	return mqtt.StoreRecord{Key: []byte(key), Value: []byte(value)}
}

const batchSize = 8

// batch is the nth of a series of writes.
func batch(n int) (records []mqtt.StoreRecord) {
	for i := range batchSize {
		key := binary.BigEndian.AppendUint32([]byte{'m'}, uint32(n*batchSize+i))
		records = append(records, mqtt.StoreRecord{Key: key, Value: []byte(strings.Repeat(string(rune('a'+i)), 10*n))})
	}
	return records
}

// expected is what a store has after the first n batches.
func expected(n int) map[string]string {
	held := map[string]string{}
	for b := range n {
		for _, r := range batch(b) {
			held[string(r.Key)] = string(r.Value)
		}
	}
	return held
}

func same(t *testing.T, want, got map[string]string) {
	t.Helper()
	require.True(t, maps.Equal(want, got), "%d records, want %d", len(got), len(want))
}

// within bounds what would wait for ever.
func within(t *testing.T, bound time.Duration) context.Context {
	ctx, end := context.WithTimeout(t.Context(), bound)
	t.Cleanup(end)
	return ctx
}

// meddle changes a database as another program would, past this package, when nobody has it open.
func meddle(t *testing.T, name string, change func(tx js.Value)) {
	t.Helper()
	db, err := openDatabase(t.Context(), name)
	require.NoError(t, err)
	defer db.Call("close")
	require.NoError(t, transact(t.Context(), db, "readwrite", func(tx js.Value) error {
		change(tx)
		return nil
	}))
}

// replace puts a function of JavaScript's in the place of one of the browser's for the time of a test: a method, or what reads
// a property. Its body has the one before as former. A Go function couldn't throw.
func replace(t *testing.T, class, member, body string) {
	object := js.Global().Get("Object")
	prototype := js.Global().Get(class).Get("prototype")
	before := object.Call("getOwnPropertyDescriptor", prototype, member)
	kind := "value"
	if before.Get("get").Truthy() {
		kind = "get"
	}
	by := js.Global().Get("Function").New("former", "return function(...args) {"+body+"}").Invoke(before.Get(kind))
	object.Call("defineProperty", prototype, member, map[string]any{kind: by, "configurable": true})
	t.Cleanup(func() { object.Call("defineProperty", prototype, member, before) })
}
