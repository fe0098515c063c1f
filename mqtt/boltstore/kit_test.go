package boltstore

import (
	"bytes"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "session.db") }

func opened(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func write(t *testing.T, s *Store, records ...mqtt.StoreRecord) {
	t.Helper()
	require.NoError(t, s.Write(t.Context(), records))
}

func load(t *testing.T, s *Store) (map[string]string, error) {
	held := map[string]string{}
	for r, err := range s.Load(t.Context()) {
		if err != nil {
			return nil, err
		}
		held[string(r.Key)] = string(r.Value)
	}
	return held, nil
}

// contents opens a store only to look into it.
func contents(t *testing.T, path string) map[string]string {
	t.Helper()
	held, err := look(t, path)
	require.NoError(t, err)
	return held
}

func look(t *testing.T, path string) (map[string]string, error) {
	s, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return load(t, s)
}

const batchSize, window = 8, 10

// batch is the nth of a series of writes: some new messages, and as many that are done.
func batch(n int) (records []mqtt.StoreRecord) {
	for i := range batchSize {
		records = append(records, mqtt.StoreRecord{Key: message(n*batchSize + i), Value: payload(n, i)})
		if n >= window {
			records = append(records, mqtt.StoreRecord{Key: message((n-window)*batchSize + i)})
		}
	}
	return records
}

// expected is what a store has after the first n batches.
func expected(n int) map[string]string {
	held := map[string]string{}
	for b := max(0, n-window); b < n; b++ {
		for i := range batchSize {
			held[string(message(b*batchSize+i))] = string(payload(b, i))
		}
	}
	return held
}

func message(n int) []byte { return binary.BigEndian.AppendUint64([]byte{'m'}, uint64(n)) }

// payload is sometimes larger than a page.
func payload(n, i int) []byte {
	if n%7 == 6 && i == 0 {
		return bytes.Repeat([]byte{byte(n), byte(n >> 8)}, 2500)
	}
	return bytes.Repeat([]byte{byte(n), byte(n >> 8)}, 50)
}

// same compares without showing kilobytes.
func same(t *testing.T, want, got map[string]string, where ...any) {
	t.Helper()
	require.True(t, maps.Equal(want, got), append([]any{"%d records, want %d: %v", len(got), len(want)}, where)...)
}

// sample writes n batches to a new file, and gives it after each, closed.
func sample(t *testing.T, n int) (versions [][]byte) {
	t.Helper()
	path := newPath(t)
	for i := range n {
		s := opened(t, path)
		write(t, s, batch(i)...)
		require.NoError(t, s.Close())
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		versions = append(versions, file)
	}
	return versions
}

// put makes a file of bytes.
func put(t *testing.T, path string, file []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, file, 0o600))
}

func record(key, value string) mqtt.StoreRecord {
	return mqtt.StoreRecord{Key: []byte(key), Value: []byte(value)}
}
