package boltstore

import (
	"encoding/binary"
	"hash/crc32"
)

// tally sums up all records of a store in any order, so that a write changes it without reading the others. It tells when
// a record has gone, or is back in an earlier state, which no checksum of the record itself can.
type tally struct{ records, digest uint64 }

// add counts a record in, by its sealed value.
func (t *tally) add(sealed []byte) {
	t.records++
	t.digest += share(sealed)
}

// remove counts it out.
func (t *tally) remove(sealed []byte) {
	t.records--
	t.digest -= share(sealed)
}

// share is what a record gives to the digest: its seal and its length, spread over all bits (the finaliser of SplitMix64)
// for sums of seals to mean something.
func share(sealed []byte) uint64 {
	x := uint64(len(sealed))
	if len(sealed) >= sealSize {
		x |= uint64(binary.BigEndian.Uint32(sealed)) << 32
	}
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

const tallySize = 8 + 8 + 4

func (t tally) encode() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, tallySize), t.records)
	b = binary.BigEndian.AppendUint64(b, t.digest)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeTally(b []byte) (tally, error) {
	if len(b) != tallySize || binary.BigEndian.Uint32(b[16:]) != crc32.Checksum(b[:16], castagnoli) {
		return tally{}, found("the tally of its records isn't what was written")
	}
	return tally{records: binary.BigEndian.Uint64(b), digest: binary.BigEndian.Uint64(b[8:])}, nil
}

// match says what is wrong when t is the tally that was written, and other that of what was found.
func (t tally) match(other tally) error {
	switch {
	case t.records != other.records:
		return found("it has %d records, where %d were written", other.records, t.records)
	case t.digest != other.digest:
		return found("its %d records aren't those that were written last", t.records)
	}
	return nil
}
