package mqtt_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sluicemq/sluice/mqtt"
	"github.com/sluicemq/sluice/mqtt/codec"
	"github.com/sluicemq/sluice/mqtt/mqtttest"
)

func TestStoreReceive(t *testing.T) {
	both(t, "Contract11 AckOnTake at QoS 2: known as taken before it is handed out, so never twice", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		messages := s.client.Messages()
		synctest.Wait()
		gate := d.slow()
		send(t, conn, incoming(2, 7, "m"))
		synctest.Wait()
		select {
		case <-messages:
			t.Fatal("handed out before it was known")
		default:
		}
		close(gate)
		require.Equal(t, "m", string((<-messages).Payload))
		expectNow[*codec.PubRec](t, conn)
		s, d = s.reborn(d)
		messages = s.client.Messages()
		conn = s.connected(true)
		send(t, conn, again(incoming(2, 7, "m")))
		expectNow[*codec.PubRec](t, conn)
		send(t, conn, &codec.PubRel{PacketID: 7})
		require.Zero(t, expectNow[*codec.PubComp](t, conn).Code)
		nothing(t, messages)
		noRecords(t, d, "r")
		send(t, conn, incoming(2, 7, "new")) // the identifier is free
		require.Equal(t, "new", string((<-messages).Payload))
	})
	both(t, "Contract11 taken, and the crash came before PUBREC: missing once, by the one write that covered it, and not doubled", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		s.client.Messages()
		send(t, conn, incoming(2, 7, "m"))
		synctest.Wait()
		s, _ = s.reborn(d)
		messages := s.client.Messages()
		conn = s.connected(true)
		send(t, conn, again(incoming(2, 7, "m")))
		expectNow[*codec.PubRec](t, conn)
		nothing(t, messages)
	})
	both(t, "Contract11 by hand at QoS 2: what was not acknowledged is handed out again, with Redelivered", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		cfg := stored(v, d)
		cfg.Ack = mqtt.AckManual
		s, conn := up(t, cfg)
		messages := s.client.Messages()
		send(t, conn, incoming(2, 7, "one"), incoming(2, 8, "two"), incoming(2, 9, "three"))
		for range 2 {
			require.False(t, (<-messages).Redelivered)
		}
		synctest.Wait()
		s, d = s.reborn(d)
		messages = s.client.Messages()
		conn = s.connected(true)
		send(t, conn, again(incoming(2, 7, "one")), again(incoming(2, 8, "two")), again(incoming(2, 9, "three")), incoming(2, 10, "four"))
		for _, want := range []string{"one", "two", "three", "four"} {
			m := <-messages
			require.Equal(t, want, string(m.Payload))
			require.Equal(t, want != "four", m.Redelivered || want == "three", want)
			require.NoError(t, m.Ack())
			expectNow[*codec.PubRec](t, conn)
		}
		s, d = s.reborn(d)
		messages = s.client.Messages()
		conn = s.connected(true)
		for id := uint16(7); id <= 10; id++ {
			send(t, conn, again(incoming(2, id, "x")))
			expectNow[*codec.PubRec](t, conn)
			send(t, conn, &codec.PubRel{PacketID: id})
			expectNow[*codec.PubComp](t, conn)
		}
		nothing(t, messages)
		noRecords(t, d, "r")
	})
	both(t, "Contract11 what the server sends first under an identifier of a former process is no repetition", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		cfg := stored(v, d)
		cfg.Ack = mqtt.AckManual
		s, conn := up(t, cfg)
		messages := s.client.Messages()
		send(t, conn, incoming(2, 7, "m"))
		<-messages
		synctest.Wait()
		s, d = s.reborn(d)
		conn = s.connected(true)
		send(t, conn, incoming(2, 7, "another"))
		m := <-s.client.Messages()
		require.False(t, m.Redelivered)
		require.NoError(t, m.Ack())
		expectNow[*codec.PubRec](t, conn)
		send(t, conn, &codec.PubRel{PacketID: 7})
		expectNow[*codec.PubComp](t, conn)
		noRecords(t, d, "r")
	})
	both(t, "Contract11 by hand: PUBREC leaves when it is known as taken", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		cfg := stored(v, d)
		cfg.Ack = mqtt.AckManual
		s, conn := up(t, cfg)
		messages := s.client.Messages()
		send(t, conn, incoming(2, 7, "m"), incoming(1, 8, "n"))
		m, n := <-messages, <-messages
		synctest.Wait()
		gate := d.slow()
		require.NoError(t, m.Ack())
		require.NoError(t, n.Ack())
		quiet(t, conn)
		gate <- struct{}{}
		expectNow[*codec.PubRec](t, conn)
		expectNow[*codec.PubAck](t, conn) // in the order of arrival
		send(t, conn, &codec.PubRel{PacketID: 7})
		quiet(t, conn)
		gate <- struct{}{}
		expectNow[*codec.PubComp](t, conn) // the identifier is free with the server: here it is, too
		close(gate)
	})
	both(t, "Contract11 All: a crash in the loop's body hands it out again", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		inBody, goOn := make(chan *mqtt.Received), make(chan struct{})
		loop := func(c *mqtt.Client) {
			for m := range c.All(soon(t)) {
				inBody <- m
				<-goOn
			}
		}
		go loop(s.client)
		synctest.Wait()
		send(t, conn, incoming(2, 7, "m"))
		require.False(t, (<-inBody).Redelivered)
		synctest.Wait()
		s2, d := s.reborn(d)
		goOn <- struct{}{}
		go loop(s2.client)
		synctest.Wait()
		conn = s2.connected(true)
		send(t, conn, again(incoming(2, 7, "m")))
		require.True(t, (<-inBody).Redelivered)
		quiet(t, conn)
		goOn <- struct{}{}
		expectNow[*codec.PubRec](t, conn)
		s2.client.Abort()
		_ = d
	})
	both(t, "Contract11 All alone: what nobody has taken yet isn't known as taken, before the first loop and between two", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s := idle(t, stored(v, d))
		stream := s.declare("a/b")
		one := func() *mqtt.Received {
			for m := range stream.All(soon(t)) {
				m.Ack()
				return m
			}
			return nil
		}
		conn := s.connected(true)
		grant(t, conn)
		send(t, conn, incoming(2, 7, "one"), incoming(2, 8, "two"))
		synctest.Wait()
		s, d = s.reborn(d)
		stream = s.declare("a/b")
		conn = s.connected(true)
		grant(t, conn)
		send(t, conn, again(incoming(2, 7, "one")), again(incoming(2, 8, "two")))
		require.Equal(t, "one", string(one().Payload))
		expectNow[*codec.PubRec](t, conn)
		synctest.Wait()
		s, _ = s.reborn(d)
		stream = s.declare("a/b")
		conn = s.connected(true)
		grant(t, conn)
		send(t, conn, again(incoming(2, 7, "one")), again(incoming(2, 8, "two")))
		require.Equal(t, "two", string(one().Payload))
	})
	both(t, "Contract11 who asks for Messages later has what waits, known as taken before", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s := idle(t, stored(v, d))
		stream := s.declare("a/b")
		conn := s.connected(true)
		grant(t, conn)
		send(t, conn, incoming(2, 7, "one"), incoming(2, 8, "two"))
		synctest.Wait()
		gate := d.slow()
		messages := stream.Messages()
		empty(t, messages)
		close(gate)
		require.Equal(t, "one", string((<-messages).Payload))
		require.Equal(t, "two", string((<-stream.Messages()).Payload))
		expectNow[*codec.PubRec](t, conn)
		expectNow[*codec.PubRec](t, conn)
	})
	both(t, "Contract11 a loop over All beside Messages: what goes to the loop isn't known as taken", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		s.client.Messages()
		send(t, conn, incoming(2, 7, "m"), incoming(2, 8, "n"))
		synctest.Wait() // known as taken, for Messages
		for m := range s.client.All(soon(t)) {
			require.Equal(t, "m", string(m.Payload))
			synctest.Wait()
			require.Equal(t, byte(1), d.records["r\x00\x07"][1], "handed out, not taken")
			break
		}
		m := <-s.client.Messages()
		require.Equal(t, "m", string(m.Payload))
		require.True(t, m.Redelivered)
		require.Equal(t, "n", string((<-s.client.Messages()).Payload))
		expectNow[*codec.PubRec](t, conn)
		expectNow[*codec.PubRec](t, conn)
	})
	for name, end := range map[string]func(*scene, *mqtttest.Conn){
		"Close": func(s *scene, conn *mqtttest.Conn) { s.client.Close(soon(s.T)) },
		"Abort": func(s *scene, conn *mqtttest.Conn) { s.client.Abort() },
		"an end for good": func(s *scene, conn *mqtttest.Conn) {
			send(s.T, conn, &codec.Disconnect{Code: codec.SessionTakenOver})
			<-s.client.Done()
		},
	} {
		bubble(t, "Contract18 what was not taken before "+name+" comes again", func(t *testing.T) {
			d := newDisk()
			s, conn := up(t, stored(mqtt.V5, d))
			messages := s.client.Messages()
			send(t, conn, incoming(2, 7, "taken"), incoming(2, 8, "waits"), incoming(2, 9, "waits too"))
			<-messages
			synctest.Wait()
			end(s, conn)
			<-s.client.Done()
			s = idle(t, s.cfg)
			messages = s.client.Messages()
			conn = s.connected(true)
			send(t, conn, again(incoming(2, 7, "taken")), again(incoming(2, 8, "waits")), again(incoming(2, 9, "waits too")))
			for _, want := range []string{"waits", "waits too"} {
				m := <-messages
				require.Equal(t, want, string(m.Payload))
				require.False(t, m.Redelivered)
			}
			for range 3 {
				expectNow[*codec.PubRec](t, conn)
			}
		})
	}
	both(t, "B231 the session is lost: what the store knew of identifiers is void", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		messages := s.client.Messages()
		send(t, conn, incoming(2, 7, "m"))
		<-messages
		synctest.Wait()
		s, d = s.reborn(d)
		messages = s.client.Messages()
		conn = s.connected(false)
		noRecords(t, d, "r")
		send(t, conn, incoming(2, 7, "another"))
		require.Equal(t, "another", string((<-messages).Payload))
	})
	both(t, "B143 the store fails on incoming QoS 2: no PUBREC, the connection ends, and it goes on when the store does", func(t *testing.T, v mqtt.Version) {
		d := newDisk()
		s, conn := up(t, stored(v, d))
		messages := s.client.Messages()
		synctest.Wait()
		full := errors.New("disk full")
		d.fail(full)
		send(t, conn, incoming(2, 7, "m"))
		if v == mqtt.V5 {
			expectNow[*codec.Disconnect](t, conn)
		}
		conn.ExpectClosed(t)
		nothing(t, messages)
		require.ErrorIs(t, s.client.Stats().Link.LastError, full)
		d.fail(nil)
		conn = s.resume()
		send(t, conn, again(incoming(2, 7, "m")))
		require.Equal(t, "m", string((<-messages).Payload))
		mqtttest.Expect[*codec.PubRec](t, conn)
	})
	both(t, "Contract13 a refusal leaves nothing in the store", func(t *testing.T, v mqtt.Version) {
		if v != mqtt.V5 {
			return
		}
		d := newDisk()
		cfg := stored(v, d)
		cfg.Ack = mqtt.AckManual
		s, conn := up(t, cfg)
		send(t, conn, incoming(2, 7, "m"))
		require.NoError(t, (<-s.client.Messages()).Reject(codec.UnspecifiedError, ""))
		require.Equal(t, codec.UnspecifiedError, expectNow[*codec.PubRec](t, conn).Code)
		noRecords(t, d, "r")
	})
}

// again is a packet sent once more.
func again(p *codec.Publish) *codec.Publish {
	p.Dup = true
	return p
}

// nothing fails the test when a message comes.
func nothing(t *testing.T, messages <-chan *mqtt.Received) {
	t.Helper()
	synctest.Wait()
	select {
	case m, open := <-messages:
		if open {
			t.Fatalf("%q came", m.Payload)
		}
	case <-time.After(time.Millisecond):
	}
}
