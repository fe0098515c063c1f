package main

import (
	"net"
	"strings"
	"testing"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// The server notices what doesn't arrive, and what arrives in another order.
func TestWhatIsMissingOrOutOfOrderIsNoticed(t *testing.T) {
	address := local(t)
	for _, c := range []struct {
		name      string
		sequences []int
		complaint string
	}{
		{"in order", []int{0, 1, 2, 3}, ""},
		{"swapped", []int{0, 2, 1, 3}, "3 of 4 messages came out of order"},
		{"twice", []int{0, 1, 1, 2}, "1 of 4 messages came out of order"},
		{"not from 0", []int{1, 2, 3, 4}, "1 of 4 messages came out of order"},
		{"one too few", []int{0, 1, 2}, "the server got 3 messages of 4"},
		{"one too many", []int{0, 1, 2, 3, 4}, "the server got 5 messages of 4"},
	} {
		for _, version := range []int{4, 5} {
			for qos := range 3 {
				o := order{Work: "publish", Address: address, Client: c.name + string(rune('0'+3*version+qos)), Version: version, QoS: qos, N: 4, Size: 16}
				publishAs(t, o, c.sequences)
				err := verify(o)
				if c.complaint == "" && err != nil || c.complaint != "" && (err == nil || !strings.Contains(err.Error(), c.complaint)) {
					t.Errorf("%s, QoS %d, version %d: %v, want %q", c.name, qos, version, err, c.complaint)
				}
			}
		}
	}
}

// publishAs publishes messages with these sequences, and returns when they have arrived.
func publishAs(t *testing.T, o order, sequences []int) {
	t.Helper()
	conn, err := limit{}.connect(o.Address, o.Client, o.Version, true)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range sequences {
		payload := o.payload(0)
		number(payload, uint64(s))
		p := &codec.Publish{Topic: measured, QoS: codec.QoS(o.QoS), Payload: payload}
		if o.QoS > 0 {
			p.PacketID = uint16(s + 1)
		}
		send(t, conn, o, p)
		if o.QoS > 0 {
			answered(t, conn)
		}
	}
	send(t, conn, o, &codec.Publish{Topic: counted, QoS: codec.AtLeastOnce, PacketID: 99})
	answered(t, conn)
}

func send(t *testing.T, conn net.Conn, o order, p codec.Packet) {
	t.Helper()
	if err := (limit{}).send(conn, o.Version, p); err != nil {
		t.Fatal(err)
	}
}

func answered(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := readPacket(conn); err != nil {
		t.Fatal(err)
	}
}

// Goroutines have sequences of their own.
func TestEachGoroutineHasItsSequence(t *testing.T) {
	var s sequence
	for i, c := range []struct {
		goroutine int
		number    uint64
		follows   bool
	}{{0, 0, true}, {3, 0, true}, {0, 1, true}, {3, 2, false}, {3, 3, true}, {1, 1, false}, {0, 2, true}} {
		payload := order{Size: 16}.payload(c.goroutine)
		number(payload, c.number)
		if follows, intact := s.follows(payload); follows != c.follows || !intact {
			t.Errorf("step %d: goroutine %d, number %d: want %t", i, c.goroutine, c.number, c.follows)
		}
	}
	if follows, intact := s.follows(make([]byte, 11)); follows || intact {
		t.Error("a payload without a number follows")
	}
	if follows, intact := s.follows((order{Size: 16}).payload(mostPublishers)); follows || intact {
		t.Error("a goroutine beyond the most follows")
	}
}

// The packets of a ring are those of the order: each topic in its turn, identifiers and sequences that go on round after round.
func TestRing(t *testing.T) {
	for name, o := range map[string]order{
		"QoS 0":      {Version: 4, Size: 64},
		"QoS 1":      {Version: 4, QoS: 1, Size: 5000},
		"QoS 2, 5.0": {Version: 5, QoS: 2, Size: 1000},
		"streams":    {Version: 4, QoS: 1, Size: 9000, Streams: 7},
		"properties": {Version: 5, QoS: 1, Size: 3000, Properties: true},
		"aliases":    {Version: 5, QoS: 1, Size: 3000, Aliases: true},
		"large":      {Version: 4, QoS: 1, Size: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := newRing(o)
			if err != nil {
				t.Fatal(err)
			}
			for want := 0; want < 3*r.count; {
				packets, n := r.next(17)
				if len(packets) != n*r.stride {
					t.Fatalf("%d packets of %d bytes in %d", n, r.stride, len(packets))
				}
				for range n {
					packets = packets[ringed(t, o, packets, want):]
					want++
				}
			}
		})
	}
}

// ringed checks one packet and gives its size.
func ringed(t *testing.T, o order, packets []byte, want int) int {
	t.Helper()
	f, size, err := codec.Next(packets, codec.Dialect{Version: codec.Version(o.Version), From: codec.FromClient}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var p codec.Publish
	if err := p.Decode(f, codec.Dialect{Version: codec.Version(o.Version), From: codec.FromClient}); err != nil {
		t.Fatal(err)
	}
	topics := o.topics()
	topic, id := topics[want%len(topics)], uint16(0)
	if o.QoS > 0 {
		id = identifier(uint64(want + 1))
	}
	if o.Aliases {
		topic = ""
		if int(p.Properties.TopicAlias) != want%len(topics)+1 {
			t.Errorf("packet %d has alias %d", want, p.Properties.TopicAlias)
		}
	}
	if err := follow(p.Payload, o.Size, uint64(want), 0); err != nil || p.Topic != topic || p.PacketID != id {
		t.Fatalf("packet %d: topic %q, identifier %d, %v", want, p.Topic, p.PacketID, err)
	}
	return size
}
