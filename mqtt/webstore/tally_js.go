package webstore

import (
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sealSize = 4

// seal is the CRC-32C of a record. It has the length of the key in it, so that no byte can go from key to value.
func seal(key, value []byte) uint32 {
	sum := crc32.Checksum([]byte{byte(len(key))}, castagnoli)
	return crc32.Update(crc32.Update(sum, castagnoli, key), castagnoli, value)
}

// appendSealed adds a value as the database has it: its seal, and then itself.
func appendSealed(b, key, value []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, seal(key, value)), value...)
}

// unsealed gives the value of a record, if it and its key are what was written.
func unsealed(key, sealed []byte) ([]byte, error) {
	if len(sealed) < sealSize || binary.BigEndian.Uint32(sealed) != seal(key, sealed[sealSize:]) {
		return nil, found("the record with the key %x isn't what was written", key)
	}
	return sealed[sealSize:], nil
}

// tally sums up all records of a store in any order. It tells when a record has gone, or is back in an earlier state, which
// no checksum of the record itself can.
type tally struct{ records, digest uint64 }

func (t *tally) add(share uint64)    { t.records, t.digest = t.records+1, t.digest+share }
func (t *tally) remove(share uint64) { t.records, t.digest = t.records-1, t.digest-share }

// shareOf is what a record gives to the digest: its seal and its length, spread over all bits (the finaliser of SplitMix64)
// for sums of seals to mean something.
func shareOf(sealed []byte) uint64 {
	x := uint64(len(sealed)) | uint64(binary.BigEndian.Uint32(sealed))<<32
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

// match says what is wrong when t is the tally that was written, and there that of what was found.
func (t tally) match(there tally) error {
	switch {
	case t.records != there.records:
		return found("it has %d records, where %d were written", there.records, t.records)
	case t.digest != there.digest:
		return found("its %d records aren't those that were written last", t.records)
	}
	return nil
}
