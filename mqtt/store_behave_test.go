//go:build !js

package mqtt_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/boltstore"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// everyStore runs a subtest in a bubble for each kind of store and each version. open gives the same store again when the
// client before has ended.
func everyStore(t *testing.T, name string, f func(t *testing.T, v mqtt.Version, open func() mqtt.Store)) {
	t.Helper()
	both(t, name+"/memory", func(t *testing.T, v mqtt.Version) {
		store := mqtt.NewMemoryStore()
		f(t, v, func() mqtt.Store { return store })
	})
	both(t, name+"/disk", func(t *testing.T, v mqtt.Version) {
		var last *boltstore.Store
		path := filepath.Join(t.TempDir(), "session.db")
		t.Cleanup(func() { require.NoError(t, last.Close()) })
		f(t, v, func() mqtt.Store {
			if last != nil {
				require.NoError(t, last.Close())
			}
			var err error
			last, err = boltstore.Open(path)
			require.NoError(t, err)
			return last
		})
	})
}

// heir is a client with the session that the one before has left.
func (s *scene) heir(store mqtt.Store) *scene {
	s.Helper()
	s.client.Close(over())
	<-s.client.Done()
	cfg := s.cfg
	cfg.Store = store
	return idle(s.T, cfg)
}

// held counts the records of a kind in a store that no client has.
func held(t *testing.T, store mqtt.Store, kind byte) (n int) {
	t.Helper()
	for r, err := range store.Load(t.Context()) {
		require.NoError(t, err)
		if r.Key[0] == kind {
			n++
		}
	}
	require.NoError(t, store.Release())
	return n
}

func TestStores(t *testing.T) {
	everyStore(t, "B206 B217 B218 the client gives a store back and doesn't close it; what was put is there, what is done is not", func(t *testing.T, v mqtt.Version, open func() mqtt.Store) {
		store := open()
		s, conn := up(t, stored(v, store))
		_, one := s.inFlight(conn, mqtt.AtLeastOnce, "one")
		s.inFlight(conn, mqtt.AtLeastOnce, "two")
		reply(t, conn, &codec.PubAck{PacketID: one.PacketID})
		synctest.Wait()
		s.client.Close(over())
		<-s.client.Done()
		require.Equal(t, 1, held(t, store, 'm'))
	})
	everyStore(t, "B219 PUBREC replaces the message by its identifier", func(t *testing.T, v mqtt.Version, open func() mqtt.Store) {
		store := open()
		s, conn := up(t, stored(v, store))
		_, p := s.inFlight(conn, mqtt.ExactlyOnce, "m")
		reply(t, conn, &codec.PubRec{PacketID: p.PacketID})
		expectRelease(t, conn, p.PacketID)
		s.client.Abort()
		require.Zero(t, held(t, store, 'm'))
		require.Equal(t, 1, held(t, store, 'n'))
	})
	bubble(t, "B220 the same when identifiers wrap", func(t *testing.T) {
		store := mqtt.NewMemoryStore()
		s, conn := up(t, stored(mqtt.V5, store))
		for i := range 65_535 - 3 { // to just before the wrap
			s.async(mqtt.AtLeastOnce, "x")
			p := mqtttest.Expect[*codec.Publish](t, conn)
			require.EqualValues(t, i+1, p.PacketID)
			reply(t, conn, &codec.PubAck{PacketID: p.PacketID})
		}
		for i := range 6 {
			s.inFlight(conn, mqtt.AtLeastOnce, numbered(i))
		}
		conn = s.heir(store).connected(true)
		for i, id := range []uint16{65_533, 65_534, 65_535, 1, 2, 3} {
			require.Equal(t, id, expectPayload(t, conn, numbered(i)).PacketID)
		}
	})
	everyStore(t, "B222 B226 sent again in the order of publishing, PUBREL in its place", func(t *testing.T, v mqtt.Version, open func() mqtt.Store) {
		s, conn := up(t, stored(v, open()))
		var ids []uint16
		for i := range 6 {
			_, p := s.inFlight(conn, mqtt.QoS(1+i%2), numbered(i))
			ids = append(ids, p.PacketID)
		}
		reply(t, conn, &codec.PubRec{PacketID: ids[1]})
		expectRelease(t, conn, ids[1])
		s = s.heir(open())
		conn = s.connected(true)
		for i := range 6 {
			if i == 1 {
				expectRelease(t, conn, ids[1])
				continue
			}
			p := expectPayload(t, conn, numbered(i))
			require.Equal(t, ids[i], p.PacketID)
			require.True(t, p.Dup)
		}
	})
	everyStore(t, "B224 B230 killed as soon as it was stored: sent first after the reconnect, and connected is told before", func(t *testing.T, v mqtt.Version, open func() mqtt.Store) {
		s, conn := up(t, stored(v, open()))
		synctest.Wait()
		conn.Stall()
		conn.Pipe().In().SetSize(1)
		d := s.async(mqtt.AtLeastOnce, "first")
		<-d.Stored()
		conn.Close()
		synctest.Wait()
		s.async(mqtt.AtLeastOnce, "second")
		events(s.client)
		conn = s.resume()
		synctest.Wait()
		require.Equal(t, []string{"Connected"}, s.told())
		for _, payload := range []string{"first", "second"} {
			reply(t, conn, &codec.PubAck{PacketID: expectPayload(t, conn, payload).PacketID})
		}
		synctest.Wait()
		require.Equal(t, []string{"Drained"}, s.told())
	})
	everyStore(t, "B225 what waits offline isn't doubled by attempts that fail, nor by processes that come and go", func(t *testing.T, v mqtt.Version, open func() mqtt.Store) {
		s := idle(t, stored(v, open()))
		<-s.async(mqtt.AtLeastOnce, "m").Stored()
		for range 3 {
			s.server.RefuseDials(errors.New("nobody there"))
			require.Error(t, s.client.Connect(t.Context()))
			s = s.heir(open())
		}
		s.server.RefuseDials(nil)
		conn := s.connected(false)
		reply(t, conn, &codec.PubAck{PacketID: expectPayload(t, conn, "m").PacketID})
		quiet(t, conn)
	})
	everyStore(t, "B227 B229 what is published meanwhile follows; what is sent again fills the window without a round trip", func(t *testing.T, v mqtt.Version, open func() mqtt.Store) {
		cfg := stored(v, open())
		cfg.MaxInFlight = 5
		s, conn := up(t, cfg)
		for i := range 5 {
			s.inFlight(conn, mqtt.AtLeastOnce, numbered(i))
		}
		s = s.heir(open())
		for i := range 5 {
			<-s.async(mqtt.AtLeastOnce, numbered(5+i)).Stored()
		}
		conn = s.connected(true)
		for i := range 10 {
			if i == 5 {
				quiet(t, conn)
			}
			if i >= 5 {
				reply(t, conn, &codec.PubAck{PacketID: uint16(i - 4)})
			}
			require.Equal(t, i < 5, expectPayload(t, conn, numbered(i)).Dup)
		}
	})
	everyStore(t, "B234 a context that is over admits nothing to the store", func(t *testing.T, v mqtt.Version, open func() mqtt.Store) {
		store := open()
		s := idle(t, stored(v, store))
		require.ErrorIs(t, s.client.Publish(over(), message(mqtt.AtLeastOnce, "m")), context.Canceled)
		s.client.Abort()
		require.Zero(t, held(t, store, 'm'))
	})
}

func TestStoreRegression12(t *testing.T) {
	const all, window = 10_000, 1000
	for _, versions := range [][2]mqtt.Version{{mqtt.V311, mqtt.V5}, {mqtt.V5, mqtt.V311}, {mqtt.V5, mqtt.V5}, {mqtt.V311, mqtt.V311}} {
		name := "Regression12 a restart with 10,000 stored messages, " + versions[0].String() + " then " + versions[1].String()
		bubble(t, name+": sent again at once, in order, valid for the version, paced by the window", func(t *testing.T) {
			store := mqtt.NewMemoryStore()
			s := idle(t, stored(versions[0], store))
			for i := range all {
				s.async(mqtt.QoS(1+i%2), numbered(i))
			}
			conn := s.connect()
			var ids []uint16
			for i := range window {
				p := mqtttest.Expect[*codec.Publish](t, conn)
				require.Equal(t, numbered(i), string(p.Payload))
				ids = append(ids, p.PacketID)
			}
			s = s.heir(store)
			s.client.Close(over())
			<-s.client.Done()
			cfg := s.cfg
			cfg.Version = versions[1]
			s = idle(t, cfg)
			require.Equal(t, all, s.client.Stats().Out.InFlight+s.client.Stats().Out.Queued)
			start := time.Now()
			conn = s.connected(true)
			for i := range window {
				p := mqtttest.Expect[*codec.Publish](t, conn)
				require.Equal(t, numbered(i), string(p.Payload))
				require.True(t, p.Dup)
				require.Equal(t, ids[i], p.PacketID)
			}
			quiet(t, conn)
			began := time.Now()
			for i := range window {
				finish(t, conn, &codec.Publish{PacketID: ids[i], QoS: codec.QoS(1 + i%2)})
				p := expectPayload(t, conn, numbered(window+i))
				require.False(t, p.Dup)
			}
			require.Equal(t, began, time.Now(), "at once")
			require.Less(t, began.Sub(start), 2*time.Second)
		})
	}
}
