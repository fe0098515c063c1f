package boltstore

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
)

func TestTheBboltFileOfAnotherProgram(t *testing.T) {
	for name, fill := range map[string]func(*bbolt.Tx) error{
		"empty":  func(tx *bbolt.Tx) error { return nil },
		"bucket": func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("theirs")); return err },
		"names": func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte(aboutBucket))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: pageSize})
			require.NoError(t, err)
			require.NoError(t, db.Update(fill))
			require.NoError(t, db.Close())
			file, err := os.ReadFile(path)
			require.NoError(t, err)
			require.False(t, survived(t, path, file, nil))
		})
	}
}

// A file that changes under an open store makes bbolt's mapping fault.
func TestDamageWhileItIsOpen(t *testing.T) {
	for name, harm := range map[string]func(file *os.File) error{
		"cut":   func(f *os.File) error { return f.Truncate(2 * pageSize) },
		"zeros": func(f *os.File) error { _, err := f.WriteAt(make([]byte, 14*pageSize), 2*pageSize); return err },
	} {
		for operation, use := range map[string]func(*testing.T, *Store) error{
			"load":  func(t *testing.T, s *Store) error { _, err := load(t, s); return err },
			"write": func(t *testing.T, s *Store) error { return s.Write(t.Context(), batch(sampleSize)) },
		} {
			t.Run(name+" before a "+operation, func(t *testing.T) {
				path := newPath(t)
				put(t, path, last(sample(t, sampleSize)))
				s := opened(t, path)
				f, err := os.OpenFile(path, os.O_RDWR, 0)
				require.NoError(t, err)
				defer f.Close()
				require.NoError(t, harm(f))
				var damage *DamagedError
				err = use(t, s)
				require.ErrorAs(t, err, &damage)
				require.Equal(t, err, s.Write(t.Context(), batch(0)), "nothing more is done with it")
				require.NoError(t, s.Close())
				_, err = Open(path)
				require.ErrorAs(t, err, &damage)
			})
		}
	}
}
