package boltstore

import (
	"encoding/binary"
	"hash/fnv"
	"io"
)

// meta is where a state of the file begins. A bbolt file has the last two, in its first pages by turns.
type meta struct {
	root, freelist uint64 // pages
	pages          uint64 // how many the state may use
	transaction    uint64
}

// What bbolt's meta pages have.
const (
	metaSize  = 64
	metaMagic = 0xED0CDAED
	metaBolt  = 2 // bbolt's own version
)

// newestMeta wants both metas: when one is broken, bbolt takes the other, and with it the state before the last write when
// the broken one was the newer. It fits in a sector, so that no crash tears it.
func newestMeta(file io.ReaderAt) (meta, error) {
	even, errEven := readMeta(file, 0)
	odd, errOdd := readMeta(file, 1)
	switch {
	case errEven != nil:
		return meta{}, errEven
	case errOdd != nil:
		return meta{}, errOdd
	}
	if even.transaction%2 != 0 || even.transaction != odd.transaction+1 && odd.transaction != even.transaction+1 {
		return meta{}, found("its two states are those of transactions %d and %d, which don't follow each other", even.transaction, odd.transaction)
	}
	if odd.transaction > even.transaction {
		return odd, nil
	}
	return even, nil
}

func readMeta(file io.ReaderAt, number int64) (meta, error) {
	b := make([]byte, metaSize)
	if _, err := file.ReadAt(b, number*pageSize+headerSize); err == io.EOF {
		return meta{}, found("it ends within page %d", number)
	} else if err != nil {
		return meta{}, err
	}
	sum := fnv.New64a()
	sum.Write(b[:56])
	switch native := binary.NativeEndian; {
	case native.Uint32(b) != metaMagic || native.Uint64(b[56:]) != sum.Sum64():
		return meta{}, found("page %d isn't what was written", number)
	case native.Uint32(b[4:]) != metaBolt || native.Uint32(b[8:]) != pageSize:
		return meta{}, found("page %d is of bbolt's version %d with pages of %d bytes, where a store has %d and %d", number, native.Uint32(b[4:]), native.Uint32(b[8:]), metaBolt, pageSize)
	default:
		return meta{
			root: native.Uint64(b[16:]), freelist: native.Uint64(b[32:]),
			pages: native.Uint64(b[40:]), transaction: native.Uint64(b[48:]),
		}, nil
	}
}
