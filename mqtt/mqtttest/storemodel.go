package mqtttest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/sluicemq/sluice/mqtt"
)

// storeModel writes at random, always in the same way, and compares with a map. Keys come back often, in their order and out
// of it, and values grow and shrink.
func storeModel(s *shelf) {
	random := rand.New(rand.NewPCG(3, 1))
	model, next := map[string]string{}, 0
	for round := range 300 {
		batch := make([]mqtt.StoreRecord, 0, 80)
		for range random.IntN(80) {
			var r mqtt.StoreRecord
			r, next = step(random, next)
			batch = append(batch, r)
			if r.Value == nil {
				delete(model, string(r.Key))
			} else {
				model[string(r.Key)] = string(r.Value)
			}
		}
		s.write(batch...)
		switch {
		case round%30 == 29:
			s.reopen()
			fallthrough
		case round%10 == 0:
			s.holds(sorted(model)...)
		}
	}
}

// step makes a record: one of a queue that moves on, its change or its end, or one of few keys that change all the time.
func step(random *rand.Rand, next int) (mqtt.StoreRecord, int) {
	value := strings.Repeat(fmt.Sprint(random.IntN(10)), random.IntN(300))
	if random.IntN(200) == 0 {
		value = strings.Repeat(value, 40)
	}
	behind := fmt.Sprintf("q%06d", max(0, next-random.IntN(300)))
	other := fmt.Sprintf("%c%d", 'a'+rune(random.IntN(26)), random.IntN(9))
	switch random.IntN(8) {
	case 0, 1:
		return record(fmt.Sprintf("q%06d", next), value), next + 1
	case 2:
		return record(behind, value), next
	case 3, 4:
		return removal(behind), next
	case 5, 6:
		return record(other, value), next
	default:
		return removal(other), next
	}
}

func sorted(model map[string]string) (want []mqtt.StoreRecord) {
	for _, key := range slices.Sorted(maps.Keys(model)) {
		want = append(want, record(key, model[key]))
	}
	return want
}
