package boltstore

import (
	"context"
	"iter"

	"go.etcd.io/bbolt"

	"github.com/sluicemq/sluice/mqtt"
)

// Store is a mqtt.Store in a file.
type Store struct {
	path  string
	db    *bbolt.DB
	taken chan struct{} // has a token while a client has the store
	lost  error         // owned by whoever has it: why nothing more can be done with the file while it is open
}

var _ mqtt.Store = (*Store)(nil)

// Open opens the store at path, which is a local file, and makes it when there is none; its directory must exist. It reads
// the whole file, and nobody else can open it until Close. Errors are mqtt.ErrStoreInUse, *DamagedError, *VersionError and
// those of package os.
func Open(path string) (*Store, error) { return open(path, current) }

func open(path string, s schema) (*Store, error) {
	db, err := ready(path, s)
	if err != nil {
		return nil, failed("open", path, err)
	}
	return &Store{path: path, db: db, taken: make(chan struct{}, 1)}, nil
}

// ready opens a file that is whole and of the current version.
func ready(path string, s schema) (*bbolt.DB, error) {
	if err := establish(path, s); err != nil {
		return nil, err
	}
	version, err := inspect(path, s)
	if err != nil {
		return nil, err
	}
	if version < s.version {
		if err := change(path, s.migrate); err != nil {
			return nil, err
		}
		if _, err := inspect(path, s); err != nil {
			return nil, err
		}
	}
	db, _, err := openBolt(path, false)
	return db, err
}

// Load reads and checks everything before it yields the first record, so what it yields is complete, and in memory twice for
// a moment. It hasn't taken the store when it yields an error. The error is mqtt.ErrStoreInUse, *DamagedError, ErrClosed,
// ctx's own or one of package os.
func (s *Store) Load(ctx context.Context) iter.Seq2[mqtt.StoreRecord, error] {
	return func(yield func(mqtt.StoreRecord, error) bool) {
		held, err := s.take(ctx)
		if err != nil {
			yield(mqtt.StoreRecord{}, err)
			return
		}
		for _, r := range held {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Release gives the store back for the next Load.
func (s *Store) Release() error {
	select {
	case <-s.taken:
	default:
	}
	return nil
}

// Close closes the file, when a Write or a Load that is under way has ended, and lets others open it. A client that still
// has the store gets ErrClosed from its next Write. Any goroutine may call it, more than once too.
func (s *Store) Close() error { return failed("close", s.path, s.db.Close()) }
