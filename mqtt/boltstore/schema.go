package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"go.etcd.io/bbolt"
)

// schema is a version of what the buckets contain, and the way there: the step of a version leads to the next one. A step
// checks what it reads, as the version that it comes from has it, and leaves everything but the version itself.
type schema struct {
	version uint32
	steps   map[uint32]func(*bbolt.Tx) error
}

// current: records are sealed, and the tally is theirs.
var current = schema{version: 1}

// begin makes a new file a store.
func (s schema) begin(tx *bbolt.Tx) error {
	about, err := tx.CreateBucket([]byte(aboutBucket))
	if err != nil {
		return err
	}
	if _, err := tx.CreateBucket([]byte(recordsBucket)); err != nil {
		return err
	}
	if err := about.Put([]byte(tallyKey), tally{}.encode()); err != nil {
		return err
	}
	return about.Put([]byte(versionKey), encodeVersion(s.version))
}

// migrate leads a file from an older version to this one, all the way or not at all.
func (s schema) migrate(tx *bbolt.Tx) error {
	about := tx.Bucket([]byte(aboutBucket))
	from, err := decodeVersion(about.Get([]byte(versionKey))) // another process may have been faster
	for v := from; err == nil && v < s.version; v++ {
		if step, known := s.steps[v]; known {
			err = step(tx)
		} else {
			err = errors.New("nobody knows how")
		}
		if err != nil {
			err = fmt.Errorf("from version %d of the format to version %d: %w", v, v+1, err)
		}
	}
	if err != nil {
		return err
	}
	return about.Put([]byte(versionKey), encodeVersion(s.version))
}

// A version has a checksum, so that damage isn't taken for a newer one. This stays as it is in all versions.
func encodeVersion(version uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, version)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeVersion(b []byte) (uint32, error) {
	if len(b) != 8 || binary.BigEndian.Uint32(b[4:]) != crc32.Checksum(b[:4], castagnoli) {
		return 0, found("the version of its format isn't what was written")
	}
	return binary.BigEndian.Uint32(b), nil
}
