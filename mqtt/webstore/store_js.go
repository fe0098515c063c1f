package webstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"syscall/js"

	"github.com/sluicemq/sluice/mqtt"
)

// Store is a mqtt.Store on an IndexedDB database. Any goroutine may call its methods, but none that a js.FuncOf runs: they
// wait for the event loop.
type Store struct {
	name  string
	taken chan struct{} // has a token while a client has the store
	turns chan struct{} // has a token while nobody uses the database
	gone  chan error    // has one when the database was taken away

	// owned by whoever took the token of turns
	db     js.Value
	events *listener
	lock   *lock
	shares map[string]uint64 // of each record, by its key
	sum    tally             // of all of them
	lost   error             // why nothing more can be done with the database while it is open
}

var _ mqtt.Store = (*Store)(nil)

// Open opens the database of a name, and makes it when there is none. It reads all records, and nobody else can open it until
// Close or the end of the page. The end of ctx ends the waiting for the browser, or for others who have the database: those
// get a second, and then the error is mqtt.ErrStoreInUse. Other errors are *DamagedError, *VersionError, ErrUnavailable,
// ErrQuota, ctx's own, and what the browser says.
func Open(ctx context.Context, name string) (*Store, error) {
	s, err := open(ctx, name)
	return s, failed("open", name, err)
}

func open(ctx context.Context, name string) (*Store, error) {
	if err := named(ctx, name); err != nil {
		return nil, err
	}
	held, err := takeLock(ctx, name)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, name)
	if err != nil {
		held.release()
		return nil, err
	}
	s := &Store{
		name: name, taken: make(chan struct{}, 1), turns: make(chan struct{}, 1), gone: make(chan error, 1),
		db: db, events: listen(db), lock: held, shares: map[string]uint64{},
	}
	s.watch()
	s.sum, err = read(ctx, db, func(key, sealed []byte) { s.shares[string(key)] = shareOf(sealed) })
	if err != nil {
		s.shut()
		return nil, err
	}
	s.turns <- struct{}{}
	return s, nil
}

func named(ctx context.Context, name string) error {
	if name == "" {
		return errors.New("the name is empty")
	}
	return ctx.Err()
}

// watch sees the database being taken away. Others who want to delete it wait until it is closed here.
func (s *Store) watch() {
	s.events.on("versionchange", func(js.Value) {
		s.db.Call("close")
		s.goneFor(fmt.Errorf("%w: another page deletes it", ErrGone))
	})
	s.events.on("close", func(js.Value) {
		s.goneFor(fmt.Errorf("%w: the site's data was cleared, or the browser can't use its own files any more", ErrGone))
	})
}

func (s *Store) goneFor(why error) {
	select {
	case s.gone <- why:
	default:
	}
}

// Delete deletes the database of a name, if there is one. While a store has it open the error is mqtt.ErrStoreInUse. When
// ctx ends before others have closed it who don't use this package, the browser still deletes it when they do.
func Delete(ctx context.Context, name string) error {
	return failed("delete", name, remove(ctx, name))
}

func remove(ctx context.Context, name string) error {
	if err := named(ctx, name); err != nil {
		return err
	}
	held, err := takeLock(ctx, name)
	if err != nil {
		return err
	}
	defer held.release()
	return deleteDatabase(ctx, name)
}

// Load reads and checks everything before it yields the first record, so what it yields is complete, and in memory twice for
// a moment. It hasn't taken the store when it yields an error. The error is mqtt.ErrStoreInUse, *DamagedError, ErrClosed,
// ErrGone, ctx's own or what the browser says.
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

// take takes the store and reads it.
func (s *Store) take(ctx context.Context) (held []mqtt.StoreRecord, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s.taken <- struct{}{}:
	default:
		return nil, failed("load", s.name, mqtt.ErrStoreInUse)
	}
	err = s.turn(ctx, "load", func() error {
		written, err := read(ctx, s.db, func(key, sealed []byte) {
			held = append(held, mqtt.StoreRecord{Key: key, Value: sealed[sealSize:]})
		})
		if err == nil && written != s.sum {
			err = found("it was written to by others while it was open")
		}
		return err
	})
	if err != nil {
		s.Release()
		return nil, err
	}
	return held, nil
}

// turn runs f while nobody else uses the database, and gives its error a form. Damage ends the use of the database.
func (s *Store) turn(ctx context.Context, operation string, f func() error) error {
	select {
	case <-s.turns:
		defer func() { s.turns <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.lost != nil {
		return failed(operation, s.name, s.lost)
	}
	err := f()
	if _, damaged := errors.AsType[finding](err); damaged {
		s.lost = err
	}
	if err != nil {
		select {
		case s.lost = <-s.gone:
			err = s.lost
		default:
		}
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return failed(operation, s.name, err)
}

// Release gives the store back for the next Load.
func (s *Store) Release() error {
	select {
	case <-s.taken:
	default:
	}
	return nil
}

// Close closes the database, when a Write or a Load that is under way has ended, and lets others open it. A client that still
// has the store gets ErrClosed from its next Write. More than one call does nothing more.
func (s *Store) Close() error {
	<-s.turns
	defer func() { s.turns <- struct{}{} }()
	if !errors.Is(s.lost, ErrClosed) {
		s.shut()
	}
	s.lost = ErrClosed
	return nil
}

// shut lets go of everything that the browser has for us.
func (s *Store) shut() {
	s.events.release()
	s.db.Call("close")
	s.lock.release()
}
