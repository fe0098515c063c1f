package boltstore

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

// tomorrow is a format two versions from here: the first step changes nothing, the second one all values.
var tomorrow = schema{version: current.version + 2, steps: map[uint32]func(*bbolt.Tx) error{
	current.version:     func(*bbolt.Tx) error { return nil },
	current.version + 1: upper,
}}

func upper(tx *bbolt.Tx) error {
	about, bucket := tx.Bucket([]byte(aboutBucket)), tx.Bucket([]byte(recordsBucket))
	var sum tally
	cursor := bucket.Cursor()
	for key, sealed := cursor.First(); key != nil; key, sealed = cursor.Next() {
		value, err := unsealed(key, sealed)
		if err != nil {
			return err
		}
		sealed = appendSealed(nil, key, bytes.ToUpper(value))
		sum.add(sealed)
		if err := bucket.Put(key, sealed); err != nil {
			return err
		}
	}
	return about.Put([]byte(tallyKey), sum.encode())
}

func today(t *testing.T) (path string) {
	t.Helper()
	s := opened(t, newPath(t))
	write(t, s, record("a", "one"), record("b", "two"))
	require.NoError(t, s.Close())
	return s.path
}

func TestAnOlderVersionIsMigrated(t *testing.T) {
	path := today(t)
	for range 2 {
		s, err := open(path, tomorrow)
		require.NoError(t, err)
		held, err := load(t, s)
		require.NoError(t, err)
		same(t, map[string]string{"a": "ONE", "b": "TWO"}, held)
		require.NoError(t, s.Close())
	}
}

func TestANewerVersionIsLeftAlone(t *testing.T) {
	path := newPath(t)
	s, err := open(path, tomorrow)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = Open(path)
	require.Equal(t, &VersionError{Path: path, Found: tomorrow.version, Known: current.version}, err)
	require.ErrorContains(t, err, path+" has version 3 of the format, and this program knows those up to 1")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(before, after))
}

func TestAMigrationThatFailsChangesNothing(t *testing.T) {
	path := today(t)
	for name, step := range map[string]func(*bbolt.Tx) error{
		"nobody knows how": nil,
		"no way": func(tx *bbolt.Tx) error {
			return errors.Join(upper(tx), errors.New("no way"))
		},
		"isn't what was written": func(tx *bbolt.Tx) error {
			return errors.Join(upper(tx), found("this isn't what was written"))
		},
	} {
		s := tomorrow
		s.steps = map[uint32]func(*bbolt.Tx) error{current.version: tomorrow.steps[current.version]}
		if step != nil {
			s.steps[current.version+1] = step
		}
		_, err := open(path, s)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, path)
		same(t, map[string]string{"a": "one", "b": "two"}, contents(t, path))
	}
}

func TestADamagedVersionIsNoNewerOne(t *testing.T) {
	path := today(t)
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	newer := bytes.Clone(encodeVersion(current.version))
	newer[3]++
	file = bytes.ReplaceAll(file, encodeVersion(current.version), newer) // in former states, too
	require.False(t, survived(t, path, file, nil))
}
