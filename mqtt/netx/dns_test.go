//go:build !js

package netx

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
)

// zone is what a name server in memory knows.
type zone struct {
	hosts    map[string][]string   // addresses
	services map[string][]*net.SRV // under names such as "_mqtt._tcp.example.org"
}

// dialer is a net.Dialer that asks it.
func (z zone) dialer() *net.Dialer { return &net.Dialer{Resolver: z.resolver()} }

func (z zone) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go z.serve(ours)
		return theirs, nil
	}}
}

// serve answers one question over a stream (RFC 1035 §4.2.2).
func (z zone) serve(conn net.Conn) {
	defer conn.Close()
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	asked := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, asked); err != nil {
		return
	}
	labels, end := []string{}, 12 // of the header
	for asked[end] != 0 {
		n := int(asked[end])
		labels = append(labels, string(asked[end+1:end+1+n]))
		end += n + 1
	}
	end += 5 // the root's label, type, class
	answers := z.answers(strings.ToLower(strings.Join(labels, ".")), binary.BigEndian.Uint16(asked[end-4:]))
	said := append([]byte{asked[0], asked[1], 0x81, 0x80, 0, 1, 0, byte(len(answers)), 0, 0, 0, 0}, asked[12:end]...)
	for _, a := range answers {
		said = append(said, a...)
	}
	conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(said))), said...))
}

// answers are the resource records for a name and a type.
func (z zone) answers(name string, kind uint16) (records [][]byte) {
	record := func(data []byte) {
		r := []byte{0xc0, 12, byte(kind >> 8), byte(kind), 0, 1, 0, 0, 0, 60}
		records = append(records, append(binary.BigEndian.AppendUint16(r, uint16(len(data))), data...))
	}
	for _, s := range z.services[name] {
		if kind == 33 {
			record(srvData(s))
		}
	}
	for _, h := range z.hosts[name] {
		ip := netip.MustParseAddr(h)
		if kind == 1 && ip.Is4() || kind == 28 && ip.Is6() {
			record(ip.AsSlice())
		}
	}
	return records
}

func srvData(s *net.SRV) []byte {
	data := binary.BigEndian.AppendUint16(nil, s.Priority)
	data = binary.BigEndian.AppendUint16(data, s.Weight)
	data = binary.BigEndian.AppendUint16(data, s.Port)
	for label := range strings.SplitSeq(strings.TrimSuffix(s.Target, "."), ".") {
		if label != "" {
			data = append(append(data, byte(len(label))), label...)
		}
	}
	return append(data, 0)
}
