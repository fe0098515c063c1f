package actor

import (
	"encoding/binary"

	"github.com/sluicemq/sluice/mqtt/codec"
)

// appendFilter makes the record of a filter that is wanted.
func appendFilter(v []byte, f *want) []byte {
	s := &f.sub
	v = append(v, recordVersion, byte(s.QoS), flag(s.NoLocal)|flag(s.RetainAsPublished)<<1|flag(f.held)<<2|flag(f.fleeting)<<3, s.RetainHandling)
	v = binary.BigEndian.AppendUint32(v, s.Identifier)
	v = binary.BigEndian.AppendUint32(v, f.identifier)
	v = appendText(v, s.Filter)
	for _, p := range s.UserProperties {
		v = appendText(appendText(v, p.Key), p.Value)
	}
	return v
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func appendText(v []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(v, uint16(len(s))), s...)
}

// cutText takes a text from the front.
func cutText(v []byte) (s string, rest []byte, ok bool) {
	if len(v) < 2 {
		return "", nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(v))
	if len(v) < n {
		return "", nil, false
	}
	return string(v[2:n]), v[n:], true
}

func (k *Kept) addFilter(order uint64, v []byte) error {
	if len(v) < 11 || v[0] > byte(codec.ExactlyOnce) || v[1]&^15 != 0 || v[2] > 2 {
		return errRecord
	}
	f := &want{order: order, held: v[1]&4 != 0, fleeting: v[1]&8 != 0, identifier: binary.BigEndian.Uint32(v[7:])}
	s := &f.sub
	s.QoS, s.NoLocal, s.RetainAsPublished = codec.QoS(v[0]), v[1]&1 != 0, v[1]&2 != 0
	s.RetainHandling, s.Identifier = v[2], binary.BigEndian.Uint32(v[3:])
	filter, rest, ok := cutText(v[11:])
	for s.Filter = filter; ok && len(rest) > 0; {
		var p codec.UserProperty
		if p.Key, rest, ok = cutText(rest); ok {
			p.Value, rest, ok = cutText(rest)
		}
		s.UserProperties = append(s.UserProperties, p)
	}
	if !ok || codec.CheckTopicFilter(filter) != nil {
		return errRecord
	}
	k.filters = append(k.filters, f)
	return nil
}
