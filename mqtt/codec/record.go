package codec

import (
	"encoding/binary"
	"errors"
	"slices"
)

// AppendRecord appends p in a form for keeping: like p itself it is neutral of the version. p has been set.
func (p *Prepared) AppendRecord(dst []byte) []byte {
	flags := byte(p.qos)
	if p.retain {
		flags |= 4
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(p.props))
	dst = binary.AppendUvarint(dst, uint64(p.payload))
	return append(dst, p.buf...)
}

var errRecord = errors.New("not a message that was kept")

// SetRecord sets p to what AppendRecord gave, of which it keeps a copy. The whole is checked as a packet from the network
// is: a record that was damaged is an error, and p is then empty.
func (p *Prepared) SetRecord(record []byte) error {
	p.Reset()
	if len(record) == 0 || record[0]&^7 != 0 {
		return errRecord
	}
	flags, rest := record[0], record[1:]
	var at [2]uint64
	for i := range at {
		n, size := binary.Uvarint(rest)
		if size <= 0 {
			return errRecord
		}
		at[i], rest = n, rest[size:]
	}
	if len(rest) < 2 || at[0] > at[1] || at[1] > uint64(len(rest)) || at[0] != 2+uint64(binary.BigEndian.Uint16(rest)) {
		return errRecord
	}
	p.buf = append(p.buf[:0], rest...)
	p.props, p.payload, p.qos, p.retain = int(at[0]), int(at[1]), QoS(flags&3), flags&4 != 0
	if err := p.verify(); err != nil {
		p.Reset()
		return err
	}
	return nil
}

// verify reads p back as a client's PUBLISH.
func (p *Prepared) verify() error {
	if p.qos > ExactlyOnce || p.props == 2 || len(p.buf) > maxRemaining-maxSendingSize {
		return errRecord
	}
	d := Dialect{Version: V5, From: FromClient}
	f, size, err := Next(p.Append(nil, &Sending{Version: V5, PacketID: 1}), d, 0)
	if err != nil {
		return err
	}
	var m Publish
	if err := m.Decode(f, d); err != nil {
		return err
	}
	if m.Topic != string(p.Topic()) || !slices.Equal(m.Payload, p.Payload()) || size == 0 {
		return errRecord
	}
	return nil
}
