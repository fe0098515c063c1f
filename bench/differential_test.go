package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/sluicemq/sluice/mqtt/codec"
)

// Two codecs that were written apart agree on random packets: what ours writes theirs reads as it was meant, and the other
// way round. Theirs is mochi's, the one in Go that has every packet of every version in both directions.

// deviation is where theirs is known to read or write something else than it was given.
type deviation struct {
	packet codec.Type
	path   string                           // of the field, as differences gives it
	when   func(codec.Packet, version) bool // not on other packets
	why    string
}

type version = codec.Version

// misread is what theirs decodes wrongly.
var misread = []deviation{
	{
		codec.TypeDisconnect, "ReasonCode",
		func(p codec.Packet, v version) bool { return v == codec.V5 && p.(*codec.Disconnect).Properties == nil },
		"a DISCONNECT of one byte has a reason code and no property length (§3.14.2.2.1); theirs wants two bytes before it looks",
	},
}

// miswritten is what theirs encodes wrongly.
var miswritten = []deviation{
	{codec.TypePubAck, "Code", unheeded, noSuccess},
	{codec.TypePubRec, "Code", unheeded, noSuccess},
	{codec.TypePublish, "Properties.MessageExpiryInterval", expiresAtOnce, noZero},
	{codec.TypeConnect, "Will.Properties.MessageExpiryInterval", expiresAtOnce, noZero},
}

const (
	noSuccess = "a success other than 0x00 needs its byte (§3.4.2.1); theirs sends it only with properties"
	noZero    = "an interval of 0 differs from none (§3.3.2.3.3); theirs has no way to say it"
)

func unheeded(p codec.Packet, v version) bool {
	switch p := p.(type) {
	case *codec.PubAck:
		return p.Code == codec.NoMatchingSubscribers && p.Properties == nil
	case *codec.PubRec:
		return p.Code == codec.NoMatchingSubscribers && p.Properties == nil
	}
	return false
}

func expiresAtOnce(p codec.Packet, v version) bool {
	switch p := p.(type) {
	case *codec.Publish:
		return p.Properties.MessageExpiryInterval != nil && *p.Properties.MessageExpiryInterval == 0
	case *codec.Connect:
		return p.Will.Properties.MessageExpiryInterval != nil && *p.Will.Properties.MessageExpiryInterval == 0
	}
	return false
}

// excuses takes the known deviations out of what differs, and counts in seen how often each was needed.
func excuses(known []deviation, seen map[string]int, p codec.Packet, v version, differs []difference) (left []difference) {
	for _, d := range differs {
		excused := false
		for _, k := range known {
			if k.packet == p.Type() && k.path == d.path && k.when(p, v) {
				seen[k.packet.String()+" "+k.path]++
				excused = true
			}
		}
		if !excused {
			left = append(left, d)
		}
	}
	return left
}

// needed fails for a deviation that theirs doesn't have any more.
func needed(t *testing.T, known []deviation, seen map[string]int) {
	t.Helper()
	for _, k := range known {
		if seen[k.packet.String()+" "+k.path] == 0 {
			t.Errorf("no packet showed the deviation of %v %s: %s", k.packet, k.path, k.why)
		}
	}
}

const packetsOfEachType = 500

// everyPacket calls try for random packets of every type on every version, the same ones in each run.
func everyPacket(t *testing.T, try func(*testing.T, codec.Packet, codec.Dialect)) {
	for _, v := range []version{codec.V31, codec.V311, codec.V5} {
		for kind := codec.TypeConnect; kind <= codec.TypeAuth; kind++ {
			if kind == codec.TypeAuth && v != codec.V5 {
				continue
			}
			t.Run(fmt.Sprintf("%v/%v", v, kind), func(t *testing.T) {
				g := generator{rand.New(rand.NewPCG(uint64(v), uint64(kind))), codec.Dialect{Version: v}}
				for range packetsOfEachType {
					p := g.packet(kind)
					try(t, p, g.Dialect)
					if t.Failed() {
						return
					}
				}
			})
		}
	}
}

func TestTheirsReadsWhatOursWrites(t *testing.T) {
	seen := map[string]int{}
	everyPacket(t, func(t *testing.T, p codec.Packet, d codec.Dialect) {
		wire, err := p.Append(nil, d.Version)
		if err != nil {
			t.Fatalf("ours doesn't write %+v: %v", p, err)
		}
		got, err := theirsDecodes(wire, d.Version)
		if err != nil {
			t.Fatalf("theirs doesn't read % x, ours for %+v: %v", wire, p, err)
		}
		want := theirs(p, d.Version)
		got.FixedHeader.Remaining, got.ProtocolVersion = 0, want.ProtocolVersion
		for _, differs := range excuses(misread, seen, p, d.Version, differences(want, got)) {
			t.Errorf("theirs reads % x differently: %v", wire, differs)
		}
	})
	needed(t, misread, seen)
}

func TestOursReadsWhatTheirsWrites(t *testing.T) {
	seen := map[string]int{}
	everyPacket(t, func(t *testing.T, p codec.Packet, d codec.Dialect) {
		packet := theirs(p, d.Version)
		wire, err := theirsEncodes(&packet)
		if err != nil {
			t.Fatalf("theirs doesn't write %+v: %v", packet, err)
		}
		got, err := oursDecodes(wire, d)
		if err != nil {
			t.Fatalf("ours doesn't read % x, theirs for %+v: %v", wire, p, err)
		}
		for _, differs := range excuses(miswritten, seen, p, d.Version, differences(p, got)) {
			t.Errorf("ours reads % x differently: %v", wire, differs)
		}
	})
	needed(t, miswritten, seen)
}

// oursDecodes reads the one packet that wire holds.
func oursDecodes(wire []byte, d codec.Dialect) (codec.Packet, error) {
	f, size, err := codec.Next(wire, d, 0)
	if err != nil {
		return nil, err
	}
	if size != len(wire) {
		return nil, fmt.Errorf("a packet of %d bytes in %d", size, len(wire))
	}
	return codec.Decode(f, d)
}

// theirsDecodes reads the one packet that wire holds.
func theirsDecodes(wire []byte, v version) (p packets.Packet, err error) {
	p.ProtocolVersion = byte(v)
	if err := p.FixedHeader.Decode(wire[0]); err != nil {
		return p, err
	}
	length, size, err := packets.DecodeLength(bytes.NewReader(wire[1:]))
	if err != nil {
		return p, err
	}
	body := wire[1+size:]
	if length != len(body) {
		return p, fmt.Errorf("%d bytes of a packet of %d", len(body), length)
	}
	p.FixedHeader.Remaining = length
	return p, theirCalls[codec.Type(p.FixedHeader.Type)].decode(&p, body)
}

// theirsEncodes writes p.
func theirsEncodes(p *packets.Packet) ([]byte, error) {
	var b bytes.Buffer
	p.Mods.AllowResponseInfo = true // else it leaves out what is for requests
	err := theirCalls[codec.Type(p.FixedHeader.Type)].encode(p, &b)
	return b.Bytes(), err
}
