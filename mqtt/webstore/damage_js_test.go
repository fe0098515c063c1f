package webstore

import (
	"context"
	"errors"
	"syscall/js"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

func TestDamage(t *testing.T) {
	key := batch(0)[3].Key
	var tallyBefore js.Value
	records := func(tx js.Value) js.Value { return tx.Call("objectStore", recordsStore) }
	about := func(tx js.Value) js.Value { return tx.Call("objectStore", aboutStore) }
	for name, tc := range map[string]struct {
		change func(tx js.Value)
		found  string
	}{
		"a record that is missing": {func(tx js.Value) { records(tx).Call("delete", array(key)) }, "it has 15 records, where 16 were written"},
		"a record too many": {func(tx js.Value) {
			records(tx).Call("put", array(appendSealed(nil, []byte("x"), nil)), array([]byte("x")))
		}, "it has 17 records, where 16 were written"},
		"a record that is back": {func(tx js.Value) {
			records(tx).Call("put", array(appendSealed(nil, key, []byte("old"))), array(key))
		}, "its 16 records aren't those that were written last"},
		"a value that is another's": {func(tx js.Value) {
			records(tx).Call("put", array(appendSealed(nil, key, []byte("old"))), array(batch(0)[4].Key))
		}, "isn't what was written"},
		"a value that is short":    {func(tx js.Value) { records(tx).Call("put", array([]byte{1, 2}), array(key)) }, "isn't what was written"},
		"a value of another kind":  {func(tx js.Value) { records(tx).Call("put", "text", array(key)) }, "has no bytes"},
		"a key of another kind":    {func(tx js.Value) { records(tx).Call("put", array(nil), 7) }, "the key 7 isn't one of a record"},
		"a tally that is gone":     {func(tx js.Value) { about(tx).Call("delete", tallyKey) }, "the tally of its records isn't what was written"},
		"a tally of another kind":  {func(tx js.Value) { about(tx).Call("put", 1, tallyKey) }, "the tally of its records isn't what was written"},
		"a tally that was changed": {func(tx js.Value) { about(tx).Call("put", array(make([]byte, tallySize)), tallyKey) }, "the tally of its records isn't what was written"},
		"a tally of before":        {func(tx js.Value) { about(tx).Call("put", tallyBefore, tallyKey) }, "it has 16 records, where 0 were written"},
	} {
		t.Run(name, func(t *testing.T) {
			tallyBefore = array(tally{}.encode())
			s := opened(t, t.Name())
			write(t, s, append(batch(0), batch(1)...)...)
			require.NoError(t, s.Close())
			meddle(t, t.Name(), tc.change)
			for range 2 {
				_, err := Open(t.Context(), t.Name())
				damage, ok := errors.AsType[*DamagedError](err)
				require.True(t, ok, "%v", err)
				require.Equal(t, t.Name(), damage.Database)
				require.Contains(t, damage.Found, tc.found)
			}
			require.NoError(t, Delete(t.Context(), t.Name()))
			require.Empty(t, contents(t, t.Name()))
		})
	}
}

func TestDamageWhileItIsOpen(t *testing.T) {
	s := opened(t, t.Name())
	write(t, s, batch(0)...)
	meddle(t, t.Name(), func(tx js.Value) {
		tx.Call("objectStore", recordsStore).Call("clear")
		tx.Call("objectStore", aboutStore).Call("put", array(tally{}.encode()), tallyKey)
	})
	_, err := tryLoad(t.Context(), s)
	require.ErrorContains(t, err, "it was written to by others while it was open")
	damage, ok := errors.AsType[*DamagedError](s.Write(t.Context(), batch(1)))
	require.True(t, ok)
	require.Equal(t, t.Name(), damage.Database)
}

// another makes a database of another program's.
func another(t *testing.T, name string, version int, stores ...string) js.Value {
	t.Helper()
	db, err := answer(t.Context(), js.Global().Get("indexedDB").Call("open", name, version), func(db js.Value) {
		for _, s := range stores {
			db.Call("createObjectStore", s)
		}
	}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { db.Call("close") })
	return db
}

func TestADatabaseOfAnother(t *testing.T) {
	another(t, t.Name(), 1, "files").Call("close")
	_, err := Open(t.Context(), t.Name())
	damage, ok := errors.AsType[*DamagedError](err)
	require.True(t, ok, "%v", err)
	require.Contains(t, damage.Found, `["files"]`)
}

func TestANewerFormat(t *testing.T) {
	another(t, t.Name(), 7, aboutStore, recordsStore).Call("close")
	_, err := Open(t.Context(), t.Name())
	newer, ok := errors.AsType[*VersionError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, VersionError{Database: t.Name(), Found: 7, Known: format}, *newer)
	require.ErrorContains(t, err, "open it with the newer program")
}

func TestADatabaseThatIsTakenAway(t *testing.T) {
	s := opened(t, t.Name())
	write(t, s, batch(0)...)
	load(t, s)
	require.NoError(t, deleteDatabase(t.Context(), t.Name()), "a store is in nobody's way")
	err := s.Write(t.Context(), batch(1))
	require.ErrorIs(t, err, ErrGone)
	require.ErrorContains(t, err, t.Name())
	_, err = tryLoad(t.Context(), s)
	require.ErrorIs(t, err, ErrGone)
	_, err = Open(t.Context(), t.Name())
	require.ErrorIs(t, err, mqtt.ErrStoreInUse, "its lock is kept until Close")
	require.NoError(t, s.Close())
	require.Empty(t, contents(t, t.Name()))
}

func TestDelete(t *testing.T) {
	require.NoError(t, Delete(t.Context(), t.Name()), "there is none")
	s := opened(t, t.Name())
	write(t, s, batch(0)...)
	require.ErrorIs(t, Delete(t.Context(), t.Name()), mqtt.ErrStoreInUse)
	require.NoError(t, s.Close())
	require.NoError(t, Delete(t.Context(), t.Name()))
	require.Empty(t, contents(t, t.Name()))
}

// A database that others have open by other means, and don't close when they are asked to.
func TestADeleteThatIsHeldUp(t *testing.T) {
	opened(t, t.Name()).Close()
	other, err := openDatabase(t.Context(), t.Name())
	require.NoError(t, err)
	err = Delete(within(t, 2*time.Second), t.Name()) // enough to be told that it is blocked
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, mqtt.ErrStoreInUse)
	require.ErrorContains(t, err, t.Name())
	_, err = Open(within(t, 100*time.Millisecond), t.Name())
	require.ErrorIs(t, err, context.DeadlineExceeded, "the deletion comes first")
	other.Call("close")
	s, err := Open(within(t, time.Minute), t.Name())
	require.NoError(t, err)
	require.Empty(t, load(t, s))
	require.NoError(t, s.Close())
}
