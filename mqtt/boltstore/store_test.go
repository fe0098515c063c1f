package boltstore

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestStoreSuite(t *testing.T) {
	folders := map[string]string{}
	mqtttest.StoreSuite(t, func(t *testing.T, name string) mqtt.Store {
		if folders[t.Name()] == "" {
			folders[t.Name()] = t.TempDir()
		}
		return opened(t, filepath.Join(folders[t.Name()], name))
	})
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s := opened(t, newPath(t))
	write(t, s, batch(0)...)
	_, err := load(t, s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	err = s.Write(t.Context(), batch(1))
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorContains(t, err, s.path)
	require.NoError(t, s.Release())
	_, err = load(t, s)
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, s.Close())
	same(t, expected(1), contents(t, s.path))
}

func TestCloseBesideAClient(t *testing.T) {
	path := newPath(t)
	s := opened(t, path)
	started, ended := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; s.Write(t.Context(), batch(n)) == nil; n++ {
			if n == 3 {
				close(started)
			}
		}
		ended <- n
	}()
	<-started
	require.NoError(t, s.Close())
	same(t, expected(<-ended), contents(t, path))
}

func TestAKeyThatIsNoneChangesNothing(t *testing.T) {
	s := opened(t, newPath(t))
	for _, key := range [][]byte{nil, {}, make([]byte, 65)} {
		err := s.Write(t.Context(), append(batch(0), mqtt.StoreRecord{Key: key, Value: []byte("1")}))
		require.ErrorContains(t, err, "where 1 to 64 are allowed")
		_, err = load(t, s)
		require.NoError(t, err)
		require.NoError(t, s.Release())
	}
	require.NoError(t, s.Close())
	require.Empty(t, contents(t, s.path))
}

func TestALastPageThatMayBeKeptEndsTheUse(t *testing.T) {
	s := opened(t, newPath(t))
	write(t, s, batch(0)...)
	before := s.newest()
	write(t, s, batch(1)...)
	require.Equal(t, before+1, s.newest(), "what is compared after a failure")
	err := s.judge("write", errUndecided)
	require.ErrorContains(t, err, s.path)
	require.Equal(t, err, s.Write(t.Context(), batch(2)))
	_, loading := load(t, s)
	require.Equal(t, err, loading)
	require.NoError(t, s.Close())
	same(t, expected(2), contents(t, s.path))
}
