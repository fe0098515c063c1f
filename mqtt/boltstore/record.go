package boltstore

import (
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sealSize = 4

// appendSealed adds a value as the file has it: the CRC-32C of key and value, then the value.
func appendSealed(b, key, value []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, seal(key, value)), value...)
}

// seal has the length of the key in it, so that no byte can go from key to value.
func seal(key, value []byte) uint32 {
	sum := crc32.Checksum([]byte{byte(len(key))}, castagnoli)
	return crc32.Update(crc32.Update(sum, castagnoli, key), castagnoli, value)
}

// unsealed gives the value of a record, if it and its key are what was written.
func unsealed(key, sealed []byte) ([]byte, error) {
	if len(sealed) < sealSize || binary.BigEndian.Uint32(sealed) != seal(key, sealed[sealSize:]) {
		return nil, found("the record with the key %x isn't what was written", key)
	}
	return sealed[sealSize:], nil
}
