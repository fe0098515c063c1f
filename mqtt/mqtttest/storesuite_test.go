package mqtttest_test

import (
	"testing"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestMemoryStore(t *testing.T) {
	stores := map[string]mqtt.Store{}
	mqtttest.StoreSuite(t, func(t *testing.T, name string) mqtt.Store {
		name = t.Name() + name
		if stores[name] == nil {
			stores[name] = mqtt.NewMemoryStore()
		}
		return stores[name]
	})
}
