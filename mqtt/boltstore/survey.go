package boltstore

import (
	"encoding/binary"
	"io"
)

// Names of the buckets and of the keys in the first.
const (
	aboutBucket   = "about"
	recordsBucket = "records"

	versionKey = "version"
	tallyKey   = "tally"
)

// survey is what a file turned out to have.
type survey struct {
	buckets map[string][]byte // what the root says of each
	about   map[string][]byte
	records tally // of a file of the current version
}

// takeSurvey reads all of a file, and demands that it is what was last written. Only of the records of an older version it sees
// no more than the pages: what they should be is for the migration to know.
func takeSurvey(file io.ReaderAt, size int64, s schema) (version uint32, err error) {
	i, err := openImage(file, size)
	if err != nil {
		return 0, err
	}
	v := &survey{buckets: map[string][]byte{}, about: map[string][]byte{}}
	if err := i.walk(i.meta.root, span{}, v.bucket); err != nil {
		return 0, err
	}
	if err := i.bucket(v.buckets[aboutBucket], v.fact); err != nil {
		return 0, err
	}
	version, err = decodeVersion(v.about[versionKey])
	if err != nil {
		return 0, err
	}
	if version > s.version {
		return 0, &VersionError{Found: version, Known: s.version}
	}
	return version, v.contents(i, version == s.version)
}

// contents reads the records.
func (v *survey) contents(i *image, current bool) error {
	visit := v.record
	if !current {
		visit = func(entry) error { return nil }
	}
	if err := i.bucket(v.buckets[recordsBucket], visit); err != nil {
		return err
	}
	if err := i.free(); err != nil || !current {
		return err
	}
	written, err := decodeTally(v.about[tallyKey])
	if err != nil {
		return err
	}
	return written.match(v.records)
}

func (v *survey) bucket(e entry) error {
	if name := string(e.key); !e.bucket || name != aboutBucket && name != recordsBucket {
		return found("it has %q, which no store has", name)
	}
	v.buckets[string(e.key)] = e.value
	return nil
}

func (v *survey) fact(e entry) error {
	v.about[string(e.key)] = e.value
	return nil
}

func (v *survey) record(e entry) error {
	if e.bucket {
		return found("there is a bucket among its records")
	}
	if _, err := unsealed(e.key, e.value); err != nil {
		return err
	}
	v.records.add(e.value)
	return nil
}

// bucket walks through one, by what the root says of it: its page and a number that we don't use, and when the page is 0, its
// only page right behind.
func (i *image) bucket(place []byte, visit func(entry) error) error {
	if len(place) < 16 {
		return found("it lacks what every store has: another program's bbolt file, or a part of this one is lost")
	}
	if id := binary.NativeEndian.Uint64(place); id != 0 {
		return i.walk(id, span{}, visit)
	}
	if len(place) < 16+headerSize {
		return found("a bucket has no page")
	}
	return walkLeaf(parsePage(place[16:]), span{}, visit)
}
