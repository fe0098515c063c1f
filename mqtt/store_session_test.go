package mqtt_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestStoreSubscriptions(t *testing.T) {
	both(t, "Contract9 what was wanted before a crash is asked for again when the session is lost, and only then", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		s.subscribe(conn, "a/+", mqtt.ExactlyOnce)
		s.subscribe(conn, "gone", mqtt.AtMostOnce)
		s.stream(conn, "b")
		unsub := later(func() error { return s.client.Unsubscribe(soon(t), "gone") })
		release(t, conn, codec.Success)
		require.NoError(t, <-unsub)
		synctest.Wait()
		s, d = s.reborn(d)
		conn = s.connected(true)
		quiet(t, conn)
		s, d = s.reborn(d)
		conn = s.connected(false)
		asked := grantAll(t, conn, codec.GrantedQoS2, codec.GrantedQoS2)
		require.Equal(t, []string{"a/+", "b"}, []string{asked[0].Filter, asked[1].Filter})
		require.EqualValues(t, 2, asked[0].QoS)
		quiet(t, conn)
		synctest.Wait()
		s, _ = s.reborn(d)
		quiet(t, s.connected(true))
	})
	both(t, "Contract9 SUBACK had not come before the crash: asked for again", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1})
		mqtttest.Expect[*codec.Subscribe](t, conn)
		synctest.Wait()
		s, _ = s.reborn(d)
		conn = s.connected(true)
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
	})
	both(t, "Contract9 a refused filter isn't wanted by the next process either", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		sub := s.subscribing(mqtt.Subscription{Filter: "a", QoS: 1})
		grant(t, conn, codec.UnspecifiedError)
		require.Error(t, (<-sub).err)
		noRecords(t, d, "s")
	})
	both(t, "Contract9 what a former process wanted is Unsubscribe's to end, and a stream's that declares it", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		s.subscribe(conn, "a", mqtt.AtMostOnce)
		s.stream(conn, "b")
		synctest.Wait()
		s, d = s.reborn(d)
		conn = s.connected(true)
		unsub := later(func() error { return s.client.Unsubscribe(soon(t), "a") })
		require.Equal(t, []string{"a"}, release(t, conn, codec.Success).Filters)
		require.NoError(t, <-unsub)
		stream, _ := s.stream(conn, "b")
		done := later(func() error { return stream.Close(soon(t)) })
		require.Equal(t, []string{"b"}, release(t, conn, codec.Success).Filters)
		require.NoError(t, <-done)
		noRecords(t, d, "s")
	})
	bubble(t, "Contract10 identifiers that the server has from a former process keep their meaning", func(t *testing.T) {
		d := newDisk()
		s, conn := up(t, stored(mqtt.V5, d))
		id := func(filter string) uint32 {
			s.declare(filter)
			return grant(t, conn).Properties.SubscriptionIdentifier
		}
		a := id("a/+")
		synctest.Wait()
		s, _ = s.reborn(d)
		other := s.declare("+/b")
		conn = s.connected(true)
		b := grant(t, conn).Properties.SubscriptionIdentifier
		require.NotEqual(t, a, b)
		p := incoming(0, 0, "for a/+ alone")
		p.Properties = &codec.PublishProperties{SubscriptionIdentifiers: []uint32{a}}
		send(t, conn, p)
		require.Equal(t, "for a/+ alone", string((<-s.client.Messages()).Payload))
		nothing(t, other.Messages())
	})
	bubble(t, "Contract10 and so do those that the user gave", func(t *testing.T) {
		d := newDisk()
		s, conn := up(t, stored(mqtt.V5, d))
		s.subscribing(mqtt.Subscription{Filter: "a/+", Identifier: 5})
		grant(t, conn)
		synctest.Wait()
		s, _ = s.reborn(d)
		other := s.declare("+/b")
		messages := s.client.Messages()
		conn = s.connected(true)
		grant(t, conn)
		send(t, conn, bearing(incoming(0, 0, "for a/+ alone"), 5))
		require.Equal(t, "for a/+ alone", string(take(t, messages).Payload))
		nothing(t, other.Messages())
	})
	bubble(t, "User Properties and options are kept", func(t *testing.T) {
		d := newDisk()
		s, conn := up(t, stored(mqtt.V5, d))
		sub := mqtt.Subscription{Filter: "a", QoS: 1, NoLocal: true, RetainAsPublished: true, RetainHandling: mqtt.RetainHandling(2),
			Identifier: 5, UserProperties: []mqtt.UserProperty{{Key: "k", Value: "v"}, {Key: "k", Value: ""}}}
		s.subscribing(sub)
		first := grant(t, conn)
		synctest.Wait()
		s, _ = s.reborn(d)
		conn = s.connected(false)
		second := grant(t, conn)
		second.PacketID = first.PacketID
		require.Equal(t, first, second)
	})
}

func TestStoreOfAnEarlierForm(t *testing.T) {
	bubble(t, "a message in the first form, which had no flags, is sent", func(t *testing.T) {
		d := newDisk()
		s := idle(t, stored(mqtt.V5, d))
		s.async(mqtt.AtLeastOnce, "old")
		synctest.Wait()
		s, d = s.reborn(d)
		s.client.Abort()
		d = d.crash()
		for key, value := range d.records {
			if key[0] == 'm' {
				d.records[key] = append([]byte{1}, value[2:]...)
			}
		}
		s.cfg.Store = d
		expectPayload(t, idle(t, s.cfg).connected(false), "old")
	})
}

func TestStoreIsRefused(t *testing.T) {
	refused := func(t *testing.T, cfg mqtt.Config, words string) error {
		_, err := mqtt.New(cfg)
		require.ErrorContains(t, err, words)
		return err
	}
	broken := func(change func(map[string][]byte)) *disk {
		var d *disk
		synctest.Test(t, func(t *testing.T) {
			d = newDisk()
			s, conn := up(t, stored(mqtt.V5, d))
			s.inFlight(conn, mqtt.ExactlyOnce, "m")
			send(t, conn, incoming(2, 7, "m"))
			s.subscribe(conn, "a", mqtt.AtMostOnce)
			<-s.client.Messages()
			synctest.Wait()
			d = d.crash()
		})
		change(d.records)
		return d
	}
	t.Run("by another client", func(t *testing.T) {
		d := newDisk()
		c, err := mqtt.New(stored(mqtt.V5, d))
		require.NoError(t, err)
		require.ErrorIs(t, refused(t, stored(mqtt.V5, d), "in use"), mqtt.ErrStoreInUse)
		require.NoError(t, c.Abort())
		c, err = mqtt.New(stored(mqtt.V5, d))
		require.NoError(t, err)
		require.NoError(t, c.Abort())
	})
	t.Run("with another ClientID", func(t *testing.T) {
		cfg := stored(mqtt.V5, broken(func(map[string][]byte) {}))
		cfg.ClientID = "another"
		refused(t, cfg, `client identifier "c"`)
		require.False(t, cfg.Store.(*disk).taken)
	})
	t.Run("without a ClientID, and with a session that ends", func(t *testing.T) {
		refused(t, mqtt.Config{Store: newDisk()}, "Config.ClientID")
		refused(t, mqtt.Config{Store: newDisk(), ClientID: "c", Session: mqtt.SessionConnection}, "Config.Session")
	})
	t.Run("each record that is cut, changed or gone", func(t *testing.T) {
		kinds := map[byte]bool{}
		for key, value := range broken(func(map[string][]byte) {}).records {
			kinds[key[0]] = true
			for n := range value {
				if key[0] == 'c' && n > 0 || key[0] == 'm' && n > 10 || key[0] == 's' && n == 0 {
					continue // another text of the same form
				}
				cut := broken(func(r map[string][]byte) { r[key] = value[:n] })
				err := refused(t, stored(mqtt.V5, cut), "store: ")
				failure, ok := errors.AsType[*mqtt.StoreError](err)
				require.True(t, ok)
				require.NotNil(t, failure.Err)
			}
			newer := broken(func(r map[string][]byte) { r[key][0] = 99 })
			refused(t, stored(mqtt.V5, newer), "has form 99")
		}
		require.Len(t, kinds, 5)
		refused(t, stored(mqtt.V5, broken(func(r map[string][]byte) { r["?"] = []byte{1} })), "3f")
		refused(t, stored(mqtt.V5, broken(func(r map[string][]byte) {
			for key := range r {
				if strings.HasPrefix(key, "m") {
					delete(r, key)
				}
			}
		})), "is gone")
	})
}

func TestLatestOnly(t *testing.T) {
	both(t, "a newer message takes the place of one that waits, topic by topic", func(t *testing.T, v mqtt.Version) {
		s := idle(t, mqtt.Config{Version: v, LatestOnly: true})
		publish := func(topic, payload string, q mqtt.QoS) *mqtt.Delivery {
			return s.asyncMessage(mqtt.Message{Topic: topic, Payload: []byte(payload), QoS: q})
		}
		a1, b1 := publish("a", "a1", 1), publish("b", "b1", 2)
		a2 := publish("a", "a2", 0)
		a3 := publish("a", "a3", 1)
		for _, d := range []*mqtt.Delivery{a1, a2} {
			err := outcomeOf(t, d)
			requireOnly(t, err, mqtt.ErrNotSent)
			require.ErrorIs(t, err, mqtt.ErrSuperseded)
		}
		conn := s.connect()
		expectPayload(t, conn, "b1")
		expectPayload(t, conn, "a3")
		openDelivery(t, a3)
		a4 := publish("a", "a4", 1) // a3 has left
		expectPayload(t, conn, "a4")
		openDelivery(t, a3)
		openDelivery(t, a4)
		openDelivery(t, b1)
	})
	both(t, "what is superseded is gone from the store, too", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		cfg := stored(v, d)
		cfg.LatestOnly = true
		s := idle(t, cfg)
		for i := range 5 {
			del := s.async(mqtt.AtLeastOnce, numbered(i))
			<-del.Stored()
		}
		time.Sleep(time.Millisecond)
		require.Equal(t, 1, d.count("m"))
		s, _ = s.reborn(d)
		conn := s.connected(false)
		expectPayload(t, conn, "m4")
		quiet(t, conn)
	})
}
