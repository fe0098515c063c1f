package boltstore

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
)

// What bbolt makes of any writes must be whole in our eyes, or a store would be refused for nothing.
func TestWhateverIsWrittenIsWhole(t *testing.T) {
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 7))
		path := newPath(t)
		s := opened(t, path)
		s.db.NoSync = true // this is about pages, not about disks
		file, err := os.Open(path)
		require.NoError(t, err)
		defer file.Close()
		next := 0
		for round := range 60 {
			records := make([]mqtt.StoreRecord, 0, 200)
			for range random.IntN(1 + int(seed)*60) {
				r := mqtt.StoreRecord{Key: message(random.IntN(next + 1))}
				switch (random.IntN(10) + round/20*3) % 10 { // it grows, and shrinks in the end
				case 0, 1, 2:
					r.Key, next = message(next), next+1
					fallthrough
				case 3, 4:
					r.Value = bytes.Repeat([]byte{byte(round)}, random.IntN(400))
				case 5:
					r.Key = bytes.Repeat([]byte{byte(random.Int())}, 1+random.IntN(64))
					r.Value = bytes.Repeat([]byte{byte(round)}, random.IntN(4)*random.IntN(5000))
				}
				records = append(records, r)
			}
			write(t, s, records...)
			info, err := file.Stat()
			require.NoError(t, err)
			_, err = takeSurvey(file, info.Size(), current)
			require.NoError(t, err, "seed %d, round %d", seed, round)
		}
		require.NoError(t, s.Close())
	}
}
