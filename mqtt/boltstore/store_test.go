package boltstore

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

var childTasks = map[string]func([]string){}

func TestStoreSuite(t *testing.T) {
	folders := map[string]string{}
	mqtttest.StoreSuite(t, func(t *testing.T, name string) mqtt.Store {
		if folders[t.Name()] == "" {
			folders[t.Name()] = t.TempDir()
		}
		s, err := Open(filepath.Join(folders[t.Name()], name))
		require.NoError(t, err)
		return s
	})
}

var _ = errors.Is
