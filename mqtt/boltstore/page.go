package boltstore

import "encoding/binary"

// What bbolt's pages have in their headers, which are as long as the elements behind them.
const (
	headerSize  = 16
	elementSize = 16

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
)

// page is a page of bbolt with its overflow pages behind it. Its numbers are in the order of the machine's bytes.
type page struct {
	id       uint64
	flags    uint16
	count    int
	overflow uint64
	data     []byte // with the header
}

func parsePage(data []byte) page {
	return page{
		id:       binary.NativeEndian.Uint64(data),
		flags:    binary.NativeEndian.Uint16(data[8:]),
		count:    int(binary.NativeEndian.Uint16(data[10:])),
		overflow: uint64(binary.NativeEndian.Uint32(data[12:])),
		data:     data,
	}
}

// element says where an entry is. A branch's has position, size of the key and page; a leaf's has flags, position, size of
// the key and size of the value. Positions count from the element.
func (p page) element(n int) []byte { return p.data[headerSize+n*elementSize:][:elementSize] }

func (p page) key(n int) ([]byte, bool) {
	if headerSize+(n+1)*elementSize > len(p.data) {
		return nil, false
	}
	where := p.element(n)
	if p.flags == leafPage {
		where = where[4:]
	}
	return p.part(n, uint64(binary.NativeEndian.Uint32(where)), uint64(binary.NativeEndian.Uint32(where[4:])))
}

// value is that of a leaf's entry whose key was read.
func (p page) value(n int) ([]byte, bool) {
	where := p.element(n)[4:]
	behindKey := uint64(binary.NativeEndian.Uint32(where)) + uint64(binary.NativeEndian.Uint32(where[4:]))
	return p.part(n, behindKey, uint64(binary.NativeEndian.Uint32(where[8:])))
}

// part is what lies at a distance from element n.
func (p page) part(n int, distance, size uint64) ([]byte, bool) {
	from := uint64(headerSize+n*elementSize) + distance
	if from+size > uint64(len(p.data)) {
		return nil, false
	}
	return p.data[from:][:size:size], true
}
