package mqtttest

import (
	"testing"

	"github.com/sluicemq/sluice/mqtt"
)

// StoreSuite proves that a [mqtt.Store] keeps what its interface promises: each promise is a subtest.
//
// open opens the store of a name, or makes it: of the names of one subtest each is a store of its own, and the same name
// again is the same store with what it held. When a store is an [io.Closer], it is closed before its name is opened again,
// and at the end of its subtest; so a store in memory that has no Close hands out the same object again. open ends the test
// itself when it can't open one.
func StoreSuite(t *testing.T, open func(t *testing.T, name string) mqtt.Store) {
	for _, promise := range []struct {
		name  string
		prove func(*shelf)
	}{
		{"a new store is empty", storeIsEmpty},
		{"records come in the order of their keys", storeOrder},
		{"a record takes the place of its predecessor", storeReplace},
		{"a nil value removes its key", storeRemove},
		{"removing what isn't there does nothing", storeRemoveMissing},
		{"an empty value is a value", storeEmptyValue},
		{"keys and values have any bytes", storeAnyBytes},
		{"keys have 1 to 64 bytes", storeKeySizes},
		{"the last record of a key in a write counts", storeSameKey},
		{"a write of nothing does nothing", storeNothing},
		{"nothing is kept of the slices of a write", storeSlices},
		{"values may be large", storeLarge},
		{"there may be many records", storeMany},
		{"writes outlive the store's end", storeReopen},
		{"stores of different names have nothing in common", storeNames},
		{"a loop that is left early has taken the store", storeLeft},
		{"who comes second gets ErrStoreInUse", storeInUse},
		{"release lets the next one load", storeRelease},
		{"a release without a load does nothing", storeReleaseFirst},
		{"a load whose context is over takes nothing", storeLoadOver},
		{"a write whose context is over before it does nothing", storeWriteOver},
		{"random writes are as in a map", storeModel},
	} {
		t.Run(promise.name, func(t *testing.T) {
			s := &shelf{T: t, open: open}
			s.reopen()
			t.Cleanup(s.close)
			promise.prove(s)
		})
	}
}
