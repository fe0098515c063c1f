package mqtttest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sluicemq/sluice/mqtt"
)

func storeIsEmpty(s *shelf) { s.holds() }

func storeOrder(s *shelf) {
	s.write(record("b", "1"), record("\xff", "2"), record("a", "3"))
	s.write(record("\x00", "4"), record("ab", "5"), record("B", "6"))
	s.holds(record("\x00", "4"), record("B", "6"), record("a", "3"), record("ab", "5"), record("b", "1"), record("\xff", "2"))
}

func storeReplace(s *shelf) {
	s.write(record("a", "1"), record("b", "2"))
	s.write(record("a", "longer"))
	s.holds(record("a", "longer"), record("b", "2"))
	s.write(record("a", ""))
	s.holds(record("a", ""), record("b", "2"))
}

func storeRemove(s *shelf) {
	s.write(record("a", "1"), record("b", "2"), record("c", "3"))
	s.write(removal("b"))
	s.holds(record("a", "1"), record("c", "3"))
	s.write(removal("a"), removal("c"))
	s.holds()
}

func storeRemoveMissing(s *shelf) {
	s.write(removal("a"))
	s.holds()
	s.write(record("b", "1"), removal("a"))
	s.write(removal("b"), removal("b"))
	s.holds()
}

func storeEmptyValue(s *shelf) {
	s.write(record("a", ""), mqtt.StoreRecord{Key: []byte("b"), Value: make([]byte, 0, 8)})
	s.holds(record("a", ""), record("b", ""))
	s.reopen()
	s.holds(record("a", ""), record("b", ""))
}

func storeAnyBytes(s *shelf) {
	var want []mqtt.StoreRecord
	all := string(everyByte())
	for _, b := range everyByte() {
		want = append(want, record(string([]byte{b}), all[b:]+all[:b]))
	}
	s.write(want...)
	s.reopen()
	s.holds(want...)
}

func everyByte() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func storeKeySizes(s *shelf) {
	var want []mqtt.StoreRecord
	for n := 1; n <= 64; n++ {
		want = append(want, record(strings.Repeat("k", n), fmt.Sprint(n)))
	}
	s.write(want...)
	s.holds(want...)
}

func storeSameKey(s *shelf) {
	s.write(record("a", "1"), record("a", "2"), record("b", "1"), removal("b"), removal("c"), record("c", "1"))
	s.holds(record("a", "2"), record("c", "1"))
	s.write(removal("a"), record("a", "3"), record("c", "2"), removal("c"), record("b", "1"), record("b", ""))
	s.holds(record("a", "3"), record("b", ""))
	s.reopen()
	s.holds(record("a", "3"), record("b", ""))
}

func storeNothing(s *shelf) {
	s.write(record("a", "1"))
	s.write()
	s.must(s.store.Write(s.Context(), []mqtt.StoreRecord{}))
	s.holds(record("a", "1"))
}

func storeSlices(s *shelf) {
	key, value := []byte("key"), []byte("value")
	records := []mqtt.StoreRecord{{Key: key, Value: value}, record("other", "1")}
	s.must(s.store.Write(s.Context(), records))
	copy(key, "xxx")
	copy(value, "yyyyy")
	records[1] = record("mine", "2")
	s.holds(record("key", "value"), record("other", "1"))
}

func storeLarge(s *shelf) {
	large := strings.Repeat("0123456789abcde\n", 1<<16) // 1 MiB
	s.write(record("a", large+"a"), record("b", "small"), record("c", large+large+large+"c"))
	s.holds(record("a", large+"a"), record("b", "small"), record("c", large+large+large+"c"))
	s.write(record("a", "small"), record("b", large+"b"))
	s.reopen()
	s.holds(record("a", "small"), record("b", large+"b"), record("c", large+large+large+"c"))
}

// storeMany also takes most of them away again, as a session does when its backlog has been sent.
func storeMany(s *shelf) {
	const many = 10_000
	var want []mqtt.StoreRecord
	for n := range many {
		want = append(want, record(fmt.Sprintf("m%08d", n), strings.Repeat(fmt.Sprint(n), 20)))
	}
	for n := 0; n < many; n += 1000 {
		s.write(want[n : n+1000]...)
	}
	s.holds(want...)
	s.reopen()
	s.holds(want...)
	gone := make([]mqtt.StoreRecord, 0, many)
	for _, r := range want[:many-7] {
		gone = append(gone, removal(string(bytes.Clone(r.Key))))
	}
	s.write(gone...)
	s.reopen()
	s.holds(want[many-7:]...)
}

func storeReopen(s *shelf) {
	s.write(record("a", "1"), record("b", "2"))
	s.reopen()
	s.holds(record("a", "1"), record("b", "2"))
	s.write(record("c", "3"), removal("a"))
	s.reopen()
	s.reopen()
	s.holds(record("b", "2"), record("c", "3"))
}
