package mqtt_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

// bereaved is a client that wants filter a and has taken QoS 2 message 7, whose next process has died as soon as its server had
// told it that the session is lost; and the process after that, which is told that there is a session.
func bereaved(t *testing.T, v mqtt.Version, change ...func(*mqtt.Config)) (*scene, *mqtttest.Conn, *disk) {
	d := newDisk()
	cfg := stored(v, d)
	for _, f := range change {
		f(&cfg)
	}
	s, conn := up(t, cfg)
	s.subscribe(conn, "a", mqtt.ExactlyOnce)
	send(t, conn, incoming(2, 7, "old"))
	take(t, s.client.Messages())
	expectNow[*codec.PubRec](t, conn)
	synctest.Wait()
	s, d = s.reborn(d)
	synctest.Wait()
	gate := d.slow()
	done := s.connecting()
	gate <- struct{}{} // what is to be known before CONNECT
	conn = s.accept(codec.ConnAck{})
	require.NoError(t, <-done)
	quiet(t, conn) // what follows from it is not known
	s, d = s.reborn(d)
	return s, s.connected(true), d
}

// silent says that nothing has come yet.
func silent(t *testing.T, conn *mqtttest.Conn) {
	t.Helper()
	now, stop := context.WithTimeout(t.Context(), 0)
	defer stop()
	_, err := conn.Read(now)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestStoreDoubt(t *testing.T) {
	both(t, "Contract9 died before it had noted that the session is lost: all is asked for again", func(t *testing.T, v mqtt.Version) {
		s, conn, d := bereaved(t, v)
		expectNow[*codec.PingReq](t, conn)
		quiet(t, conn) // what the old session has to send again comes first
		send(t, conn, new(codec.PingResp))
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		noRecords(t, d, "dr")
		send(t, conn, incoming(2, 7, "new")) // it is the first with this identifier
		require.Equal(t, "new", string(take(t, s.client.Messages()).Payload))
		expectNow[*codec.PubRec](t, conn)
		send(t, conn, again(incoming(2, 7, "new")))
		expectNow[*codec.PubRec](t, conn)
		empty(t, s.client.Messages())
		send(t, conn, &codec.PubRel{PacketID: 7})
		require.Zero(t, expectNow[*codec.PubComp](t, conn).Code)
		noRecords(t, d, "dr")
		s, _ = s.reborn(d)
		quiet(t, s.connected(true))
	})
	both(t, "Contract11 and what it sends again of the old one is not handed out again", func(t *testing.T, v mqtt.Version) {
		s, conn, d := bereaved(t, v)
		expectNow[*codec.PingReq](t, conn)
		send(t, conn, again(incoming(2, 7, "old")), new(codec.PingResp))
		require.IsType(t, new(codec.PubRec), expectNow[codec.Packet](t, conn))
		grant(t, conn)
		empty(t, s.client.Messages())
		noRecords(t, d, "d")
		require.Equal(t, 1, d.count("r"))
		send(t, conn, &codec.PubRel{PacketID: 7})
		require.Zero(t, expectNow[*codec.PubComp](t, conn).Code)
		noRecords(t, d, "r")
	})
	both(t, "the doubt lasts until the server has shown what it has", func(t *testing.T, v mqtt.Version) {
		s, conn, d := bereaved(t, v)
		expectNow[*codec.PingReq](t, conn)
		s, d = s.reborn(d)
		conn = s.connected(true)
		expectNow[*codec.PingReq](t, conn)
		conn.Close()
		conn = s.accept(codec.ConnAck{SessionPresent: true})
		expectNow[*codec.PingReq](t, conn)
		conn.Close()
		conn = s.accept(codec.ConnAck{})
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		noRecords(t, d, "dr")
		send(t, conn, incoming(2, 7, "new"))
		require.Equal(t, "new", string(take(t, s.client.Messages()).Payload))
	})
	both(t, "Contract9 and asked for once more when the answer didn't come before the next crash", func(t *testing.T, v mqtt.Version) {
		s, conn, d := bereaved(t, v)
		expectNow[*codec.PingReq](t, conn)
		send(t, conn, new(codec.PingResp))
		expectNow[*codec.Subscribe](t, conn)
		noRecords(t, d, "d")
		s, _ = s.reborn(d)
		require.Equal(t, []string{"a"}, filtersOf(grant(t, s.connected(true))))
	})
	both(t, "Contract12 nor does it last because the application waits for its subscription before it takes", func(t *testing.T, v mqtt.Version) {
		s, conn, _ := bereaved(t, v)
		expectNow[*codec.PingReq](t, conn)
		sub := s.subscribing(mqtt.Subscription{Filter: "b"})
		for i := range 5000 {
			reply(t, conn, incoming(0, 0, numbered(i)))
		}
		reply(t, conn, new(codec.PingResp))
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		require.Equal(t, []string{"b"}, filtersOf(grant(t, conn)))
		require.NoError(t, (<-sub).err)
	})
	both(t, "Contract9 also where all else waits for the filters", func(t *testing.T, v mqtt.Version) {
		s, conn, _ := bereaved(t, v, func(c *mqtt.Config) { c.AwaitResubscribe = true })
		expectNow[*codec.PingReq](t, conn)
		s.async(mqtt.AtLeastOnce, "m")
		quiet(t, conn)
		send(t, conn, new(codec.PingResp))
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		reply(t, conn, &codec.PubAck{PacketID: expectPayload(t, conn, "m").PacketID})
	})
	for _, await := range []bool{false, true} {
		both(t, fmt.Sprintf("Close doesn't wait for what ends it, AwaitResubscribe %t", await), func(t *testing.T, v mqtt.Version) {
			s, conn, d := bereaved(t, v, func(c *mqtt.Config) { c.AwaitResubscribe = await })
			expectNow[*codec.PingReq](t, conn)
			sub := s.subscribing(mqtt.Subscription{Filter: "b"})
			m := s.async(mqtt.AtLeastOnce, "m")
			settled()
			closed := later(func() error { return s.client.Close(t.Context()) })
			requireOnly(t, (<-sub).err, mqtt.ErrNotSent)
			reply(t, conn, new(codec.PingResp), &codec.PubAck{PacketID: expectPayload(t, conn, "m").PacketID})
			require.NoError(t, outcomeOf(t, m))
			expectNow[*codec.Disconnect](t, conn)
			conn.Close()
			require.NoError(t, <-closed)
			s, _ = s.reborn(d)
			conn = s.connected(true)
			expectNow[*codec.PingReq](t, conn)
			send(t, conn, again(incoming(2, 7, "old")), new(codec.PingResp))
			require.IsType(t, new(codec.PubRec), expectNow[codec.Packet](t, conn))
			require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
			empty(t, s.client.Messages())
		})
	}
	both(t, "nor on a connection that comes while it waits", func(t *testing.T, v mqtt.Version) {
		s, conn, _ := bereaved(t, v, func(c *mqtt.Config) { c.AwaitResubscribe = true })
		expectNow[*codec.PingReq](t, conn)
		s.async(mqtt.AtLeastOnce, "m")
		conn.Close()
		settled()
		closed := later(func() error { return s.client.Close(t.Context()) })
		conn = s.resume()
		expectNow[*codec.PingReq](t, conn)
		reply(t, conn, &codec.PubAck{PacketID: expectPayload(t, conn, "m").PacketID})
		expectNow[*codec.Disconnect](t, conn)
		conn.Close()
		require.NoError(t, <-closed)
	})
	both(t, "nothing is subscribed in a new session before the store has forgotten the old one", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		s.subscribe(conn, "a", mqtt.ExactlyOnce)
		synctest.Wait()
		s, d = s.reborn(d)
		synctest.Wait()
		gate := d.slow()
		done := s.connecting()
		synctest.Wait()
		gate <- struct{}{}
		conn = s.accept(codec.ConnAck{})
		require.NoError(t, <-done)
		later := s.subscribing(mqtt.Subscription{Filter: "b"})
		quiet(t, conn)
		close(gate)
		require.Equal(t, []string{"a"}, filtersOf(grant(t, conn)))
		require.Equal(t, []string{"b"}, filtersOf(grant(t, conn)))
		require.NoError(t, (<-later).err)
	})
	both(t, "no CONNECT leaves when the client ends while it waits for the store", func(t *testing.T, v mqtt.Version) {
		for range 100 {
			s := idle(t, stored(v, func() *disk { d := newDisk(); d.slow(); return d }()))
			done := s.connecting()
			conn := s.dialled()
			synctest.Wait()
			s.client.Abort()
			require.Error(t, <-done)
			packet, err := conn.Read(soon(t))
			require.Error(t, err, "%v", packet)
		}
	})
	both(t, "CONNECT waits for the store, but not for one that hangs or fails", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s := idle(t, stored(v, d))
		synctest.Wait()
		gate := d.slow()
		s.async(mqtt.AtLeastOnce, "m")
		synctest.Wait()
		done := s.connecting()
		conn := s.dialled()
		gate <- struct{}{} // the message alone
		elapse(time.Second - time.Millisecond)
		silent(t, conn)
		elapse(time.Millisecond)
		conn.Handshake(t)
		require.NoError(t, <-done)
		close(gate)
		reply(t, conn, &codec.PubAck{PacketID: expectPayload(t, conn, "m").PacketID})
		noRecords(t, d, "dmn")
		s, d = s.reborn(d)
		d.fail(errDead)
		start := time.Now()
		conn = s.connected(false)
		later := s.subscribing(mqtt.Subscription{Filter: "b"})
		require.Equal(t, []string{"b"}, filtersOf(grant(t, conn)))
		require.NoError(t, (<-later).err)
		require.LessOrEqual(t, time.Since(start), 2*time.Second)
	})
}

// TestForgottenSessions has the server forget a consumer's session again and again while no process is there, and each process
// die at a random moment around its CONNECT. What the server was told to be received was handed out, or, when taking is all
// that acknowledges, was so when the crash came; and in the end the consumer is subscribed.
func TestForgottenSessions(t *testing.T) {
	seed := uint64(number(t, "SLUICE_SEED", int(time.Now().UnixNano()%1_000_000)))
	crashes := number(t, "SLUICE_CRASHES", 20)
	for _, mode := range []taking{onTake, byHand} {
		both(t, string(mode), func(t *testing.T, v mqtt.Version) {
			t.Logf("SLUICE_SEED=%d SLUICE_CRASHES=%d", seed, crashes)
			forget(t, v, mode, crashes, seed)
		})
	}
}

func forget(t *testing.T, v mqtt.Version, mode taking, crashes int, seed uint64) {
	c := &village{T: t, chaos: chaos{r: rand.New(rand.NewPCG(seed, uint64(v)))}, versions: []mqtt.Version{v}, mode: mode,
		took: make(map[int]int), again: make(map[int]int)}
	c.broker = mqtttest.NewBroker(mqtttest.BrokerConfig{})
	defer c.broker.Close()
	receipts := c.receipts()
	calm, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		c.feed(calm)
	}()
	d := newDisk()
	d.lag = func() time.Duration { return time.Duration(c.int(4)) * time.Millisecond }
	for range crashes * 5 {
		client, stop := c.begins(d)
		elapse(time.Duration(c.int(1+c.int(80))) * time.Millisecond)
		d = d.crash()
		client.Abort()
		stop()
		c.tenants.Wait()
		if c.int(3) == 0 {
			c.forgets()
		}
	}
	client, stop := c.begins(d)
	elapse(time.Second)
	c.mu.Lock()
	firm := c.next
	c.mu.Unlock()
	elapse(time.Minute)
	close(calm)
	<-done
	elapse(time.Minute)
	require.NoError(t, client.Close(t.Context()))
	stop()
	c.tenants.Wait()
	lost := 0
	for n := range c.next {
		got := c.took[n] + c.again[n]
		switch {
		case n >= firm:
			require.Equal(t, 1, got, "number %d of %d from %d on; acknowledged: %t", n, c.next, firm, receipts(n))
		case receipts(n) && got == 0:
			require.Equal(t, onTake, mode, "number %d was acknowledged, and not handed out", n)
			lost++
		}
	}
	t.Logf("%d numbers, %d acknowledged and taken by nobody", c.next, lost)
	require.LessOrEqual(t, lost, crashes*5, "no more than one a crash: they come slowly")
}

// begins is a process of the consumer.
func (c *village) begins(d *disk) (client *mqtt.Client, stop func()) {
	client, err := mqtt.New(c.consumer(d))
	require.NoError(c, err)
	ctx, stop := context.WithCancel(context.Background())
	c.tenants.Go(func() { client.Connect(ctx) })
	c.tenants.Go(func() { c.consume(ctx, client) })
	if len(c.broker.Subscriptions("consumer")) == 0 && d.count("s") == 0 {
		c.tenants.Go(func() { client.Subscribe(ctx, mqtt.Subscription{Filter: "#", QoS: mqtt.ExactlyOnce}) })
	}
	return client, stop
}

// forgets ends the consumer's session on the server.
func (c *village) forgets() {
	client, err := mqtt.New(mqtt.Config{Version: c.versions[0], ClientID: "consumer", Session: mqtt.SessionConnection, Dialer: c.broker})
	require.NoError(c, err)
	require.NoError(c, client.Connect(c.Context()))
	require.NoError(c, client.Close(c.Context()))
}

// feed publishes numbers until it is calm.
func (c *village) feed(calm <-chan struct{}) {
	for !closed(calm) {
		c.mu.Lock()
		n := c.next
		c.next++
		c.mu.Unlock()
		c.broker.Publish(codec.Publish{Topic: "t", QoS: codec.ExactlyOnce, Payload: []byte(strconv.Itoa(n))})
		elapse(time.Duration(c.int(40)) * time.Millisecond)
	}
}

// receipts notes for which numbers the consumer has sent PUBREC.
func (c *village) receipts() func(n int) bool {
	out, received := make(map[uint16]int), make(map[int]bool)
	c.broker.OnPacket(func(id string, from codec.Side, p codec.Packet) mqtttest.Action {
		switch p := p.(type) {
		case *codec.Publish:
			if n := 0; from == codec.FromServer {
				if _, err := fmt.Sscan(string(p.Payload), &n); err == nil {
					out[p.PacketID] = n
				}
			}
		case *codec.PubRec:
			if from == codec.FromClient {
				received[out[p.PacketID]] = true
			}
		}
		return mqtttest.ActionPass
	})
	return func(n int) bool { return received[n] }
}
