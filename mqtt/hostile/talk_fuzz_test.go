package hostile_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// FuzzConversation has a client and a server talk as the input says. With SLUICE_SEED, whatever it is, all that is said is told.
func FuzzConversation(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(randomScript(seed))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		synctest.Test(t, func(t *testing.T) { converse(t, script, os.Getenv("SLUICE_SEED") != "") })
	})
}

func randomScript(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 24))
	b := make([]byte, 100+r.IntN(500))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestConversations is FuzzConversation for some hundred scripts, other ones each time. SLUICE_SEED has one of them again, and
// tells all that is said.
func TestConversations(t *testing.T) {
	first, n := uint64(time.Now().UnixNano()%1_000_000_000), uint64(300)
	given, err := strconv.ParseUint(os.Getenv("SLUICE_SEED"), 10, 64)
	if err == nil {
		first, n = given, 1
	}
	for seed := first; seed < first+n && !t.Failed(); seed++ {
		synctest.Test(t, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("B321 SLUICE_SEED=%d", seed)
				}
			}()
			converse(t, randomScript(seed), err == nil)
		})
	}
}
